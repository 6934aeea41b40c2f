"""The recorder of a session, and what it needs of OpenTelemetry."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread
from time import monotonic
from typing import Any, Final, NamedTuple, Self
from uuid import uuid4

from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.trace import NoOpTracer, Span, Tracer, set_span_in_context

from .instruments import SESSION, Attributes, Instrument, Value

_SOON: Final = 1.0  # s; the import would slow the start down
_EXIT: Final = 1.5  # s; clients kill a server 2 s after they closed its stdin
_LEAST: Final = 0.5  # s for the export if the SDK was loaded only at the end

Levels = Iterable[tuple[float, Attributes]]
Record = Callable[[float, Attributes, Context | None], None]


class Sdk(NamedTuple):
    """OpenTelemetry's tracer and instruments. Each of *close* blocks until one exporter has everything."""

    tracer: Tracer = NoOpTracer()
    instruments: Mapping[Instrument, Record] = {}
    gauge: Callable[..., Any] = lambda *_: None
    close: Sequence[Callable[[], object]] = ()

    def measure(self, instrument: Instrument, value: float, attributes: Attributes, span: Span | None = None) -> None:
        """Record a number with those of *attributes* that the instrument has. *span* is its exemplar."""
        if record := self.instruments.get(instrument):
            own = {name: attributes[name] for name in instrument.attributes if name in attributes}
            record(value, own, set_span_in_context(span) if span else None)


class Telemetry:
    """Records the spans and measurements of one session, as an async context manager. It is off by default.

    *load* imports the SDK, in a thread and *after* seconds. What happens before is recorded then, with its true times.
    """

    def __init__(self, load: Callable[[], Sdk] = Sdk, *, arguments: bool = False, after: float = _SOON) -> None:
        # The session
        self.on, self.arguments = load is not Sdk, arguments
        self.session: dict[str, Value] = {"mcp.session.id": uuid4().hex, "network.transport": "pipe"}
        self._began, self._ending = monotonic(), asyncio.Event()
        # The SDK, and what waits for it
        self.sdk: Sdk | None = None
        self._load, self._after = load, after
        self._waiting: list[Callable[[Sdk], None]] = []

    async def __aenter__(self) -> Self:
        self._loading = asyncio.create_task(self._loaded())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Export everything. A collector or a stderr that hangs delays this by _EXIT seconds at most."""
        now = monotonic()
        self.record(lambda sdk: sdk.measure(SESSION, now - self._began, self.session))
        self._ending.set()
        sdk = await self._loading
        until = max(now + _EXIT, monotonic() + _LEAST)
        threads = [Thread(target=close, name="telemetry", daemon=True) for close in sdk.close]
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
        """Let a gauge show *levels*, which is called on the loop. If the loop is busy or closed, it shows nothing."""
        loop = asyncio.get_running_loop()

        def read(_: CallbackOptions) -> Iterable[Observation]:
            answer = Future[Levels]()
            with suppress(TimeoutError, RuntimeError):  # a closed loop raises the latter
                loop.call_soon_threadsafe(lambda: answer.set_result(levels()))
                return [Observation(*level) for level in answer.result(0.5)]  # s; for a loop that is busy
            return ()

        self.record(lambda sdk: sdk.gauge(instrument.name, [read], instrument.unit, instrument.description))

    async def _loaded(self) -> Sdk:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), self._after)
        try:
            self.sdk = await asyncio.to_thread(self._load)
        except Exception as error:  # noqa: BLE001 - no fault of telemetry may end the server
            logging.getLogger("opentelemetry").warning("%s while the SDK was loaded", type(error).__name__)
            self.sdk = Sdk()
        for step in self._waiting:
            step(self.sdk)
        self._waiting.clear()
        return self.sdk
