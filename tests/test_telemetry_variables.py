from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, strategies as st
from opentelemetry.sdk.trace.sampling import Decision, TraceIdRatioBased

from linktime.errors import ConfigError
from linktime.telemetry import Variables
from linktime.telemetry.sampling import SAMPLERS
from linktime.telemetry.span import Place
from tests.child import environ

ENDPOINT = "http://collector.example:4318"
EXPORTERS = "must be none, or console, otlp or both with a comma between them"


@pytest.mark.parametrize(
    ("given", "traces", "metrics"),
    [
        ({}, ("console",), ()),
        ({"OTEL_TRACES_EXPORTER": " "}, ("console",), ()),
        ({"OTEL_TRACES_EXPORTER": "none"}, (), ()),
        ({"OTEL_TRACES_EXPORTER": "stderr, console"}, ("console",), ()),
        ({"OTEL_TRACES_EXPORTER": "OTLP,console"}, ("otlp", "console"), ()),
        ({"OTEL_METRICS_EXPORTER": "console,otlp"}, ("console",), ("console", "otlp")),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT}, ("otlp",), ("otlp",)),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": ENDPOINT}, ("otlp",), ()),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": ENDPOINT}, ("console",), ("otlp",)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT, "OTEL_METRICS_EXPORTER": "none"}, ("otlp",), ()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT, "OTEL_SDK_DISABLED": "True"}, (), ()),
        ({"OTEL_SDK_DISABLED": "false"}, ("console",), ()),
    ],
)
def test_where_spans_and_metrics_go(given: dict[str, str], traces: tuple[str], metrics: tuple[str]) -> None:
    read = Variables.from_environ(given)

    assert (read.traces, read.metrics) == (traces, metrics)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"OTEL_TRACES_EXPORTER": "jaeger"}, f"OTEL_TRACES_EXPORTER: {EXPORTERS}"),
        ({"OTEL_METRICS_EXPORTER": "none,otlp"}, f"OTEL_METRICS_EXPORTER: {EXPORTERS}"),
        ({"OTEL_TRACES_EXPORTER": "otlp,"}, f"OTEL_TRACES_EXPORTER: {EXPORTERS}"),
        ({"OTEL_SDK_DISABLED": "maybe"}, "OTEL_SDK_DISABLED: must be one of true, false"),
        (
            {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"},
            "OTEL_EXPORTER_OTLP_PROTOCOL: must be one of http/protobuf, grpc",
        ),
        (
            {"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "thrift"},
            "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: must be one of http/protobuf, grpc",
        ),
        ({"OTEL_TRACES_SAMPLER": "jaeger_remote"}, f"OTEL_TRACES_SAMPLER: must be one of {', '.join(SAMPLERS)}"),
        ({"OTEL_TRACES_SAMPLER_ARG": "2"}, "OTEL_TRACES_SAMPLER_ARG: must be a number from 0 to 1"),
        ({"OTEL_TRACES_SAMPLER_ARG": "nan"}, "OTEL_TRACES_SAMPLER_ARG: must be a number from 0 to 1"),
        (
            {"OTEL_METRIC_EXPORT_INTERVAL": "soon"},
            "OTEL_METRIC_EXPORT_INTERVAL: must be a number from 1 to 86400000",
        ),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "user:secret@collector"},
            "OTEL_EXPORTER_OTLP_ENDPOINT: must be a URL, such as http://localhost:4318",
        ),
        (
            {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://[secret"},
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: must be a URL, such as http://localhost:4318",
        ),
    ],
)
def test_a_value_that_cannot_be_right_is_told_in_one_line(given: dict[str, str], fault: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Variables.from_environ(given)

    assert set(caught.value.faults) == {fault}
    assert "secret" not in str(caught.value)


def test_grpc_without_its_package_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.grpc", None)  # as if it were not installed

    with pytest.raises(ConfigError) as caught:
        Variables.from_environ({"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc"})

    assert str(caught.value).startswith("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: grpc needs a package more: pip install ")


def test_all_faults_are_told_at_once_and_end_the_program() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "linktime"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env=environ(LINKTIME_WORKERS="0", OTEL_TRACES_EXPORTER="zipkin", OTEL_METRIC_EXPORT_INTERVAL="-1"),
    )

    assert (ended.returncode, ended.stdout) == (2, "")
    assert [line.partition(":")[0] for line in ended.stderr.splitlines()] == [
        "LINKTIME_WORKERS",
        "OTEL_TRACES_EXPORTER",
        "OTEL_METRIC_EXPORT_INTERVAL",
    ]


def test_the_interval_of_metrics_is_a_quarter_of_a_minute_unless_told() -> None:
    assert Variables.from_environ({}).interval == 15.0
    assert Variables.from_environ({"OTEL_METRIC_EXPORT_INTERVAL": "500"}).interval == 0.5


TRACED, UNTRACED = Place(1, 1, sampled=True, remote=True), Place(1, 1, sampled=False, remote=True)
LOW, HIGH = 1, (1 << 64) - 1


@pytest.mark.parametrize(
    ("name", "ratio", "decisions"),
    [  # of a low id and a high one without a parent, and of a parent that is traced and one that is not
        ("always_on", "", [True, True, True, True]),
        ("always_off", "", [False, False, False, False]),
        ("traceidratio", "0.5", [True, False, True, True]),
        ("traceidratio", "0", [False, False, False, False]),
        ("traceidratio", "1", [True, True, True, True]),
        ("parentbased_always_on", "", [True, True, True, False]),
        ("parentbased_always_off", "", [False, False, True, False]),
        ("parentbased_traceidratio", "0.5", [True, False, True, False]),
        ("", "", [True, True, True, False]),
    ],
)
def test_the_samplers_are_those_of_the_specification(name: str, ratio: str, decisions: list[bool]) -> None:
    sampler = Variables.from_environ({"OTEL_TRACES_SAMPLER": name, "OTEL_TRACES_SAMPLER_ARG": ratio}).sampler

    assert [sampler(LOW, None), sampler(HIGH, None), sampler(LOW, TRACED), sampler(LOW, UNTRACED)] == decisions


@given(st.integers(1, (1 << 128) - 1), st.floats(0, 1))
def test_a_ratio_decides_as_the_sdk_does(trace_id: int, ratio: float) -> None:
    theirs = TraceIdRatioBased(ratio).should_sample(None, trace_id, "").decision is Decision.RECORD_AND_SAMPLE

    assert SAMPLERS["traceidratio"](ratio)(trace_id, None) is theirs
