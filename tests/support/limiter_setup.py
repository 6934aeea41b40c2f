"""Limiters over every kind of store, and a ledger that can be unavailable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from linktime.errors import Failure, Unavailable
from linktime.message import Reply
from linktime.pipeline.ledger import Budget, Ledger, LedgerUnavailable, Shared
from linktime.pipeline.ledger.interface import Step
from linktime.pipeline.limiter import Lease, Limiter, Permit, SharedStore, Store
from tests.support.ledger_homes import at_once, mature
from tests.support.virtual_time import clock

T = TypeVar("T")
Make = Callable[[int], Store]
Open = Callable[..., Shared]

ANSWER = Reply(200)
NOT_SENT = Unavailable("no connection", sent=False)
READS = {"writes": 0, "reads": 1}
WRITES = {"writes": 1, "reads": 0}


async def take(store: Store, count: int = 1) -> list[Lease]:
    """Take permits. Check that all of them are free."""
    taken = [await store.take(0, 0.0) for _ in range(count)]
    assert all(isinstance(slot, Lease) for slot in taken)
    return [slot for slot in taken if isinstance(slot, Lease)]


def seen(store: Store) -> tuple[object, ...]:
    """Return the status of the store: free, leased, cooling, blocked, breaker and grants."""
    status = store.status()
    return status.free, len(status.leased), status.cooling, status.blocked, status.breaker, status.grants


async def permit(limiter: Limiter, *, writes: int = 0, reads: int = 0) -> Permit:
    """Take a permit. Check that it is free."""
    answer = await limiter.take(writes=writes, reads=reads)
    assert isinstance(answer, Permit)
    return answer


async def grants(limiter: Limiter, seconds: float, *, outcome: Reply | Failure = ANSWER, **waiting: int) -> list[float]:
    """Take permits for some seconds, settle each at once, and return the times of the grants."""
    end, times = clock() + seconds, []
    while clock() < end:
        answer = await limiter.take(writes=waiting.get("writes", 0), reads=waiting.get("reads", 0))
        if isinstance(answer, float):
            await asyncio.sleep(min(answer + 1e-6, end - clock()))
        else:
            times.append(round(clock(), 2))
            await answer.settle(outcome)
    return times


async def settled(limiter: Limiter, outcome: Reply | BaseException | None, **waiting: int) -> None:
    """Take a permit and settle it with this outcome."""
    await (await permit(limiter, **(waiting or {"reads": 1}))).settle(outcome)


def limited(store: Store, period: float = 60.0) -> Limiter:
    """Return a limiter in virtual time."""
    return Limiter(store, period, clock=clock)


@dataclass
class Distant:
    """A ledger that can be unavailable."""

    ledger: Ledger
    away: bool = False
    deaf: bool = False  # a step is stored, and its answer is lost
    steps: int = 0

    @property
    def place(self) -> str:
        """Return the place of the ledger."""
        return self.ledger.place

    @property
    def clock(self) -> str:
        """Return the name of the clock of the ledger."""
        return self.ledger.clock

    def apply(self, step: Step[T]) -> T:
        """Apply a step, unless the ledger is unavailable."""
        self.steps += 1
        if self.away:
            raise LedgerUnavailable("it sleeps")
        result = self.ledger.apply(step)
        if self.deaf:
            raise LedgerUnavailable("no answer came")
        return result

    def peek(self) -> tuple[Budget, float] | None:
        """Return the stored budget."""
        return self.ledger.peek()

    def close(self) -> None:
        """Close the ledger."""
        self.ledger.close()


def distant(seat: Shared, *, away: bool = False) -> tuple[Distant, SharedStore]:
    """Return a ledger that can be unavailable, and the store of a server that uses it."""
    seat.ledger.apply(mature)
    far = Distant(seat.ledger, away)
    return far, SharedStore(far, seat.terms, run=at_once, clock=clock)
