"""Whose turn is next, and how long it has to wait: plain arithmetic, so that a forecast can play it ahead."""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Iterator
from copy import copy
from math import inf
from typing import Final, NamedTuple, Self

from .store import State

MARGIN: Final = 0.05  # s; for clocks that run at different rates, and the rounding of timers
_PATIENCE: Final = 4  # writes that may overtake a read before the next turn is the read's


class Turn(NamedTuple):
    """The next to go: a *read* or a write, not before *earliest*, leaving *spare* slots."""

    read: bool
    earliest: float
    spare: int


_WRITE: Final = Turn(read=False, earliest=-inf, spare=0)
_OVERDUE_READ: Final = Turn(read=True, earliest=-inf, spare=0)


class Turns:
    """Writes go before reads, but every fifth turn is the oldest read's, whatever else is said here of reads.

    Reads leave `LIMIT // 20` slots for writes, free or so near to it that a write waits for at most a twentieth of
    the *period*. So these slots are never idle for long, and reads alone get the whole LIMIT in every period; only the
    last few of a first burst come later. While writes are about (one in the last period), reads beyond a burst of
    LIMIT / 2 in a period go at LIMIT / 6 in any sixth of it.
    """

    def __init__(self, limit: int, period: float) -> None:
        self.soon: Final = period / 20
        self._period = period
        self._reserve = limit // 20
        self._burst = max(1, limit // 2)
        self._sixth = max(1, limit // 6)
        self._reads: deque[float] = deque(maxlen=limit)
        self._last_write = -inf
        self._overtaken = 0

    def next(self, writes: int, reads: int) -> Turn:
        """Say who is next of those that wait, at least one."""
        if writes:
            return _OVERDUE_READ if reads and self._overtaken >= _PATIENCE else _WRITE
        return Turn(read=True, earliest=self._unpaced(), spare=self._reserve)

    def took(self, at: float, *, read: bool, reads: int) -> None:
        """Note a turn that was taken while so many *reads* were waiting."""
        if read:
            self._reads.append(at)
            self._overtaken = 0
        else:
            self._last_write = at
            self._overtaken = self._overtaken + 1 if reads else 0

    def undo(self, at: float) -> None:
        """Forget a read's turn that was not used."""
        if at in self._reads:
            self._reads.remove(at)

    def horizon(self, waiting: int) -> int:
        """Tell how many slots a forecast for so many has to know of."""
        return waiting + self._reserve

    def forecast(self, state: State, now: float, writes: int, reads: int) -> Iterator[tuple[bool, float]]:
        """Play the turns ahead: for each that waits, whether it is a read, and its seconds from now.

        What is out is taken to be answered at once, and nobody to come.
        """
        turns, hold, at = self._fork(), self._period + MARGIN, now + state.shut
        ahead = self.horizon(writes + reads) + state.places
        due = [now] * min(state.free, ahead) + [now + wait for wait in state.cooling]
        due = sorted(due + [now + hold] * min(state.out, ahead))
        first = state.first
        while writes or reads:
            read, earliest, spare = turns.next(writes, reads)
            left = 0 if first else min(spare + state.places, len(due) - 1)
            first = False
            at = max(at, earliest, due[left] - self.soon, due.pop(0))
            insort(due, at + hold)
            turns.took(at, read=read, reads=reads)
            writes, reads = (writes, reads - 1) if read else (writes - 1, reads)
            yield read, at - now

    def _unpaced(self) -> float:
        """When the next read may go: as soon as no write is about, or the burst or the sixth has a place."""
        reads, quiet = self._reads, self._last_write + self._period
        if len(reads) < self._burst:
            return -inf
        return min(quiet, reads[-self._burst] + self._period, reads[-self._sixth] + self._period / 6)

    def _fork(self) -> Self:
        fork = copy(self)
        fork._reads = copy(self._reads)  # noqa: SLF001 - of its own kind
        return fork
