"""Where telemetry leaves: a bounded queue and a thread that empties it, so that no call ever waits for a reader."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable, Sequence
from threading import Event, Thread
from time import monotonic
from typing import Final, Generic, Protocol, TypeVar

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

_PLACES: Final = 8192
_COMPLAIN_EVERY: Final = 60.0  # s
_LONGEST_COMPLAINT: Final = 200  # characters


class Sink(Protocol[T_contra]):
    """What an outlet empties its queue into, in a thread of its own; it may block, and it may raise."""

    def deliver(self, items: Sequence[T_contra]) -> None: ...  # noqa: D102

    def close(self) -> None: ...  # noqa: D102


class Complaints:
    """Says at most once in *every* seconds that telemetry is not delivered."""

    def __init__(
        self, write: Callable[[str], None], *, clock: Callable[[], float] = monotonic, every: float = _COMPLAIN_EVERY
    ) -> None:
        self._write = write
        self._clock = clock
        self._every = every
        self._again = -float("inf")

    def __call__(self, what: str) -> None:
        """Say it, unless something was said a moment ago."""
        moment = self._clock()
        if moment >= self._again:
            self._again = moment + self._every
            line = " ".join(what.split())[:_LONGEST_COMPLAINT]
            self._write(f"linktime-mcp: WARNING telemetry is not delivered: {line}\n")


class Overheard(logging.Handler):
    """Makes complaints of what the SDK logs, which is a line for each try and its stack."""

    def __init__(self, complain: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._complain = complain

    def emit(self, record: logging.LogRecord) -> None:
        """Say what was said, without the stack."""
        self._complain(record.getMessage())


class Outlet(Generic[T]):
    """A queue of at most *places* items, emptied about every *delay* seconds by a daemon thread.

    *make* builds the sink in that thread, when there is something for it: so it may import what it likes. When the
    queue is full, what comes is dropped.
    """

    def __init__(
        self, make: Callable[[], Sink[T]], complain: Callable[[str], None], *, delay: float, places: int = _PLACES
    ) -> None:
        self._make = make
        self._complain = complain
        self._delay = delay
        self._places = places
        self._queue: deque[T] = deque()
        self._news = Event()
        self._closing = Event()
        self._thread: Thread | None = None

    def put(self, item: T) -> None:
        """Take an item; never blocks and never raises."""
        if len(self._queue) >= self._places:
            return
        self._queue.append(item)
        if not self._news.is_set():
            self._news.set()
            if self._thread is None:
                self._thread = Thread(target=self._run, name="telemetry", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Ask that everything is delivered now."""
        self._closing.set()
        self._news.set()

    def join(self, seconds: float) -> None:
        """Wait for that, so long at most."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        sink: Sink[T] | None = None
        while not self._closing.is_set():
            self._news.wait()
            self._closing.wait(self._delay)
            self._news.clear()
            sink = self._deliver(sink)
        self._deliver(sink, last=True)

    def _deliver(self, sink: Sink[T] | None, *, last: bool = False) -> Sink[T] | None:
        try:
            sink = sink or self._make()
            if items := [self._queue.popleft() for _ in range(len(self._queue))]:
                sink.deliver(items)
            if last:
                sink.close()
        except Exception as error:  # noqa: BLE001 - a sink may fail as it likes, its text stays here
            self._complain(type(error).__name__)
        return sink


def to_stderr(text: str) -> None:
    """Write without the locks of `sys.stderr`, which a thread that is stuck in a full pipe would hold for everybody."""
    data = text.encode("utf-8", "replace")
    while data:
        data = data[os.write(2, data) :]
