"""The messages that wait: who they are, and when each one's turn comes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextvars import Context
from dataclasses import dataclass
from typing import Protocol

from ..message import Reply, Request


class Permit(Protocol):
    """Leave to send one read or write."""

    @property
    def read(self) -> bool:
        """Which of the two."""

    def settle(self, outcome: Reply | BaseException | None) -> asyncio.Task[None]:
        """Tell what became of it, None if it was not used."""


class Limiter(Protocol):
    """What a mailbox asks of a limiter."""

    @property
    def limit(self) -> int:
        """How many slots there are."""

    @property
    def free(self) -> int:
        """How many are free now."""

    async def take(self, *, writes: int, reads: int) -> Permit | float:
        """Give a permit to one of those that wait, or say in how many seconds to ask again."""

    def forecast(self, *, writes: int, reads: int) -> Iterator[tuple[bool, float]]:
        """Play the turns of those that wait ahead: for each whether it is a read, and its seconds from now."""


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """A message: the *request*, where its *reply* goes, when it arrived, and the *context* it was called in."""

    request: Request
    reply: asyncio.Future[Reply]
    arrival: float
    context: Context

    def answer(self, outcome: Reply | BaseException) -> None:
        """Give the caller its reply, or the reason why there is none."""
        if isinstance(outcome, Reply):
            self.reply.set_result(outcome)
        else:
            self.reply.set_exception(outcome)


class Queue:
    """A line of writes and one of reads, the oldest first; *limiter* says whose turn it will be, and when."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._writes: dict[Envelope, None] = {}
        self._reads: dict[Envelope, None] = {}

    def __len__(self) -> int:
        return len(self._writes) + len(self._reads)

    def __iter__(self) -> Iterator[Envelope]:
        yield from self._writes
        yield from self._reads

    def __contains__(self, envelope: Envelope) -> bool:
        return envelope in self._line(read=envelope.request.is_read)

    @property
    def waiting(self) -> dict[str, int]:
        """How many wait in each line."""
        return {"writes": len(self._writes), "reads": len(self._reads)}

    def add(self, envelope: Envelope) -> bool:
        """Put it at the end of its line; True if it is the first there, which may change whose turn is next."""
        line = self._line(read=envelope.request.is_read)
        line[envelope] = None
        return len(line) == 1

    def withdraw(self, envelope: Envelope) -> bool:
        """Take it out, if it still waits."""
        waits = envelope in self
        self._line(read=envelope.request.is_read).pop(envelope, None)
        return waits

    def pop(self, *, read: bool) -> Envelope | None:
        """Take the oldest of this line out, if there is one."""
        envelope = next(iter(self._line(read=read)), None)
        if envelope:
            self.withdraw(envelope)
        return envelope

    def plan(self) -> list[tuple[Envelope, float]]:
        """Tell for each message the seconds until its turn, in the order of turns."""
        lines = {True: iter(self._reads), False: iter(self._writes)}
        return [(next(lines[read]), wait) for read, wait in self._limiter.forecast(**self.waiting)]

    def wait_of_next(self, *, read: bool) -> float:
        """Tell the seconds until the turn of one that would arrive now."""
        counts = self.waiting
        counts["reads" if read else "writes"] += 1
        return [wait for of_read, wait in self._limiter.forecast(**counts) if of_read is read][-1]

    def _line(self, *, read: bool) -> dict[Envelope, None]:
        return self._reads if read else self._writes
