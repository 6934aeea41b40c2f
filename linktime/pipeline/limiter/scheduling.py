"""Which request is next, and how long it has to wait. Pure arithmetic, so that a forecast can simulate it."""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Iterator
from copy import copy
from math import inf
from typing import Final, NamedTuple, Self

from ..ledger import Status

MARGIN: Final = 0.05  # s; for clocks that run at different rates, and the rounding of timers
_PATIENCE: Final = 4  # writes in a row that may overtake a waiting read


class Turn(NamedTuple):
    """The next request: a *read* or a write, not before *earliest*, with *spare* permits left free."""

    read: bool
    earliest: float
    spare: int


_WRITE: Final = Turn(read=False, earliest=-inf, spare=0)
_OVERDUE_READ: Final = Turn(read=True, earliest=-inf, spare=0)


def reserved_for_writes(limit: int) -> int:
    """Return the number of permits that reads leave to writes."""
    return limit // 20


class Scheduler:
    """Writes go first. After four writes in a row the oldest read is next, regardless of the rules below.

    1. Reads leave `LIMIT // 20` permits for writes, free or so nearly free that a write waits for at most a twentieth
       of the *period*. So these permits are never idle for long, and reads alone get the whole LIMIT in every period.
    2. If there was a write in the last period, reads beyond a burst of LIMIT / 2 in a period are paced at LIMIT / 6 in
       any sixth of it.
    """

    def __init__(self, limit: int, period: float) -> None:
        # Derived from the settings
        self.soon: Final = period / 20
        self._period = period
        self._reserve = reserved_for_writes(limit)
        self._burst = max(1, limit // 2)
        self._sixth = max(1, limit // 6)
        # Past turns
        self._reads: deque[float] = deque(maxlen=limit)
        self._last_write = -inf
        self._overtaken = 0  # writes in a row that overtook a read

    def next(self, writes: int, reads: int) -> Turn:
        """Return the next turn. At least one request is waiting."""
        if writes:
            return _OVERDUE_READ if reads and self._overtaken >= _PATIENCE else _WRITE
        return Turn(read=True, earliest=self._unpaced(), spare=self._reserve)

    def took(self, at: float, *, read: bool, reads: int) -> None:
        """Record a turn that was taken while so many *reads* were waiting."""
        if read:
            self._reads.append(at)
            self._overtaken = 0
        else:
            self._last_write = at
            self._overtaken = self._overtaken + 1 if reads else 0

    def undo(self, at: float) -> None:
        """Remove a read's turn that was not used."""
        if at in self._reads:
            self._reads.remove(at)

    def forecast(self, status: Status, now: float, writes: int, reads: int) -> Iterator[tuple[bool, float]]:
        """Simulate the turns: for each waiting request whether it is a read, and its seconds from now.

        Requests in flight count as answered now, and no other requests come.
        """
        scheduler, hold, at = self._fork(), self._period + MARGIN, now + status.blocked
        # When each permit can be used: those that are free, cool down, and are of requests in flight
        due = [now] * status.free + [now + wait for wait in status.cooling] + [now + hold] * len(status.leased)
        due += [now + self._period] * (status.limit - len(due))  # those beyond the share of a server in doubt
        due = sorted(due)[max(0, len(due) - status.limit) :]  # after a limit was lowered, too many are in use
        first = status.first
        while writes or reads:
            read, earliest, spare = scheduler.next(writes, reads)
            # A server without a permit has its first one at once: nothing is kept free for others from it.
            left = 0 if first else min(spare + status.reserved, len(due) - 1)
            first = False
            at = max(at, earliest, due[left] - self.soon, due.pop(0))
            insort(due, at + hold)
            scheduler.took(at, read=read, reads=reads)
            writes, reads = (writes, reads - 1) if read else (writes - 1, reads)
            yield read, at - now

    def _unpaced(self) -> float:
        """Return when the next read may go: if there is no recent write, or the burst or the sixth has room."""
        reads, quiet = self._reads, self._last_write + self._period
        if len(reads) < self._burst:
            return -inf
        return min(quiet, reads[-self._burst] + self._period, reads[-self._sixth] + self._period / 6)

    def _fork(self) -> Self:
        fork = copy(self)
        fork._reads = copy(self._reads)  # noqa: SLF001 - of its own kind
        return fork
