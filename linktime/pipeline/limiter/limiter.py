"""The limiter: grants permits to send requests, and learns from their outcomes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Self

from ...errors import Failure, OutcomeUnknown, RateLimited, Unavailable
from ...message import Quota, Reply
from ..background import Background
from ..clock import now
from ..ledger import Breaker, Status
from .scheduling import MARGIN, Scheduler
from .store import Lease, Store

_GRACE: Final = 0.5  # s; a request that was given up may still be on its way
_FEW: Final = 2  # requests that the service still admits while another program spends them too
_FRESH: Final = 1.0  # s; a permit that was not used by then may outlive its lease, since the process stood still


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to send one *read* or write now. It must be settled exactly once."""

    read: bool
    lease: Lease
    at: float
    _limiter: Limiter

    @property
    def is_fresh(self) -> bool:
        """Return whether the request may still be sent."""
        return self._limiter.is_fresh(self)

    def settle(self, outcome: Reply | BaseException | None) -> asyncio.Task[None]:
        """Report the outcome of the request, None if it was not sent. The task need not be awaited."""
        return self._limiter.settle(self, outcome)


class Limiter:
    """Grants at most LIMIT requests in any *period*, as the service counts them.

    A permit of the *store* is taken when a request is sent, and is free a period after its response or failure was
    seen. The service counted that request before the response, and counts the permit's next request after it is sent.
    So the two are a period apart there too, whatever the network does. A 429 opens the circuit breaker of the key.
    """

    def __init__(self, store: Store, period: float, *, clock: Callable[[], float] = now) -> None:
        # Where the permits are, and for how long each is used
        self._store = store
        self._period = period
        self._clock = clock
        # Which request is next, and the steps on the store that outlive their caller
        self._scheduler = Scheduler(store.limit, period)
        self._background = Background()

    @property
    def limit(self) -> int:
        """Return how many requests may be sent in a period."""
        return self._store.limit

    @property
    def free(self) -> int:
        """Return how many permits are free now."""
        return self.counts[0]

    @property
    def counts(self) -> tuple[int, int]:
        """Return the number of free permits and of servers that share the budget."""
        return self._store.counts()

    @property
    def status(self) -> Status:
        """Return the budget as this server sees it now."""
        return self._store.status()

    async def take(self, *, writes: int, reads: int) -> Permit | float:
        """Grant a permit to one of the waiting requests, or return the seconds to wait.

        Infinity means that only the end of a request in flight can free a permit.
        """
        turn, moment = self._scheduler.next(writes, reads), self._clock()
        if turn.earliest > moment:
            return turn.earliest - moment
        # The step goes on if its caller is cancelled. A permit that then comes is given back.
        taking = self._background.start(self._store.take(turn.spare, self._scheduler.soon))
        try:
            lease = await asyncio.shield(taking)
        except asyncio.CancelledError:
            self._background.start(self._return(taking))
            raise
        if not isinstance(lease, Lease):
            return lease
        self._scheduler.took(moment, read=turn.read, reads=reads)
        return Permit(turn.read, lease, moment, self)

    def is_fresh(self, permit: Permit) -> bool:
        """Return whether *permit* was granted just now."""
        return self._clock() - permit.lease.since < _FRESH

    def settle(self, permit: Permit, outcome: Reply | BaseException | None) -> asyncio.Task[None]:
        """Release the permit: at once if nothing was sent, else a period after this moment."""
        if outcome is not None and not (isinstance(outcome, Unavailable) and not outcome.sent):
            return self._background.start(self._done(permit.lease, outcome))
        if permit.read:
            self._scheduler.undo(permit.at)
        return self._background.start(self._unused(permit.lease))

    def forecast(self, *, writes: int, reads: int) -> Iterator[tuple[bool, float]]:
        """Simulate the turns of the waiting requests: for each whether it is a read, and its seconds from now."""
        return self._scheduler.forecast(self.status, self._clock(), writes, reads)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._background.finish()

    def __repr__(self) -> str:
        status = self.status
        return (
            f"<Limiter {status.free} of {self.limit} permits free | {len(status.leased)} leased | {_breaker(status)}>"
        )

    async def _unused(self, lease: Lease) -> None:
        await self._store.release(lease, 0.0, closes=False)

    async def _done(self, lease: Lease, outcome: Reply | BaseException) -> None:
        if isinstance(outcome, RateLimited):
            seconds = self._period / 6 if outcome.retry_after is None else outcome.retry_after
            await self._store.open_breaker(seconds + MARGIN)
        # 1. A 429 opens the breaker before the permit is settled, so that no other request is sent in between.
        # 2. The permit cools down for a period, and longer if the request may still be on its way.
        # 3. The service is about to refuse requests that are not of these servers: the breaker opens until its reset.
        answered = _answered(outcome)
        await self._store.release(lease, self._period + MARGIN + (0.0 if answered else _GRACE), closes=answered)
        if isinstance(outcome, Reply) and outcome.quota.reset is not None and self._is_shared(lease, outcome.quota):
            await self._store.open_breaker(outcome.quota.reset + MARGIN)

    def _is_shared(self, lease: Lease, quota: Quota) -> bool:
        """Return whether the service is about to refuse, and counts requests of another program.

        Ours are those before this one, and at most all that were sent after it and may have overtaken it.
        """
        after = self.status.grants - lease.grant - 1
        return quota.remaining is not None and quota.remaining < min(_FEW + 1, lease.left - after)

    async def _return(self, taking: asyncio.Task[Lease | float]) -> None:
        lease = await taking
        if isinstance(lease, Lease):
            await self._unused(lease)


def _answered(outcome: Reply | BaseException) -> bool:
    """Return whether LinkTime answered, so that it has counted the request by now."""
    match outcome:
        case Unavailable():
            return False
        case OutcomeUnknown():
            return outcome.answered
        case _:
            return isinstance(outcome, Reply | Failure)


def _breaker(status: Status) -> str:
    remaining = f" for {status.blocked:.1f} s" if status.breaker is Breaker.OPEN else ""
    return f"breaker {status.breaker.value}{remaining}"
