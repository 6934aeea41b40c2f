"""The OTEL_* variables. No value keeps the server from starting."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from typing import Any

import pytest

from linktime.sandbox import Sandbox
from linktime.telemetry import Variables
from tests.support.collector import collector, refusing
from tests.support.process import child, environ
from tests.support.sandbox_client import misbehave

ENDPOINT = "http://collector.example:4318"
HTTP = ("http",)


@pytest.mark.parametrize(
    ("values", "traces", "metrics"),
    [
        ({}, (), ()),
        ({"OTEL_TRACES_EXPORTER": " "}, (), ()),
        ({"OTEL_TRACES_EXPORTER": "none"}, (), ()),
        ({"OTEL_TRACES_EXPORTER": "stderr, console"}, ("console",), ()),
        ({"OTEL_TRACES_EXPORTER": "OTLP,console"}, ("http", "console"), ()),
        ({"OTEL_METRICS_EXPORTER": "console,otlp"}, (), ("console", "http")),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT}, HTTP, ("http",)),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": ENDPOINT}, HTTP, ()),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": ENDPOINT}, (), ("http",)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT, "OTEL_METRICS_EXPORTER": "none"}, HTTP, ()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT, "OTEL_TRACES_EXPORTER": "otlp"}, ("http",), ("http",)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT, "OTEL_SDK_DISABLED": "True"}, (), ()),
        ({"OTEL_SDK_DISABLED": "false"}, (), ()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://user:word@[::1]:4318/v1?a=b"}, HTTP, ("http",)),
    ],
)
def test_destinations(values: dict[str, str], traces: tuple[str], metrics: tuple[str]) -> None:
    read = Variables.from_environ(dict(values))

    assert (read.traces, read.metrics, dict(read.faults)) == (traces, metrics, {})


MALFORMED = [
    ("OTEL_TRACES_EXPORTER", "zipkin"),
    ("OTEL_TRACES_EXPORTER", "otlp,"),
    ("OTEL_METRICS_EXPORTER", "prometheus"),
    ("OTEL_METRICS_EXPORTER", "none,otlp"),
    ("OTEL_SDK_DISABLED", "1"),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
    ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "thrift"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "user:secret@collector"),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://[secret"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "Authorization: Bearer secret"),
    ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
    ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "brotli"),
    ("OTEL_TRACES_SAMPLER", "xray"),
    ("OTEL_TRACES_SAMPLER_ARG", "2"),
    ("OTEL_TRACES_SAMPLER_ARG", "nan"),
    ("OTEL_METRIC_EXPORT_INTERVAL", "60s"),
    ("OTEL_METRIC_EXPORT_INTERVAL", "0"),
    ("OTEL_METRIC_EXPORT_TIMEOUT", "-1"),
    ("OTEL_METRICS_EXEMPLAR_FILTER", "sometimes"),
    ("OTEL_BSP_SCHEDULE_DELAY", "0"),
    ("OTEL_BSP_MAX_QUEUE_SIZE", "many"),
    ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "-5"),
    ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "-1"),
    ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "long"),
    ("OTEL_SPAN_LINK_COUNT_LIMIT", "1.5"),
]


@pytest.mark.parametrize(("name", "value"), MALFORMED)
def test_malformed_value_is_named_and_ignored(name: str, value: str) -> None:
    settled = {name: value}

    read = Variables.from_environ(settled)

    assert set(read.faults) == {name}
    assert "secret" not in str(read.faults)
    assert settled.get(name) != value


def test_empty_values_count_as_not_set() -> None:
    values = dict.fromkeys((name for name, _ in MALFORMED), " ")

    assert Variables.from_environ(values).faults == {}
    assert set(values) == set(Variables.from_environ({}).faults) | {
        name for name, value in values.items() if value.strip()
    }


@pytest.mark.parametrize(
    ("values", "batch"),
    [
        ({"OTEL_BSP_MAX_QUEUE_SIZE": "100"}, "100"),
        ({"OTEL_BSP_MAX_QUEUE_SIZE": "100", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "200"}, "100"),
        ({"OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "9000"}, "8192"),
        ({}, "512"),
    ],
)
def test_batch_is_at_most_the_queue(values: dict[str, str], batch: str) -> None:
    Variables.from_environ(values)

    assert values["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"] == batch


def test_grpc_without_its_package_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.grpc", None)  # as if it were not installed

    read = Variables.from_environ(
        {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4317"}
    )

    assert (read.traces, read.metrics) == ((), ())
    assert "pip install" in read.faults["OTEL_EXPORTER_OTLP_PROTOCOL"]


@pytest.mark.slow
def test_no_variable_keeps_the_server_from_starting() -> None:
    foreign = {
        **dict(MALFORMED),
        "OTEL_PROPAGATORS": "xray",
        "OTEL_PYTHON_CONTEXT": "none_such",
        "OTEL_PYTHON_TRACER_PROVIDER": "none_such",
        "OTEL_PYTHON_METER_PROVIDER": "none_such",
        "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "none_such",
        "OTEL_RESOURCE_ATTRIBUTES": "a,b=c",
        "OTEL_EXPORTER_OTLP_CERTIFICATE": "/none/such",
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "sideways",
        "OTEL_PYTHON_EXPORTER_OTLP_HTTP_CREDENTIAL_PROVIDER": "none_such",
        "OTEL_LOGS_EXPORTER": "none_such",
        "OTEL_CONFIG_FILE": "/none/such",
        "OTEL_LOG_LEVEL": "loud",
    }

    ended = _served(**foreign)

    warned = re.findall(r"WARNING (OTEL_\w+): must be", ended.stderr)
    assert sorted(warned) == sorted({name for name, _ in MALFORMED})
    assert "Traceback" not in ended.stderr
    assert "LinkTime MCP server running" in ended.stderr
    assert "secret" not in ended.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ["OTEL_PROPAGATORS", "OTEL_PYTHON_CONTEXT", "OTEL_PYTHON_TRACER_PROVIDER"])
def test_missing_plugin_does_not_keep_the_server_from_starting(name: str) -> None:
    assert "Traceback" not in _served(**{name: "none_such"}).stderr


@pytest.mark.slow
@pytest.mark.parametrize("destination", ["console", "otlp"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/none/such"),
        ("OTEL_PYTHON_EXPORTER_OTLP_HTTP_CREDENTIAL_PROVIDER", "none_such"),
        ("OTEL_EXPERIMENTAL_RESOURCE_DETECTORS", "none_such"),
    ],
)
def test_values_that_the_sdk_rejects_are_one_line(name: str, value: str, destination: str) -> None:
    with refusing() as url:
        ended = _served(
            OTEL_TRACES_EXPORTER=destination,
            OTEL_EXPORTER_OTLP_ENDPOINT=url.replace("http:", "https:"),
            **{name: value},
        )

    assert "Traceback" not in ended.stderr
    assert ended.stderr.count("WARNING") <= 1


def _served(**settings: str) -> subprocess.CompletedProcess[str]:
    """Start the program, do the handshake and close its stdin."""
    hello = (
        '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},'
        '"clientInfo":{"name":"test","version":"0"}}}\n'
    )
    ended = subprocess.run(
        [sys.executable, "-m", "linktime"],
        input=hello,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        env=environ(LINKTIME_API_KEY="k", **settings),
    )
    assert ended.returncode == 0
    assert '"serverInfo"' in ended.stdout
    return ended


@pytest.mark.slow
@pytest.mark.parametrize("variable", ["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"])
async def test_attribute_count_limit_holds_on_stderr(variable: str, sandbox: Sandbox) -> None:
    lines = await _lines(sandbox, **{variable: "2"})

    assert lines
    assert all(len(re.findall(r" (?!trace=|span=|parent=)[\w.]+=", line)) <= 2 for line in lines)


@pytest.mark.slow
async def test_attribute_length_limit_holds_on_stderr(sandbox: Sandbox) -> None:
    [call] = await _lines(sandbox, OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT="4")

    assert " mcp.protocol.version=2025 " in call


@pytest.mark.slow
async def test_span_attribute_length_limit_holds_on_stderr(sandbox: Sandbox) -> None:
    [call] = await _lines(sandbox, OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT="7")

    assert " mcp.protocol.version=2025-11 " in call


@pytest.mark.slow
async def test_link_count_limit_holds_on_stderr(sandbox: Sandbox) -> None:
    await misbehave(sandbox, path="/integrations", delaySeconds=2)
    async with child(
        LINKTIME_BASE_URL=sandbox.url,
        LINKTIME_API_KEY=sandbox.key,
        OTEL_SPAN_LINK_COUNT_LIMIT="0",
        OTEL_TRACES_EXPORTER="console",
    ) as server:
        await server.greet()
        for call in [server.call("list_integrations") for _ in range(2)]:
            await server.result(call)
        assert await server.close() == 0

    assert "linktime.cache.result=coalesced" in server.stderr
    assert " link=" not in server.stderr


@pytest.mark.slow
async def test_schedule_delay_holds_on_stderr(sandbox: Sandbox) -> None:
    async with child(
        LINKTIME_BASE_URL=sandbox.url,
        LINKTIME_API_KEY=sandbox.key,
        OTEL_BSP_SCHEDULE_DELAY="86400000",
        OTEL_TRACES_EXPORTER="console",
    ) as server:
        await server.greet()
        await server.result(server.call("get_me"))
        await asyncio.sleep(3)  # the default delay would have written it
        waiting = server.stderr
        assert await server.close() == 0

    assert "SPAN" not in waiting
    assert '"tools/call get_me"' in server.stderr


async def _lines(sandbox: Sandbox, **settings: str) -> list[str]:
    """Make one call. Return the lines of its span."""
    settings = {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key, **settings}
    async with child(OTEL_TRACES_EXPORTER="console", **settings) as server:
        await server.greet()
        await server.result(server.call("get_me"))
        assert await server.close() == 0
    return [line for line in server.stderr.splitlines() if '"tools/call get_me"' in line]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "resource"),
    [
        ({}, {"service.name": "linktime-mcp"}),
        ({"OTEL_SERVICE_NAME": "mine"}, {"service.name": "mine"}),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=theirs,team=a%20b"}, {"service.name": "theirs", "team": "a b"}),
        (
            {"OTEL_SERVICE_NAME": "mine", "OTEL_RESOURCE_ATTRIBUTES": "service.name=theirs"},
            {"service.name": "mine"},
        ),
    ],
)
async def test_resource(sandbox: Sandbox, settings: dict[str, str], resource: dict[str, Any]) -> None:
    async with (
        collector() as backend,
        child(
            LINKTIME_BASE_URL=sandbox.url,
            LINKTIME_API_KEY=sandbox.key,
            OTEL_EXPORTER_OTLP_ENDPOINT=backend.url,
            **settings,
        ) as server,
    ):
        await server.greet()
        await backend.until(lambda: backend.resources)
        await server.close()

    assert resource.items() <= backend.resources[0].items()
