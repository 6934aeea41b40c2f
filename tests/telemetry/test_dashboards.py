"""The Grafana dashboard, against Grafana's schema and linter, a PromQL parser and the instruments."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft7Validator

from linktime.telemetry.instruments import INSTRUMENTS
from tests.support.promql import LABELS, RESOURCE, SERIES, VALUES, selected

ROOT: Final = Path(__file__).parents[2]
README: Final = (ROOT / "dashboards" / "README.md").read_text(encoding="utf-8")
DASHBOARD: Final = json.loads((ROOT / "dashboards/grafana/dashboards/linktime-mcp.json").read_text(encoding="utf-8"))
SCHEMA: Final = json.loads((ROOT / "tests/grafana/dashboard.schema.json").read_text(encoding="utf-8"))
PANELS: Final = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
TARGETS: Final = [(panel, target) for panel in PANELS for target in panel["targets"]]
UNITS: Final = {"none", "opm", "percentunit", "reqpm", "s", "short"}  # as @grafana/data names them

each_panel = pytest.mark.parametrize("panel", [pytest.param(panel, id=panel["title"]) for panel in PANELS])
each_target = pytest.mark.parametrize(
    ("panel", "target"), [pytest.param(*each, id=f"{each[0]['title']}-{each[1]['refId']}") for each in TARGETS]
)


def groups(target: dict[str, Any]) -> frozenset[str]:
    return frozenset().union(*(each.groups for each in selected(target["expr"])))


def cells(panel: dict[str, Any]) -> Iterator[tuple[int, int]]:
    place = panel["gridPos"]
    return (
        (x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])
    )


def test_grafana_can_read_the_dashboard() -> None:
    assert [fault.message for fault in Draft7Validator(SCHEMA).iter_errors(DASHBOARD)] == []


def test_panels_fill_the_grid_without_gap_or_overlap() -> None:
    taken = Counter(cell for panel in DASHBOARD["panels"] for cell in cells(panel))
    height = max(y for _, y in taken) + 1

    assert taken == Counter((x, y) for x in range(24) for y in range(height))


def test_panels_stand_in_reading_order_with_ids_of_their_own() -> None:
    places = [(panel["gridPos"]["y"], panel["gridPos"]["x"]) for panel in DASHBOARD["panels"]]
    ids = [panel["id"] for panel in DASHBOARD["panels"]]

    assert places == sorted(places)
    assert len(ids) == len(set(ids))


@each_panel
def test_a_panel_has_a_title_a_question_and_a_unit(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert "?" in panel["description"]
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS


@each_panel
def test_a_panel_asks_the_chosen_data_source(panel: dict[str, Any]) -> None:
    sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]

    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)


@each_target
def test_expression_queries_metrics_of_the_program(panel: dict[str, Any], target: dict[str, Any]) -> None:
    selectors = selected(target["expr"])

    assert selectors
    assert {each.metric for each in selectors} <= SERIES.keys()
    assert [
        (each.metric, each.labels - LABELS[each.metric]) for each in selectors if each.labels - LABELS[each.metric]
    ] == []


@each_target
def test_an_expression_matches_values_that_exist(panel: dict[str, Any], target: dict[str, Any]) -> None:
    matched = [
        (VALUES[each.metric][label], set(value.split("|")) - {""})
        for each in selected(target["expr"])
        for label, value in each.matchers.items()
        if label in VALUES[each.metric]
    ]

    assert [values - known for known, values in matched if values - known] == []


@each_panel
def test_a_colour_is_for_a_series_that_can_exist(panel: dict[str, Any]) -> None:
    known = [
        (target["legendFormat"], VALUES[each.metric])
        for target in panel["targets"]
        for each in selected(target["expr"])
    ]
    legends = {
        legend.replace(f"{{{{{label}}}}}", value)
        for legend, values in known
        for label in values
        for value in values[label]
    } | {target["legendFormat"] for target in panel["targets"]}

    assert {override["matcher"]["options"] for override in panel["fieldConfig"]["overrides"]} <= legends


@each_target
def test_an_expression_keeps_to_the_chosen_sessions(panel: dict[str, Any], target: dict[str, Any]) -> None:
    assert all(each.matchers.keys() >= RESOURCE for each in selected(target["expr"]))
    assert target["expr"].count('{job=~"$job", instance=~"$instance"') == len(selected(target["expr"]))


@each_target
def test_rates_use_the_interval_that_grafana_chooses(panel: dict[str, Any], target: dict[str, Any]) -> None:
    windows = re.findall(r"(\w+)\([^()]*\[(.*?)\]", target["expr"])

    assert all(
        window == ("$__range" if function == "max_over_time" else "$__rate_interval") for function, window in windows
    )
    assert target.get("instant", False) == ("$__range" in target["expr"] or panel["type"] == "stat")


@each_target
def test_a_legend_names_labels_that_the_series_keep(panel: dict[str, Any], target: dict[str, Any]) -> None:
    links = [link["url"] for link in panel["fieldConfig"]["defaults"].get("links", [])]
    named = re.findall(r"{{(\w+)}}", target["legendFormat"]) + re.findall(r"\$\{__field\.labels\.(\w+)}", str(links))

    assert set(named) <= groups(target)


def test_a_duration_leads_to_its_trace() -> None:
    durations = [
        target for panel, target in TARGETS if panel["title"].startswith("Duration") and "0.95" in target["expr"]
    ]

    assert len(durations) == 4
    assert all(target["exemplar"] for target in durations)


def test_every_instrument_is_on_a_panel() -> None:
    plotted = {SERIES[each.metric].name for _, target in TARGETS for each in selected(target["expr"])}

    assert plotted == {row.name for row in INSTRUMENTS}


def test_variables_are_declared_and_used() -> None:
    declared = [variable["name"] for variable in DASHBOARD["templating"]["list"]]
    used = set(re.findall(r"\$\{?(?!_)(\w+)", json.dumps(DASHBOARD)))

    assert declared == ["datasource", "job", "instance", "jaeger"]
    assert used == set(declared)


def test_variables_are_filled_from_an_instrument() -> None:
    queries = {
        variable["name"]: re.fullmatch(r"label_values\((\w+).*, (\w+)\)", variable["query"]["query"])
        for variable in DASHBOARD["templating"]["list"]
        if variable["type"] == "query"
    }

    assert {name: query and query.groups() for name, query in queries.items()} == {
        "job": ("linktime_queue_depth", "job"),
        "instance": ("linktime_queue_depth", "instance"),
    }
    assert "linktime_queue_depth" in SERIES


def test_the_readme_tells_which_question_each_panel_answers() -> None:
    table = README.split("| panel | question |\n| --- | --- |\n", 1)[1].split("\n\n", 1)[0]

    assert table.splitlines() == [f"| {panel['title']} | {panel['description'].split('?')[0]}? |" for panel in PANELS]
