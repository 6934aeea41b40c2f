"""The permits of a server that shares its key with no other, in this process' memory."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from uuid import uuid4

from ..clock import now
from ..ledger import Budget, Status, Terms
from .store import Lease, granted


class MemoryStore:
    """A `Store` of *limit* permits. Only this server frees them, so none of its leases ends by itself."""

    def __init__(self, limit: int, *, clock: Callable[[], float] = now) -> None:
        self.limit = limit
        self._clock = clock
        self._terms = Terms("", limit, 0.0, inf)
        self._budget = Budget(young=False)

    async def take(self, spare: int, soon: float) -> Lease | float:
        """Take a permit, or return the seconds to wait."""
        ident = uuid4().hex
        return granted(ident, self._now().take(self._terms, ident, spare, soon), self._clock())

    async def release(self, lease: Lease, after: float, *, closes: bool) -> None:
        """Free the permit *after* so many seconds."""
        self._now().release(self._terms, lease.ident, after, closes=closes)

    async def open_breaker(self, seconds: float) -> None:
        """Open the breaker for at least so long."""
        self._now().open_breaker(self._terms, seconds)

    def status(self) -> Status:
        """Return what is known now."""
        return self._now().status(self._terms)

    def _now(self) -> Budget:
        self._budget.read("", self._clock())
        self._budget.enroll(self._terms, self._budget)
        return self._budget
