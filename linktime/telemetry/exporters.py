"""What sends spans and metrics off; imported, with all of the SDK, by the threads that do it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from opentelemetry.sdk.metrics.export import (
    MetricExporter,
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)

from .outlet import Overheard
from .record import Gauges
from .sdk import Metrics, Spans
from .variables import Protocol

_BATCH_DELAY: float | None = None if "OTEL_BSP_SCHEDULE_DELAY" in os.environ else 1000  # ms


def spans(protocol: Protocol, complain: Callable[[str], None]) -> Spans:
    """Send spans to the collector of the OTEL_EXPORTER_OTLP_* variables."""
    _overhear(complain)
    return Spans(_otlp(protocol, "trace_exporter").OTLPSpanExporter(), delay=_BATCH_DELAY)


def metrics(protocol: Protocol, interval: float, gauges: Gauges, complain: Callable[[str], None]) -> Metrics:
    """Send metrics to that collector every *interval* seconds."""
    _overhear(complain)
    exporter = _otlp(protocol, "metric_exporter").OTLPMetricExporter()
    return Metrics(PeriodicExportingMetricReader(exporter, interval * 1000), gauges.read)


def metric_lines(interval: float, gauges: Gauges, write: Callable[[str], None]) -> Metrics:
    """Write a line for each number every *interval* seconds."""
    exporter = _MetricLines(write)
    return Metrics(PeriodicExportingMetricReader(exporter, interval * 1000), gauges.read)


def _otlp(protocol: Protocol, module: str) -> Any:
    return import_module(f"opentelemetry.exporter.otlp.proto.{'grpc' if protocol == 'grpc' else 'http'}.{module}")


def _overhear(complain: Callable[[str], None]) -> None:
    logger = logging.getLogger("opentelemetry")
    logger.propagate = False
    logger.handlers = [Overheard(complain)]


class _MetricLines(MetricExporter):
    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__()
        self._write = write

    def export(self, metrics_data: MetricsData, *_: Any, **__: Any) -> MetricExportResult:
        self._write(_lines(metrics_data))
        return MetricExportResult.SUCCESS

    def force_flush(self, *_: Any, **__: Any) -> bool:
        return True

    def shutdown(self, *_: Any, **__: Any) -> None:
        pass


def _lines(data: MetricsData) -> str:
    points = (
        (metric.name, point)
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
    )
    return "".join(_line(name, point) for name, point in points)


def _line(name: str, point: Any) -> str:
    numbers: Sequence[str] = (
        [f"value={point.value:g}"]
        if hasattr(point, "value")
        else [f"count={point.count}", f"sum={point.sum:g}", f"max={point.max:g}"]
    )
    attributes = [f"{attribute}={value}" for attribute, value in (point.attributes or {}).items()]
    return " ".join(["METRIC", name, *numbers, *attributes]) + "\n"
