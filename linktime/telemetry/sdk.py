"""OpenTelemetry's tracer provider, and its official exporters. A thread imports this, because that takes a while."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final, TextIO

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter, SpanExportResult

from .. import __version__
from .console import line
from .environment import Signal, Variables
from .recorder import Read, Sdk

_OFFICIAL: Final = {
    "TRACES": ("trace_exporter", "OTLPSpanExporter"),
    "METRICS": ("metric_exporter", "OTLPMetricExporter"),
}


def load(variables: Variables, stderr: TextIO | None, read: Read) -> Sdk:
    """Export to the destinations of *variables*. *read* returns the values of gauges."""
    stderr = stderr or os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    exporters = {"console": ConsoleSpanExporter(out=stderr, formatter=line), "otlp": _LazyOtlp(variables)}
    sdk = traced([BatchSpanProcessor(exporters[each]) for each in variables.traces]) if variables.traces else Sdk()
    if variables.metrics:
        metrics = import_module(".metrics", __package__)  # half of the import, and off by default
        sdk = metrics.measured(sdk, [metrics.reader(each, variables, stderr) for each in variables.metrics], read)
    return sdk


def traced(processors: Sequence[SpanProcessor]) -> Sdk:
    """Return a tracer whose spans go to *processors*."""
    provider = TracerProvider(resource=resource(), shutdown_on_exit=False)  # at exit it would wait for a dead collector
    for processor in processors:
        provider.add_span_processor(processor)
    return Sdk(provider.get_tracer("linktime", __version__), close=[processor.shutdown for processor in processors])


def resource() -> Resource:
    """Return this program as a resource. The service's name in the environment has priority over ours."""
    detected = Resource.create({"service.version": __version__})
    unnamed = str(detected.attributes["service.name"]).startswith("unknown_service")
    return detected.merge(Resource({"service.name": "linktime-mcp"})) if unnamed else detected


def otlp(signal: Signal, variables: Variables) -> Any:
    """Make the exporter of the official package for *signal*."""
    module, name = _OFFICIAL[signal]
    protocol = "grpc" if signal in variables.grpc else "http"
    return getattr(import_module(f"opentelemetry.exporter.otlp.proto.{protocol}.{module}"), name)()


class _LazyOtlp(SpanExporter):
    """An exporter that its processor's thread imports at the first export, because that takes longer than the SDK."""

    def __init__(self, variables: Variables) -> None:
        self._variables = variables
        self._exporter: SpanExporter | None = None

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send them."""
        self._exporter = self._exporter or otlp("TRACES", self._variables)
        return self._exporter.export(spans)

    def shutdown(self) -> None:
        """End the retries."""
        if self._exporter:
            self._exporter.shutdown()
