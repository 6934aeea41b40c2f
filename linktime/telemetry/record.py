"""Takes spans and measurements from wherever they are made, and hands them to the outlets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final
from uuid import uuid4

from .instruments import SESSION, Instrument, Measurement
from .outlet import Outlet
from .sampling import Sampler
from .span import Place, Span, SpanKind, Value, under

_EXIT: Final = 1.5  # s
_ASK: Final = 0.5  # s; for a loop that is busy with a call

Levels = Callable[[], Iterable[tuple[float, Mapping[str, Value]]]]
"""Tells the present values of a gauge, each with its attributes; it is called on the loop."""


class Gauges:
    """The gauges of a process; they are read on the loop that owns what they show, whichever thread asks."""

    def __init__(self) -> None:
        self._levels: dict[Instrument, Levels] = {}
        self._last: dict[Instrument, list[Measurement]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def observe(self, instrument: Instrument, levels: Levels) -> None:
        """Show *levels*; the running loop is theirs."""
        self._loop = asyncio.get_running_loop()
        self._levels[instrument] = levels

    def read(self, instrument: Instrument) -> Sequence[Measurement]:
        """Read one from another thread; what was last seen where the loop is busy or gone."""
        if self._loop is not None and instrument in self._levels:
            asked: Future[None] = Future()
            with suppress(TimeoutError, RuntimeError):  # the latter from a loop that is closed
                self._loop.call_soon_threadsafe(self._answer, instrument, asked)
                asked.result(_ASK)
        return self._last.get(instrument, [])

    def freeze(self) -> None:
        """Read all for the last time, since the loop is about to end."""
        for instrument in self._levels:
            self._see(instrument)
        self._loop = None

    def _answer(self, instrument: Instrument, asked: Future[None]) -> None:
        self._see(instrument)
        asked.set_result(None)

    def _see(self, instrument: Instrument) -> None:
        levels = self._levels[instrument]()
        self._last[instrument] = [Measurement(instrument, value, attributes, None) for value, attributes in levels]


class Telemetry:
    """One session's spans and measurements; without outlets it is off, and is false.

    *sampler* decides which traces are recorded; measurements always are. *arguments* asks for those of tool calls.
    """

    def __init__(
        self,
        spans: Sequence[Outlet[Span]] = (),
        measurements: Sequence[Outlet[Measurement]] = (),
        *,
        sampler: Sampler = lambda _, __: True,
        gauges: Gauges | None = None,
        arguments: bool = False,
    ) -> None:
        self._spans = spans
        self._measurements = measurements
        self._sampler = sampler
        self._gauges = gauges or Gauges()
        self._began = monotonic()
        self.arguments = arguments
        self.session: dict[str, Value] = {"mcp.session.id": uuid4().hex, "network.transport": "pipe"}

    def __bool__(self) -> bool:
        return bool(self._spans or self._measurements)

    def begin(self, name: str, kind: SpanKind, parent: Place | None, attributes: dict[str, Value]) -> Span:
        """Begin a trace, or go on with the one that the client began."""
        place = under(parent, sampled=True)
        sampled = bool(self._spans) and self._sampler(place.trace_id, parent)
        return Span(name, kind, place if sampled else place._replace(sampled=False), parent, attributes)

    def emit(self, span: Span) -> None:
        """End a span and send it off, if its trace is recorded."""
        span.end()
        if span.place.sampled:
            for outlet in self._spans:
                outlet.put(span)

    def measure(self, instrument: Instrument, value: float, attributes: Mapping[str, Value], span: Span | None) -> None:
        """Send off a number with those of *attributes* that the instrument knows; it belongs to *span*."""
        if self._measurements:
            item = Measurement(instrument, value, instrument.chosen(attributes), span.place if span else None)
            for outlet in self._measurements:
                outlet.put(item)

    def observe(self, instrument: Instrument, levels: Levels) -> None:
        """Have a gauge show *levels* from now on."""
        self._gauges.observe(instrument, levels)

    def close(self, patience: float = _EXIT) -> None:
        """Send everything off, and wait *patience* seconds at most until it has gone."""
        self.measure(SESSION, monotonic() - self._began, self.session, None)
        self._gauges.freeze()
        outlets: list[Outlet[Any]] = [*self._spans, *self._measurements]
        for outlet in outlets:
            outlet.close()
        until = monotonic() + patience
        for outlet in outlets:
            outlet.join(max(0.0, until - monotonic()))


@dataclass(frozen=True, slots=True)
class Here:
    """What is being done in the present context: *span*, which *telemetry* records."""

    telemetry: Telemetry
    span: Span

    def child(self, name: str, kind: SpanKind, attributes: dict[str, Value]) -> Span:
        """Begin a span under this one."""
        parent = self.span.place
        return Span(name, kind, under(parent, sampled=parent.sampled), parent, attributes)

    def count(self, instrument: Instrument, attributes: Mapping[str, Value]) -> None:
        """Count one."""
        self.telemetry.measure(instrument, 1, attributes, self.span)


here: Final[ContextVar[Here | None]] = ContextVar("here", default=None)
"""Set while a message is handled, and copied into every task that works for it; None where telemetry is off."""
