"""OpenTelemetry's providers and exporters. A thread imports this behind the start, because that takes a while."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from threading import Thread
from typing import Any, Final

from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import MeterProvider, export as metric_export
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider, export as span_export
from opentelemetry.trace import INVALID_SPAN_CONTEXT, StatusCode

from .. import __version__
from .instruments import INSTRUMENTS, Instrument
from .recorder import Record, Sdk

_logger: Final = logging.getLogger("opentelemetry")
_PLAIN: Final = re.compile(r"[^\s\"=\\\x00-\x1f\x7f-\x9f]+")
_IN_THE_NAME: Final = "mcp.method.name gen_ai.operation.name gen_ai.tool.name http.request.method url.template"
_OMITTED: Final = {*_IN_THE_NAME.split(), "mcp.session.id", "network.transport"}  # the latter never change


def load(traces: Sequence[str], metrics: Sequence[str]) -> Sdk:
    """Export spans and metrics to these destinations. Lines go to file descriptor 2, which may block."""
    out = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    lines_of_spans = span_export.ConsoleSpanExporter(out=out, formatter=line)
    lines_of_metrics = metric_export.ConsoleMetricExporter(out=out, formatter=lines)
    spans = _exporters(traces, "trace_exporter", "OTLPSpanExporter", lines_of_spans)
    numbers = _exporters(metrics, "metric_exporter", "OTLPMetricExporter", lines_of_metrics)
    readers = [metric_export.PeriodicExportingMetricReader(exporter) for exporter in numbers]
    return build([span_export.BatchSpanProcessor(exporter) for exporter in spans], readers)


def build(processors: Sequence[SpanProcessor], readers: Sequence[metric_export.MetricReader]) -> Sdk:
    """Return the SDK with *processors* of spans and *readers* of metrics, or the API's no-op objects without any."""
    sdk, ours = Sdk(), {"service.name": "linktime-mcp", "service.version": __version__}
    resource = Resource.create(ours).merge(OTELResourceDetector().detect())  # the environment has priority over ours
    if processors:
        # At exit, the providers would wait for a dead collector.
        tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
        for processor in processors:
            tracers.add_span_processor(processor)
        sdk = Sdk(tracers.get_tracer("linktime", __version__), close=[processor.shutdown for processor in processors])
    if readers:
        meters = MeterProvider(readers, resource, shutdown_on_exit=False)
        meter = meters.get_meter("linktime", __version__)
        sdk = Sdk(sdk.tracer, _instruments(meter), meter.create_observable_gauge, [*sdk.close, meters.shutdown])
        flush = Thread(target=meters.force_flush, name="telemetry", daemon=True)  # the zeros
        flush.start()
        flush.join(0.5)  # s; a dead collector takes longer
    return sdk


def _exporters(destinations: Sequence[str], module: str, name: str, console: Any) -> Iterator[Any]:
    """Return the exporter of each destination. One that cannot be built causes a warning, without its text."""
    for destination in destinations:
        try:
            package = f"opentelemetry.exporter.otlp.proto.{destination}.{module}"
            yield console if destination == "console" else getattr(import_module(package), name)()
        except Exception as error:  # noqa: BLE001 - the SDK and its plugins raise anything
            _logger.warning("no %s over %s because of %s", name, destination, type(error).__name__)


def _instruments(meter: Meter) -> Mapping[Instrument, Record]:
    """Return the counters, which begin at zero, and the histograms."""
    records: dict[Instrument, Record] = {}
    for row in INSTRUMENTS:
        about = (row.name, row.unit, row.description)
        if row.kind == "counter":
            records[row] = count = meter.create_counter(*about).add
            for attributes in ({name: value} for name, values in row.attributes.items() for value in values):
                count(0, attributes)  # Prometheus' `increase()` needs a zero before the first count
        elif row.kind == "histogram":
            bounds = row.boundaries
            records[row] = meter.create_histogram(*about, explicit_bucket_boundaries_advisory=bounds).record
    return records


def line(span: ReadableSpan) -> str:
    """Return the line of one span: start, duration, status, kind, name, place in its trace, and attributes."""
    start, end = span.start_time or 0, span.end_time or 0
    began = datetime.fromtimestamp(start / 1e9, UTC).isoformat(timespec="milliseconds")[11:23]
    status = "ERR" if span.status.status_code is StatusCode.ERROR else "ok "
    context = span.context or INVALID_SPAN_CONTEXT
    fields: dict[str, object] = {"trace": f"{context.trace_id:032x}", "span": f"{context.span_id:016x}"}
    if span.parent:
        fields["parent"] = f"{span.parent.span_id:016x}"
    if span.links:
        fields["link"] = ",".join(f"{link.context.span_id:016x}" for link in span.links)
    fields |= {name: value for name, value in (span.attributes or {}).items() if name not in _OMITTED}
    text = " ".join(f"{name}={_quoted(value)}" for name, value in fields.items())
    return f'{began}Z SPAN {(end - start) / 1e6:9.2f}ms {status} {span.kind.name.lower():8} "{span.name}" {text}\n'


def lines(data: metric_export.MetricsData) -> str:
    """Return a line for each number."""
    scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics]
    metrics = [metric for scope in scopes for metric in scope.metrics]
    return "".join(_metric_line(metric.name, point) for metric in metrics for point in metric.data.data_points)


def _metric_line(name: str, point: Any) -> str:
    single = hasattr(point, "value")
    numbers = f"value={point.value:g}" if single else f"count={point.count} sum={point.sum:g} max={point.max:g}"
    return " ".join(["METRIC", name, numbers, *(f"{key}={value}" for key, value in point.attributes.items())]) + "\n"


def _quoted(value: object) -> str:
    return value if isinstance(value, str) and _PLAIN.fullmatch(value) else json.dumps(value)
