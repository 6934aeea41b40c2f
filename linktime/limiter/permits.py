"""The limiter: gives out permits to send, and learns from what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar

from ..clock import now
from ..errors import Failure, OutcomeUnknown, RateLimited, Unavailable
from ..message import Reply
from ..ratelimit_headers import Quota
from .store import Slot, State, Store
from .turns import MARGIN, Turns

_GRACE: Final = 0.5  # s; a request that was given up may still be on its way
_FEW: Final = 2  # requests that the service still grants, when somebody else spends them too

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to send one *read* or write now; it has to be settled, once."""

    read: bool
    slot: Slot
    at: float
    _limiter: Limiter

    def settle(self, outcome: Reply | BaseException | None) -> asyncio.Task[None]:
        """Tell what became of it, None if it was not used; the task need not be waited for."""
        return self._limiter.settle(self, outcome)


class Limiter:
    """At most LIMIT requests in any *period*, as the service sees it.

    A slot of the *store* is taken when a request is sent, and is free again a period after its answer or failure was
    seen. The service counted it before that, and counts the slot's next request after it is sent: so the two are a
    period apart there too, whatever the network does. A 429 shuts the gate for everybody.
    """

    def __init__(self, store: Store, period: float, *, clock: Callable[[], float] = now) -> None:
        self._store = store
        self._period = period
        self._clock = clock
        self._turns = Turns(store.limit, period)
        self._errands: set[asyncio.Task[Any]] = set()

    @property
    def limit(self) -> int:
        """How many requests may be sent in a period."""
        return self._store.limit

    @property
    def free(self) -> int:
        """How many slots are free now."""
        return self._store.state().free

    @property
    def servers(self) -> int:
        """How many servers share the slots."""
        return self._store.state().servers

    async def take(self, *, writes: int, reads: int) -> Permit | float:
        """Give a permit to one of those that wait, or say in how many seconds, or after what is sent, to ask again."""
        turn, moment = self._turns.next(writes, reads), self._clock()
        if turn.earliest > moment:
            return turn.earliest - moment
        taking = self._run(self._store.take(turn.spare, self._turns.soon))
        try:
            slot = await asyncio.shield(taking)
        except asyncio.CancelledError:
            self._run(self._return(taking))
            raise
        if not isinstance(slot, Slot):
            return slot
        self._turns.took(moment, read=turn.read, reads=reads)
        return Permit(turn.read, slot, moment, self)

    def settle(self, permit: Permit, outcome: Reply | BaseException | None) -> asyncio.Task[None]:
        """Give the slot back: at once if nothing was sent, else a period after this moment."""
        if outcome is not None and not (isinstance(outcome, Unavailable) and not outcome.sent):
            return self._run(self._done(permit.slot, outcome))
        if permit.read:
            self._turns.undo(permit.at)
        return self._run(self._unused(permit.slot))

    def forecast(self, *, writes: int, reads: int) -> Iterator[tuple[bool, float]]:
        """Play the turns of those that wait ahead: for each whether it is a read, and its seconds from now."""
        state = self._store.state(self._turns.horizon(writes + reads))
        return self._turns.forecast(state, self._clock(), writes, reads)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        while self._errands:
            await asyncio.wait(self._errands)

    def __repr__(self) -> str:
        state = self._store.state()
        return f"<Limiter {state.free} of {self.limit} slots free | {state.out} out | {_gate(state)}>"

    async def _unused(self, slot: Slot) -> None:
        await self._store.release(slot, 0.0, opens=False)

    async def _done(self, slot: Slot, outcome: Reply | BaseException) -> None:
        if isinstance(outcome, RateLimited):
            told = self._period / 6 if outcome.retry_after is None else outcome.retry_after
            await self._store.shut(told + MARGIN)
        answered = _answered(outcome)
        await self._store.release(slot, self._period + MARGIN + (0.0 if answered else _GRACE), opens=answered)
        if isinstance(outcome, Reply) and outcome.quota.reset is not None and self._is_shared(slot, outcome.quota):
            await self._store.shut(outcome.quota.reset + MARGIN)

    def _is_shared(self, slot: Slot, quota: Quota) -> bool:
        """Whether the service is about to refuse us, and counts requests that are none of ours.

        Ours are those before this one, and at most all that were sent after it and may have overtaken it.
        """
        after = self._store.state().turns - slot.turn - 1
        return quota.remaining is not None and quota.remaining < min(_FEW + 1, slot.left - after)

    async def _return(self, taking: asyncio.Task[Slot | float]) -> None:
        slot = await taking
        if isinstance(slot, Slot):
            await self._unused(slot)

    def _run(self, errand: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Do it to its end, even if whoever asked for it is cancelled."""
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
        return task


def _answered(outcome: Reply | BaseException) -> bool:
    """Whether LinkTime spoke, so that it has counted the request by now."""
    match outcome:
        case Unavailable():
            return False
        case OutcomeUnknown():
            return outcome.answered
        case _:
            return isinstance(outcome, Reply | Failure)


def _gate(state: State) -> str:
    if state.shut:
        return f"gate shut for {state.shut:.1f} s"
    return "gate ajar for a probe" if state.ajar else "gate open"
