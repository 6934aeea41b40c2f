"""The alert rules, against the instruments, their own unit tests and promtool if it is installed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.support.programs import program
from tests.support.promql import LABELS, VALUES, selected

pytestmark = pytest.mark.posix  # runs promtool

DASHBOARDS: Final = Path(__file__).parents[2] / "dashboards"
RULES: Final = [
    rule
    for group in yaml.safe_load((DASHBOARDS / "prometheus" / "rules.yaml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]

each_rule = pytest.mark.parametrize("rule", [pytest.param(rule, id=rule["alert"]) for rule in RULES])


@each_rule
def test_alert_queries_metrics_of_the_program(rule: dict[str, Any]) -> None:
    selectors = selected(rule["expr"])

    assert [each.metric for each in selectors if not each.labels <= LABELS[each.metric]] == []
    assert all("job" in each.groups for each in selectors)
    assert all(
        set(value.split("|")) - {""} <= VALUES[each.metric].get(label, {value})
        for each in selectors
        for label, value in each.matchers.items()
    )


@each_rule
def test_alert_has_a_severity_and_a_remedy(rule: dict[str, Any]) -> None:
    assert rule["labels"].keys() == {"severity"}
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert rule["annotations"].keys() == {"summary", "description"}


def test_the_readme_lists_every_alert() -> None:
    readme = (DASHBOARDS / "README.md").read_text(encoding="utf-8")

    assert re.findall(r"^\| (LinkTime\w+) \|", readme, re.MULTILINE) == [rule["alert"] for rule in RULES]


@each_rule
def test_an_alert_is_tested_firing_and_silent(rule: dict[str, Any]) -> None:
    tests = yaml.safe_load((DASHBOARDS / "prometheus" / "rules_test.yaml").read_text(encoding="utf-8"))["tests"]
    expected = [
        bool(case["exp_alerts"])
        for test in tests
        for case in test["alert_rule_test"]
        if case["alertname"] == rule["alert"]
    ]

    assert set(expected) == {True, False}


@pytest.mark.parametrize(
    "command", ["check config prometheus.yaml", "check rules rules.yaml", "test rules rules_test.yaml"]
)
def test_promtool_finds_no_fault(command: str) -> None:
    ended = subprocess.run(
        [program("promtool"), *command.split()],
        cwd=DASHBOARDS / "prometheus",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
