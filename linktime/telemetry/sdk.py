"""The OpenTelemetry SDK, imported by the threads that need it and by nobody else."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, Counter, Histogram, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
    set_span_in_context,
)

from .. import __version__
from .instruments import INSTRUMENTS, Instrument, Kind, Measurement, zeros
from .span import Place, Span

_SCOPE: Final = "linktime"
_QUEUE: Final = None if "OTEL_BSP_MAX_QUEUE_SIZE" in os.environ else 8192  # what one delivery may bring
_KINDS: Final = {"server": SpanKind.SERVER, "client": SpanKind.CLIENT, "internal": SpanKind.INTERNAL}

Read = Callable[[Instrument], Sequence[Measurement]]
"""Asks for the present values of a gauge."""


def resource() -> Resource:
    """Tell who sends; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go before."""
    named = Resource.create({"service.version": __version__})
    if str(named.attributes["service.name"]).startswith("unknown_service"):
        named = named.merge(Resource({"service.name": "linktime-mcp"}))
    return named


class _Given(IdGenerator):
    """Gives out the ids of the span that is played at the moment."""

    def __init__(self) -> None:
        self.place = Place(1, 1)

    def generate_span_id(self) -> int:
        return self.place.span_id

    def generate_trace_id(self) -> int:
        return self.place.trace_id


class Spans:
    """A sink that plays spans through the SDK, which sends them with *exporter* in batches."""

    def __init__(self, exporter: SpanExporter, *, delay: float | None = None) -> None:
        self._ids = _Given()
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,  # what comes here is sampled already
            id_generator=self._ids,
            resource=resource(),
            shutdown_on_exit=False,  # at exit it would wait for as long as a collector hangs
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter, _QUEUE, delay))
        self._tracer = self._provider.get_tracer(_SCOPE, __version__)

    def deliver(self, items: Sequence[Span]) -> None:
        """Play them."""
        for span in items:
            self._play(span)

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()

    def _play(self, span: Span) -> None:
        self._ids.place = span.place
        played = self._tracer.start_span(
            span.name,
            _around(span.parent),
            _KINDS[span.kind],
            span.attributes,
            [Link(_standing(place)) for place in span.links],
            span.start,
        )
        if span.error is not None:
            played.set_status(Status(StatusCode.ERROR, span.error or None))
        played.end(span.start + span.duration)


class _Gauge(Protocol):
    def __call__(self, options: CallbackOptions, /) -> Sequence[Observation]: ...


class Metrics:
    """A sink that plays measurements through the SDK, whose *reader* sends them and asks *read* for the gauges."""

    def __init__(self, reader: MetricReader, read: Read) -> None:
        self._provider = MeterProvider([reader], resource(), shutdown_on_exit=False)
        self._read = read
        meter = self._provider.get_meter(_SCOPE, __version__)
        self._instruments: dict[Instrument, Any] = {row: self._make(meter, row) for row in INSTRUMENTS}
        self.deliver(list(zeros()))
        self._provider.force_flush()

    def deliver(self, items: Sequence[Measurement]) -> None:
        """Play them."""
        for item in items:
            instrument, context = self._instruments[item.instrument], _around(item.place)
            if item.instrument.kind is Kind.COUNTER:
                instrument.add(item.value, item.attributes, context)
            else:
                instrument.record(item.value, item.attributes, context)

    def close(self) -> None:
        """Send the last numbers."""
        self._provider.shutdown()

    def _make(self, meter: Any, row: Instrument) -> Counter | Histogram | None:
        match row.kind:
            case Kind.COUNTER:
                made: Counter = meter.create_counter(row.name, row.unit, row.description)
                return made
            case Kind.HISTOGRAM:
                histogram: Histogram = meter.create_histogram(
                    row.name, row.unit, row.description, explicit_bucket_boundaries_advisory=row.boundaries
                )
                return histogram
            case Kind.GAUGE:
                meter.create_observable_gauge(row.name, [self._asking(row)], row.unit, row.description)
                return None

    def _asking(self, row: Instrument) -> _Gauge:
        def ask(_: CallbackOptions) -> Sequence[Observation]:
            return [Observation(item.value, item.attributes) for item in self._read(row)]

        return ask


def _around(place: Place | None) -> Context:
    return set_span_in_context(NonRecordingSpan(_standing(place)), Context()) if place else Context()


def _standing(place: Place) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED if place.sampled else TraceFlags.DEFAULT)
    return SpanContext(place.trace_id, place.span_id, place.remote, flags, TraceState.from_header([place.state]))
