"""The recorder of a session, and the operation that a message is in OpenTelemetry's context."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Thread
from time import monotonic, time_ns
from typing import Final, NamedTuple, Self
from uuid import uuid4

from opentelemetry.context import Context, create_key, set_value
from opentelemetry.trace import NoOpTracer, Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context

from .instruments import OPERATION, SESSION, Attributes, Instrument, Value

_SOON: Final = 1.0  # s; the import would slow the start down
_EXIT: Final = 1.5  # s; clients kill a server 2 s after they closed its stdin
_LEAST: Final = 0.5  # s for the export if the SDK was loaded only at the end
_GAUGES: Final = 0.5  # s; for a loop that is busy
KEY: Final = create_key("linktime-operation")

Levels = Iterable[tuple[float, Attributes]]
Read = Callable[[Instrument], Levels]  # the present values of a gauge, from any thread
Record = Callable[[float, Attributes, Context | None], None]


class Sdk(NamedTuple):
    """OpenTelemetry's tracer and instruments. Each of *close* blocks until one exporter has everything."""

    tracer: Tracer = NoOpTracer()
    instruments: Mapping[Instrument, Record] = {}
    close: Sequence[Callable[[], object]] = ()

    def measure(self, instrument: Instrument, value: float, attributes: Attributes, span: Span | None = None) -> None:
        """Record a number with those of *attributes* that the instrument has. *span* is its exemplar."""
        if record := self.instruments.get(instrument):
            record(value, instrument.chosen(attributes), set_span_in_context(span) if span else None)


class Telemetry:
    """Records the spans and measurements of one session, as an async context manager. Without *load* it is off.

    *load* imports the SDK, in a thread and *after* seconds. What happens before is recorded then, with its true times.
    """

    def __init__(
        self, load: Callable[[Read], Sdk] | None = None, *, arguments: bool = False, after: float = _SOON
    ) -> None:
        # The session
        self.arguments = arguments
        self.session: dict[str, Value] = {"mcp.session.id": uuid4().hex, "network.transport": "pipe"}
        self._began = monotonic()
        # The SDK, and what waits for it
        self.sdk: Sdk | None = None
        self._load, self._after = load, after
        self._loading: asyncio.Task[None] | None = None
        self._waiting: list[Callable[[Sdk], None]] = []
        # The gauges
        self._gauges: dict[Instrument, Callable[[], Levels]] = {}

    def __bool__(self) -> bool:
        return self._load is not None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._alarm = self._loop.call_later(self._after, self._begin)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Export everything. A collector or a stderr that hangs delays this by _EXIT seconds at most."""
        self._alarm.cancel()
        now = monotonic()
        self.record(lambda sdk: sdk.measure(SESSION, now - self._began, self.session))
        await self._begin()
        until = max(now + _EXIT, monotonic() + _LEAST)
        threads = [Thread(target=close, name="telemetry", daemon=True) for close in (self.sdk or Sdk()).close]
        for thread in threads:
            thread.start()
        for thread in threads:
            await asyncio.to_thread(thread.join, max(0.0, until - monotonic()))

    def record(self, step: Callable[[Sdk], None]) -> None:
        """Run *step*, at once or as soon as the SDK is loaded."""
        if self.sdk:
            step(self.sdk)
        else:
            self._waiting.append(step)

    def observe(self, instrument: Instrument, levels: Callable[[], Levels]) -> None:
        """Let a gauge show *levels*, which is called on the loop."""
        self._gauges[instrument] = levels

    def _read(self, instrument: Instrument) -> Levels:
        """Return the values of a gauge, or none if its loop is busy or closed."""
        answer = Future[Levels]()
        with suppress(TimeoutError, RuntimeError):  # a closed loop raises the latter
            self._loop.call_soon_threadsafe(lambda: answer.set_result(self._gauges.get(instrument, list)()))
            return answer.result(_GAUGES)
        return ()

    def _begin(self) -> asyncio.Task[None]:
        self._loading = self._loading or asyncio.create_task(self._loaded())
        return self._loading

    async def _loaded(self) -> None:
        try:
            self.sdk = await asyncio.to_thread(self._load, self._read) if self._load else Sdk()
        except Exception as error:  # noqa: BLE001 - no fault of telemetry may end the server
            logging.getLogger("opentelemetry").warning("%s while the SDK was loaded", type(error).__name__)
            self.sdk = Sdk()
        for step in self._waiting:
            step(self.sdk)
        self._waiting.clear()


@dataclass(slots=True, eq=False)
class Operation:
    """One message of the client, under *parent*, the context of the client's span. *start* is in Unix nanoseconds."""

    telemetry: Telemetry
    name: str
    parent: Context
    attributes: dict[str, Value]
    start: int = field(default_factory=time_ns)
    status: Status | None = None
    _span: Span | None = None

    def span(self, sdk: Sdk) -> Span:
        """Return the server span, which starts now if the SDK was not loaded before."""
        self._span = self._span or sdk.tracer.start_span(self.name, self.parent, SpanKind.SERVER, start_time=self.start)
        return self._span

    def context(self) -> Context:
        """Return the context for everything that belongs to the message."""
        sdk = self.telemetry.sdk
        return set_value(KEY, self, set_span_in_context(self.span(sdk), self.parent) if sdk else self.parent)

    def fail(self, kind: str, word: str | None = None) -> None:
        """Mark the span as an error. *kind* is its `error.type`, *word* its description."""
        self.attributes["error.type"] = kind
        self.status = Status(StatusCode.ERROR, word)

    def measure(self, instrument: Instrument, value: float, attributes: Attributes) -> None:
        """Record a number. The span is its exemplar."""
        if self.telemetry.sdk is None or self.telemetry.sdk.instruments:
            self.telemetry.record(lambda sdk: sdk.measure(instrument, value, attributes, self.span(sdk)))

    def child(self, name: str, kind: SpanKind, start: int, attributes: Attributes, status: Status | None) -> None:
        """Record a span below this one that ends now."""
        end = time_ns()

        def step(sdk: Sdk) -> None:
            span = sdk.tracer.start_span(name, set_span_in_context(self.span(sdk)), kind, start_time=start)
            _end(span, end, attributes, status)

        self.telemetry.record(step)

    def end(self) -> None:
        """End the span, and with it the message."""
        end = time_ns()
        self.telemetry.record(lambda sdk: _end(self.span(sdk), end, self.attributes, self.status))
        self.measure(OPERATION, (end - self.start) / 1e9, self.attributes)


def _end(span: Span, end: int, attributes: Attributes, status: Status | None) -> None:
    span.set_attributes(attributes)
    if status:
        span.set_status(status)
    span.end(end)
