"""The queued messages, and when the turn of each comes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextvars import Context
from dataclasses import dataclass
from typing import Protocol

from ...message import Reply, Request


class Permit(Protocol):
    """Leave to send one read or write."""

    @property
    def read(self) -> bool:
        """Return which of the two."""

    @property
    def is_fresh(self) -> bool:
        """Return whether the request may still be sent."""

    def settle(self, outcome: Reply | BaseException | None) -> asyncio.Task[None]:
        """Report the outcome of the request, None if it was not sent."""


class Limiter(Protocol):
    """The limiter as a mailbox uses it, so that tests can replace it."""

    @property
    def limit(self) -> int:
        """Return how many permits there are."""

    @property
    def free(self) -> int:
        """Return how many are free now."""

    async def take(self, *, writes: int, reads: int) -> Permit | float:
        """Grant a permit to one of the waiting requests, or return the seconds to wait."""

    def forecast(self, *, writes: int, reads: int) -> Iterator[tuple[bool, float]]:
        """Simulate the turns of the waiting requests: for each whether it is a read, and its seconds from now."""


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """A message: the *request*, the future of its *reply*, the moment of its *arrival*, and its caller's *context*."""

    request: Request
    reply: asyncio.Future[Reply]
    arrival: float
    context: Context

    def answer(self, outcome: Reply | BaseException) -> None:
        """Set the reply or the error that the caller waits for."""
        if isinstance(outcome, Reply):
            self.reply.set_result(outcome)
        else:
            self.reply.set_exception(outcome)


class Queue:
    """A queue of writes and one of reads, the oldest first. The *limiter* decides the turns.

    A read that verifies a write is in the queue of the writes.
    """

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        # Each a queue in the order of arrival, from which a message can also be withdrawn
        self._writes: dict[Envelope, None] = {}
        self._reads: dict[Envelope, None] = {}

    def __len__(self) -> int:
        return len(self._writes) + len(self._reads)

    def __iter__(self) -> Iterator[Envelope]:
        yield from self._writes
        yield from self._reads

    def __contains__(self, envelope: Envelope) -> bool:
        return envelope in self._line(read=not envelope.request.is_urgent)

    @property
    def waiting(self) -> dict[str, int]:
        """Return how many messages wait in each queue."""
        return {"writes": len(self._writes), "reads": len(self._reads)}

    def add(self, envelope: Envelope) -> bool:
        """Append a message to its queue. Return True if it is the first there, which may change the next turn."""
        line = self._line(read=not envelope.request.is_urgent)
        line[envelope] = None
        return len(line) == 1

    def withdraw(self, envelope: Envelope) -> bool:
        """Remove a message. Return whether it was still queued."""
        waits = envelope in self
        self._line(read=not envelope.request.is_urgent).pop(envelope, None)
        return waits

    def pop(self, *, read: bool) -> Envelope | None:
        """Remove and return the oldest read or write, None if there is none."""
        envelope = next(iter(self._line(read=read)), None)
        if envelope:
            self.withdraw(envelope)
        return envelope

    def plan(self) -> list[tuple[Envelope, float]]:
        """Return each message with the seconds until its turn, in the order of turns."""
        lines = {True: iter(self._reads), False: iter(self._writes)}
        return [(next(lines[read]), wait) for read, wait in self._limiter.forecast(**self.waiting)]

    def wait_of_next(self, *, read: bool) -> float:
        """Return the seconds until the turn of a message that would arrive now."""
        counts = self.waiting
        counts["reads" if read else "writes"] += 1
        return [wait for of_read, wait in self._limiter.forecast(**counts) if of_read is read][-1]

    def _line(self, *, read: bool) -> dict[Envelope, None]:
        return self._reads if read else self._writes
