"""The interface of the place that keeps the permits, and the store in this process's memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Protocol
from uuid import uuid4

from ..clock import now
from ..ledger import Budget, Status, Terms


@dataclass(frozen=True, slots=True)
class Lease:
    """A permit while a request holds it.

    *left* permits were free when it was granted, *grant* permits had been granted before it, and it began at *since*.
    """

    ident: str
    left: int
    grant: int
    since: float


class Store(Protocol):
    """LIMIT permits and the circuit breaker of a key, as one server sees them.

    The limiter runs each step to its end even if its caller is cancelled. A step does not raise: a store whose file or
    server is unavailable goes on by itself.
    """

    @property
    def limit(self) -> int:
        """How many permits there are, by this server's own settings."""

    async def take(self, spare: int, soon: float) -> Lease | float:
        """Take a permit if *spare* others are free or will be within *soon* seconds, else return the seconds to wait.

        While the breaker is half-open only one trial request gets a permit.
        """

    async def release(self, lease: Lease, after: float, *, closes: bool) -> None:
        """Free the permit *after* so many seconds. A trial request that was admitted *closes* the breaker."""

    async def open_breaker(self, seconds: float) -> None:
        """Open the breaker for at least so long. A trial request in flight no longer closes it."""

    def status(self) -> Status:
        """Return what is known now, without asking the file or server."""

    def counts(self) -> tuple[int, int]:
        """Return the number of free permits and of servers, which is less work than the whole status."""


def lease(budget: Budget, terms: Terms, *, spare: int, soon: float, since: float) -> Lease | float:
    """Take a permit of *budget*, or return the seconds to wait."""
    ident = uuid4().hex
    wait = budget.take(terms, ident, spare, soon)
    return wait or Lease(ident, max(0, budget.limit(terms) - budget.used()), budget.grants - 1, since)


class MemoryStore:
    """A `Store` of *limit* permits, for a server that shares its key with no other.

    Only this server frees them, so none of its leases ends by itself.
    """

    def __init__(self, limit: int, *, clock: Callable[[], float] = now) -> None:
        self.limit = limit
        self._clock = clock
        self._terms = Terms("", limit, 0.0, inf)
        self._budget = Budget(young=False)

    async def take(self, spare: int, soon: float) -> Lease | float:
        """Take a permit, or return the seconds to wait."""
        budget, since = self._now()
        return lease(budget, self._terms, spare=spare, soon=soon, since=since)

    async def release(self, lease: Lease, after: float, *, closes: bool) -> None:
        """Free the permit *after* so many seconds."""
        budget, _ = self._now()
        budget.release(self._terms, lease.ident, after, closes=closes)

    async def open_breaker(self, seconds: float) -> None:
        """Open the breaker for at least so long."""
        budget, _ = self._now()
        budget.open_breaker(seconds)

    def status(self) -> Status:
        """Return what is known now."""
        budget, _ = self._now()
        return budget.status(self._terms)

    def counts(self) -> tuple[int, int]:
        """Return the number of free permits and of servers."""
        budget, _ = self._now()
        return budget.free(self._terms), 1

    def _now(self) -> tuple[Budget, float]:
        """Return the budget moved on to the present, and the reading of the clock."""
        moment = self._clock()
        self._budget.read("", moment)
        # The only server never leaves, and no time without requests makes it count as silent.
        self._budget.enroll(self._terms, self._budget)
        return self._budget, moment
