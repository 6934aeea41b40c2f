"""From the variables to outlets."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any, Final

from .instruments import Measurement
from .line import Lines
from .outlet import Complaints, Outlet, Sink, to_stderr
from .record import Gauges, Telemetry
from .span import Span
from .variables import Variables, Where

_SOON: Final = 0.2  # s; somebody may be reading along
_LATER: Final = 1.0  # s; so the SDK is imported after the start, not in it


def set_up(variables: Variables, *, arguments: bool = False, write: Callable[[str], None] = to_stderr) -> Telemetry:
    """Make the telemetry that *variables* ask for, with the *arguments* of calls or without; *write* is stderr."""
    complain, gauges = Complaints(write), Gauges()

    def spans(where: Where) -> Outlet[Span]:
        if where == "console":
            return Outlet(lambda: Lines(write), complain, delay=_SOON)
        return Outlet(partial(_otlp_spans, variables, complain), complain, delay=_LATER)

    def measurements(where: Where) -> Outlet[Measurement]:
        if where == "console":
            return Outlet(lambda: _exporters().metric_lines(variables.interval, gauges, write), complain, delay=_LATER)
        make = partial(_otlp_metrics, variables, gauges, complain)
        return Outlet(make, complain, delay=_LATER)

    return Telemetry(
        [spans(where) for where in variables.traces],
        [measurements(where) for where in variables.metrics],
        sampler=variables.sampler,
        gauges=gauges,
        arguments=arguments,
    )


def _otlp_spans(variables: Variables, complain: Callable[[str], None]) -> Sink[Span]:
    sink: Sink[Span] = _exporters().spans(variables.traces_protocol, complain)
    return sink


def _otlp_metrics(variables: Variables, gauges: Gauges, complain: Callable[[str], None]) -> Sink[Measurement]:
    sink: Sink[Measurement] = _exporters().metrics(variables.metrics_protocol, variables.interval, gauges, complain)
    return sink


def _exporters() -> Any:
    return import_module(".exporters", __package__)
