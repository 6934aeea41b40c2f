"""The permits of a server that shares its key with no other, in this process' memory."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from ..clock import now
from ..ledger import Budget, Status, Terms
from .store import Lease, lease


class MemoryStore:
    """A `Store` of *limit* permits. Only this server frees them, so none of its leases ends by itself."""

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

    def _now(self) -> tuple[Budget, float]:
        """Return the budget moved on to the present, and the reading of the clock."""
        moment = self._clock()
        self._budget.read("", moment)
        # The only server never leaves, and no time without requests makes it count as silent.
        self._budget.enroll(self._terms, self._budget)
        return self._budget, moment
