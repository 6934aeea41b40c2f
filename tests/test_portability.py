"""The other systems: their jobs in the workflow, and code that they can import."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
TEXTS = {
    file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8")
    for folder in ("linktime", "tests")
    for file in sorted((ROOT / folder).rglob("*.py"))
}
POSIX_IMPORT = re.compile(
    r"^(?:import|from) (crypt|fcntl|grp|posix|pty|pwd|resource|syslog|termios|tty)\b", re.MULTILINE
)
PROGRAM = re.compile(r'"{3}.*?"{3}', re.DOTALL)
COMPARISON = re.compile(r"\b(sys\.platform|os\.name)\b *(?:[=!]=|in\b|not in\b|\.startswith)")
# The first chooses the words of a text. The second is about the descriptors of this very process.
MAY_COMPARE = {"linktime/sandbox/server.py", "linktime/protocol/stdio/descriptors.py"}


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    return loaded


def test_nothing_imports_what_windows_lacks() -> None:
    """A function may import it, because a marked test runs on POSIX only. So may a program in a string."""
    codes = {path: PROGRAM.sub("", text) for path, text in TEXTS.items()}

    assert {path: names for path, code in codes.items() if (names := POSIX_IMPORT.findall(code))} == {}


def test_platform_is_an_argument() -> None:
    """A branch for Windows that asks for the running system cannot run in a test elsewhere."""
    comparing = {path for path, text in TEXTS.items() if path.startswith("linktime/") and COMPARISON.search(text)}

    assert comparing <= MAY_COMPARE


def test_workflow_runs_every_python_of_the_classifiers(workflow: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = [text for each in project["classifiers"] if re.fullmatch(r"3\.\d+", text := each.split(" :: ")[-1])]

    assert versions
    assert project["requires-python"] == f">={versions[0]}"
    assert {name: job["strategy"]["matrix"]["python"] for name, job in workflow["jobs"].items()} == dict.fromkeys(
        workflow["jobs"], versions
    )


def test_workflow_runs_everything_once_and_the_rest_on_windows_and_macos(workflow: dict[str, Any]) -> None:
    everything, portable = workflow["jobs"]["everything"], workflow["jobs"]["portable"]
    commands = [step["run"] for step in portable["steps"] if "pytest" in step.get("run", "")]
    [odd] = portable["strategy"]["matrix"]["include"]

    assert everything["runs-on"].startswith("ubuntu-")
    assert any(".ci/run" in step.get("run", "") for step in everything["steps"])
    assert portable["strategy"]["matrix"]["os"] == ["windows-latest", "macos-latest"]
    assert len(commands) == 2
    assert all('pytest -m "not posix"' in command for command in commands)
    assert odd["os"] == "windows-latest"
    assert " " in odd["home"]
    assert not odd["home"].isascii()


def test_workflow_is_pinned_bounded_and_reads_only(workflow: dict[str, Any]) -> None:
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    uses = re.findall(r"uses: (.*)", text)

    assert uses
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each) for each in uses)
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["group"]
    assert all(job["timeout-minutes"] <= 60 and "permissions" not in job for job in workflow["jobs"].values())
    checkouts = [
        step for job in workflow["jobs"].values() for step in job["steps"] if "checkout" in step.get("uses", "")
    ]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)
