"""OpenTelemetry's providers and exporters. A thread imports this behind the start, because that takes a while."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from threading import Thread
from typing import Any, Final, TextIO

from opentelemetry.metrics import Meter, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

from .. import __version__
from .console import line, metric_lines
from .environment import Variables
from .instruments import INSTRUMENTS, Instrument
from .recorder import Read, Record, Sdk

_FIRST_EXPORT: Final = 0.5  # s; a dead collector takes longer


def load(variables: Variables, stderr: TextIO | None, read: Read) -> Sdk:
    """Export to the destinations of *variables*. *read* returns the values of gauges."""
    out = stderr or os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    spans, metrics = list[SpanProcessor](), list[MetricReader]()
    if "console" in variables.traces:
        spans.append(BatchSpanProcessor(ConsoleSpanExporter(out=out, formatter=line)))
    if "otlp" in variables.traces:
        spans.append(BatchSpanProcessor(_otlp("trace_exporter.OTLPSpanExporter", grpc=variables.traces_grpc)))
    if "console" in variables.metrics:
        metrics.append(PeriodicExportingMetricReader(ConsoleMetricExporter(out=out, formatter=metric_lines)))
    if "otlp" in variables.metrics:
        exporter = _otlp("metric_exporter.OTLPMetricExporter", grpc=variables.metrics_grpc)
        metrics.append(PeriodicExportingMetricReader(exporter))
    return build(spans, metrics, read)


def build(processors: Sequence[SpanProcessor], readers: Sequence[MetricReader], read: Read) -> Sdk:
    """Return the SDK with *processors* of spans and *readers* of metrics, or the API's no-op objects without any."""
    sdk, named = Sdk(), _resource()
    if processors:
        tracers = TracerProvider(resource=named, shutdown_on_exit=False)  # at exit it would wait for a dead collector
        for processor in processors:
            tracers.add_span_processor(processor)
        sdk = Sdk(tracers.get_tracer("linktime", __version__), close=[processor.shutdown for processor in processors])
    if readers:
        meters = MeterProvider(readers, named, shutdown_on_exit=False)
        instruments = _instruments(meters.get_meter("linktime", __version__), read)
        flush = Thread(target=meters.force_flush, name="telemetry", daemon=True)  # the zeros
        flush.start()
        flush.join(_FIRST_EXPORT)
        sdk = Sdk(sdk.tracer, instruments, [*sdk.close, meters.shutdown])
    return sdk


def _otlp(name: str, *, grpc: bool) -> Any:
    module, _, exporter = name.partition(".")
    official = import_module(f"opentelemetry.exporter.otlp.proto.{'grpc' if grpc else 'http'}.{module}")
    return getattr(official, exporter)()


def _resource() -> Resource:
    """Return this program as a resource. The service's name in the environment has priority over ours."""
    detected = Resource.create({"service.version": __version__})
    unnamed = str(detected.attributes["service.name"]).startswith("unknown_service")
    return detected.merge(Resource({"service.name": "linktime-mcp"})) if unnamed else detected


def _instruments(meter: Meter, read: Read) -> Mapping[Instrument, Record]:
    made: dict[Instrument, Record] = {}
    for row in INSTRUMENTS:
        about = (row.unit, row.description)
        if row.kind == "counter":
            made[row] = meter.create_counter(row.name, *about).add
        elif row.kind == "histogram":
            bounds = row.boundaries
            made[row] = meter.create_histogram(row.name, *about, explicit_bucket_boundaries_advisory=bounds).record
        else:
            observe = partial(lambda row, _: [Observation(*level) for level in read(row)], row)
            meter.create_observable_gauge(row.name, [observe], *about)
        for attributes in row.zeros():
            made[row](0, attributes, None)
    return made
