"""OpenTelemetry's meter provider, with every instrument of the table."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from threading import Thread
from typing import Final, TextIO

from opentelemetry.metrics import CallbackOptions, Meter, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, MetricReader, PeriodicExportingMetricReader

from .. import __version__
from .console import metric_lines
from .environment import Destination, Variables
from .instruments import INSTRUMENTS, Instrument
from .recorder import Read, Record, Sdk
from .sdk import otlp, resource

_FIRST_EXPORT: Final = 1.0  # s; a dead collector takes longer


def reader(destination: Destination, variables: Variables, stderr: TextIO) -> MetricReader:
    """Return a reader that exports to *destination*."""
    if destination == "console":
        return PeriodicExportingMetricReader(ConsoleMetricExporter(out=stderr, formatter=metric_lines))
    return PeriodicExportingMetricReader(otlp("METRICS", variables))


def measured(sdk: Sdk, readers: Sequence[MetricReader], read: Read) -> Sdk:
    """Return *sdk* with instruments whose numbers go to *readers*, after these had a first look at the zeros."""
    provider = MeterProvider(readers, resource(), shutdown_on_exit=False)  # at exit it would wait for a dead collector
    meter = provider.get_meter("linktime", __version__)
    instruments = {row: record for row in INSTRUMENTS if (record := _made(meter, row, read))}
    for row, record in instruments.items():
        for attributes in row.zeros:
            record(0, attributes, None)
    flushing = Thread(target=provider.force_flush, name="telemetry", daemon=True)
    flushing.start()
    flushing.join(_FIRST_EXPORT)
    return Sdk(sdk.tracer, instruments, [*sdk.close, provider.shutdown])


def _made(meter: Meter, row: Instrument, read: Read) -> Record | None:
    about = (row.unit, row.description)
    match row.kind:
        case "counter":
            return meter.create_counter(row.name, *about).add
        case "histogram":
            return meter.create_histogram(row.name, *about, explicit_bucket_boundaries_advisory=row.boundaries).record
        case "gauge":
            meter.create_observable_gauge(row.name, [partial(_observed, row, read)], *about)
            return None


def _observed(row: Instrument, read: Read, _: CallbackOptions) -> list[Observation]:
    return [Observation(value, attributes) for value, attributes in read(row)]
