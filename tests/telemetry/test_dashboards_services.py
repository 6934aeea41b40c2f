"""The settings of Compose, Jaeger, Prometheus and Grafana, against each other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import yaml

from tests.support.promql import LABELS, selected

DASHBOARDS: Final = (Path(__file__).parents[2] / "dashboards").resolve()
PROVISIONING: Final = DASHBOARDS / "grafana" / "provisioning"
README: Final = (DASHBOARDS / "README.md").read_text(encoding="utf-8")


def loaded(path: Path) -> dict[str, Any]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


COMPOSE: Final = loaded(DASHBOARDS / "compose.yaml")
SERVICES: Final[dict[str, dict[str, Any]]] = COMPOSE["services"]
JAEGER: Final = loaded(DASHBOARDS / "jaeger.yaml")
PIPELINES: Final = JAEGER["service"]["pipelines"]
SOURCES: Final = {
    source["uid"]: source for source in loaded(PROVISIONING / "datasources" / "linktime-mcp.yaml")["datasources"]
}
DASHBOARD: Final = json.loads((DASHBOARDS / "grafana/dashboards/linktime-mcp.json").read_text(encoding="utf-8"))


def ports(service: str) -> dict[str, str]:
    return dict(reversed(published.split(":")[1:]) for published in SERVICES[service]["ports"])


def strings(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from strings(each)
    elif isinstance(value, str):
        yield value


def mounted(service: str, inside: str) -> Path:
    for volume in SERVICES[service]["volumes"]:
        outside, target = str(volume).split(":")[:2]
        if outside.startswith("./") and Path(inside).is_relative_to(target):
            return DASHBOARDS / outside / Path(inside).relative_to(target)
    pytest.fail(f"{service} has no file {inside}")


def test_every_image_has_a_version() -> None:
    assert {name for name, service in SERVICES.items() if re.search(r":v?\d+\.\d+\.\d+$", service["image"])} == {
        "jaeger",
        "prometheus",
        "grafana",
    }


def test_every_port_is_this_machines_own() -> None:
    published = [port for service in SERVICES.values() for port in service["ports"]]
    outside = [port.split(":")[1] for port in published]

    assert all(port.startswith("127.0.0.1:") for port in published)
    assert len(outside) == len(set(outside))


def test_compose_names_only_existing_files() -> None:
    sources = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])]
    needed = {name for service in SERVICES.values() for name in service.get("depends_on", [])}

    assert all((DASHBOARDS / source).exists() for source in sources if source.startswith("./"))
    assert {source for source in sources if not source.startswith("./")} == COMPOSE["volumes"].keys()
    assert needed <= SERVICES.keys()


def test_every_program_finds_its_files() -> None:
    (provider,) = loaded(PROVISIONING / "dashboards" / "linktime-mcp.yaml")["providers"]
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    flags = [flag.split("=") for name in ("jaeger", "prometheus") for flag in SERVICES[name]["command"]]
    configs = dict(zip(("jaeger", "prometheus"), [flag[1] for flag in flags if "config" in flag[0]], strict=True))

    assert {name: mounted(name, path).resolve() for name, path in configs.items()} == {
        "jaeger": DASHBOARDS / "jaeger.yaml",
        "prometheus": DASHBOARDS / "prometheus" / "prometheus.yaml",
    }
    assert mounted("grafana", "/etc/grafana/provisioning").resolve() == PROVISIONING
    assert mounted("grafana", provider["options"]["path"]) == mounted("grafana", home).parent
    assert mounted("grafana", home).is_file()


def test_every_address_between_the_services_leads_to_one() -> None:
    files = [*DASHBOARDS.rglob("*.yaml")]
    urls = [urlsplit(text) for path in files for text in strings(loaded(path)) if text.startswith("http://")]

    assert len(urls) == 4
    assert all(str(url.port) in ports(str(url.hostname)) for url in urls)


def test_every_address_of_the_documentation_is_published() -> None:
    outside = {port for name in SERVICES for port in ports(name).values()}
    named = set(re.findall(r"localhost:(\d+)", README + json.dumps(DASHBOARD)))

    assert named == {"3000", "4318", "9090", "16686"}
    assert named <= outside


def test_jaeger_listens_where_compose_says() -> None:
    protocols = JAEGER["receivers"]["otlp"]["protocols"].values()

    assert {protocol["endpoint"] for protocol in protocols} | {"0.0.0.0:16686"} == {
        f"0.0.0.0:{port}" for port in ports("jaeger")
    }


def test_pipeline_parts_are_declared_and_used() -> None:
    used = {kind: {name for each in PIPELINES.values() for name in each[kind]} for kind in PIPELINES["traces"]}
    declared = {kind: set(JAEGER[kind]) for kind in used}
    connectors = set(JAEGER["connectors"])

    assert used["receivers"] == declared["receivers"] | connectors
    assert used["processors"] == declared["processors"]
    assert used["exporters"] == declared["exporters"] | connectors
    assert set(JAEGER["service"]["extensions"]) == set(JAEGER["extensions"])


def test_monitor_tab_reads_the_span_metrics() -> None:
    storage, query = JAEGER["extensions"]["jaeger_storage"], JAEGER["extensions"]["jaeger_query"]["storage"]
    metrics = storage["metric_backends"][query["metrics"]]["prometheus"]

    assert query["traces"] in storage["backends"]
    assert JAEGER["exporters"]["jaeger_storage_exporter"]["trace_storage"] == query["traces"]
    assert "spanmetrics" in PIPELINES["traces"]["exporters"]
    assert "spanmetrics" in PIPELINES["metrics"]["receivers"]
    assert metrics["latency_unit"] == JAEGER["connectors"]["spanmetrics"]["histogram"]["unit"]
    assert metrics["normalize_calls"]
    assert metrics["normalize_duration"]


def test_prometheus_accepts_the_metrics_of_jaeger() -> None:
    flags = SERVICES["prometheus"]["command"]
    features = next(flag for flag in flags if flag.startswith("--enable-feature=")).partition("=")[2].split(",")

    assert JAEGER["exporters"]["otlp_http/prometheus"]["endpoint"] == "http://prometheus:9090/api/v1/otlp"
    assert "--web.enable-otlp-receiver" in flags
    assert set(features) == {"created-timestamp-zero-ingestion", "exemplar-storage"}


def test_metrics_and_traces_lead_to_each_other() -> None:
    (exemplar,) = SOURCES["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]
    onward = SOURCES["jaeger"]["jsonData"]["tracesToMetrics"]
    selectors = [each for query in onward["queries"] for each in selected(query["query"].replace("$$", "$"))]

    assert exemplar == {"name": "trace_id", "datasourceUid": "jaeger"}
    assert onward["datasourceUid"] == "prometheus"
    assert len(selectors) == len(onward["queries"])
    assert all({tag["value"] for tag in onward["tags"]} | each.labels <= LABELS[each.metric] for each in selectors)


def test_the_dashboard_begins_with_the_provisioned_source() -> None:
    (chosen,) = (variable for variable in DASHBOARD["templating"]["list"] if variable["type"] == "datasource")

    assert SOURCES[chosen["current"]["value"]]["isDefault"]
    assert SOURCES[chosen["current"]["value"]]["type"] == chosen["query"]


def test_the_schema_is_that_of_the_grafana_that_runs() -> None:
    schema = json.loads((DASHBOARDS.parent / "tests/grafana/dashboard.schema.json").read_text(encoding="utf-8"))
    version = SERVICES["grafana"]["image"].rpartition(":")[2]

    assert f"@grafana/schema {version} " in schema["$comment"]
