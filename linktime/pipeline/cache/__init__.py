"""Answers reads that were answered a moment ago, and lets equal reads share one request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from math import inf
from typing import Any, Final

from cachetools import TLRUCache

from ...errors import BudgetSpent, Failure, OutcomeUnknown, Overloaded, ShuttingDown, Unavailable
from ...message import UNSTATED, Notes, Reply, Request, Send
from ...telemetry import hooks
from ..ledger import ChangeFeed
from .epochs import Epochs

_GRACE: Final = 0.1  # s; at the deadline itself the layers below refuse, and they know when to call again
_LATE: Final = "no answer came before this call's deadline; it was a read, so nothing was changed. Try again later."
_LEAVING: Final = "the server is leaving and this call was not made; nothing was changed."


class Cache:
    """A `Send` that keeps answers to reads for *ttl* seconds, at most *size* of them, and joins equal reads under way.

    An answer is shared by all who ask for it: its data is to be read, never changed. What a write touched is neither
    served nor joined once that write has ended; after a write of unknown outcome reads may still be joined, but for
    *settle* seconds they are not kept. Other servers' writes are heard of in the *journal*, and ours told there. With a
    *ttl* of 0 nothing is kept or joined. *clock* counts a machine's sleep.

    Every request runs in a task of its own. A caller who is cancelled leaves it to the others; the last one to leave
    cancels it, upon which the layers below drop what still waits and finish what was sent.
    """

    def __init__(
        self,
        send: Send,
        *,
        clock: Callable[[], float],
        ttl: float = 30.0,
        size: int = 1024,
        settle: float = 10.0,
        journal: ChangeFeed | None = None,
    ) -> None:
        self._send = send
        self._clock = clock
        self._ttl = ttl
        self._settle = settle
        self._epochs = Epochs(clock, journal)
        self._kept: TLRUCache[Request, _Kept, float] = TLRUCache(size, lambda _, kept, __: kept.since + ttl, clock)
        self._shared: dict[Request, _Flight] = {}
        self._flights: set[_Flight] = set()
        self._closed = False

    def __repr__(self) -> str:
        return f"<Cache {len(self._kept)} kept | {len(self._flights)} under way>"

    async def __call__(self, request: Request) -> Reply:
        """Answer a read from what is kept or under way, else by a request; a write always makes one.

        Raises Unavailable where a read has no answer by its deadline; a write is waited for until it ends.
        """
        if not request.is_read:
            return await self._launch(request, self._change).reply()
        if not self._ttl:
            return (await self._launch(request, self._fetch).reply(self._patience(request))).noted(Notes(cache="off"))
        await self._epochs.hear()
        return self._hit(request) or await self._join(request) or await self._miss(request)

    def epoch(self, request: Request) -> int:
        """Count up to the latest write that touched what *request* asks for, as far as was heard."""
        return self._epochs.now(request.tags)

    def settled(self, request: Request) -> bool:
        """Return whether LinkTime shows every known write to the tags of *request* by now."""
        return self._epochs.settled(request.tags)

    async def aclose(self) -> None:
        """Begin nothing more, cancel what is under way and wait for the writes that were sent.

        A read that was sent ends with the layer that holds it.
        """
        self._closed = True
        for flight in self._flights:
            flight.task.cancel()
        if writes := [flight.task for flight in self._flights if not flight.request.is_read]:
            await asyncio.wait(writes)

    def _hit(self, request: Request) -> Reply | None:
        kept = self._kept.get(request)
        if kept is None or kept.epoch != self._epochs.now(request.tags):
            return None
        return kept.reply.noted(Notes(cache="hit", age_seconds=round(self._clock() - kept.since, 1)))

    async def _join(self, request: Request) -> Reply | None:
        """Share an equal read's answer; None if there is none under way, or none whose end is this one's business."""
        while flight := self._shared.get(request):
            if flight.task.done() or flight.epoch != self._epochs.now(request.tags):
                return None
            try:
                reply = await flight.reply(self._patience(request))
            except Failure as failure:
                if not flight.spoilt(failure, request):
                    raise
            else:
                hooks.joined(flight.operation)
                return reply.noted(Notes(cache="coalesced"))
        return None

    async def _miss(self, request: Request) -> Reply:
        flight = self._shared[request] = self._launch(request, self._fetch)
        return (await flight.reply(self._patience(request))).noted(Notes(cache="miss"))

    def _launch(self, request: Request, work: Callable[[Request], Coroutine[Any, Any, Reply]]) -> _Flight:
        if self._closed:
            raise ShuttingDown(_LEAVING)
        flight = _Flight(request, self._epochs.now(request.tags), asyncio.create_task(work(request)))
        self._flights.add(flight)
        flight.task.add_done_callback(lambda _: self._landed(flight))
        return flight

    def _landed(self, flight: _Flight) -> None:
        self._flights.discard(flight)
        if self._shared.get(flight.request) is flight:
            del self._shared[flight.request]
        if not flight.task.cancelled():
            flight.task.exception()  # whoever waits has it; without waiters asyncio would report it as lost

    async def _fetch(self, request: Request) -> Reply:
        keep = not request.volatile and self._epochs.settled(request.tags)
        epoch = self._epochs.now(request.tags)
        reply = await self._send(request)
        if keep and epoch == self._epochs.now(request.tags):
            # Its notes and quota tell of this request alone.
            self._kept[request] = _Kept(replace(reply, notes=Notes(), quota=UNSTATED), epoch, self._clock())
        return reply

    async def _change(self, request: Request) -> Reply:
        try:
            reply = await self._send(request)
        except (BudgetSpent, Overloaded, ShuttingDown):  # as when cancelled, nothing was sent
            raise
        except Exception as error:
            await self._epochs.bump(request.tags, settle=0.0 if _is_settled(error) else self._settle)
            raise
        await self._epochs.bump(request.tags)
        return reply

    def _patience(self, request: Request) -> float | None:
        """Seconds that a read waits for its answer."""
        return None if request.deadline == inf else request.deadline - self._clock() + _GRACE


def _is_settled(error: Exception) -> bool:
    """Return whether a write that failed so can't take effect any more."""
    return isinstance(error, Failure) and not isinstance(error, OutcomeUnknown)


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer, the *epoch* in which its fetch began, and *since* when it is here."""

    reply: Reply
    epoch: int
    since: float


class _Flight:
    """A request under way: its *task*, the *epoch* in which it began, its *operation* in a trace, and how many wait."""

    def __init__(self, request: Request, epoch: int, task: asyncio.Task[Reply]) -> None:
        self.request = request
        self.epoch = epoch
        self.task = task
        self.operation = hooks.current()
        self._waiting = 0

    async def reply(self, patience: float | None = None) -> Reply:
        """Wait for the answer, at most *patience* seconds; the last to leave before it comes cancels the task."""
        self._waiting += 1
        try:
            await asyncio.wait({self.task}, timeout=patience)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self.task.cancel()
        if not self.task.done():
            raise Unavailable(_LATE, sent=True)
        if self.task.cancelled():
            raise ShuttingDown(_LEAVING)
        return self.task.result()

    def spoilt(self, failure: Failure, request: Request) -> bool:
        """Whether it failed only because those who asked first had less time than *request*, or left."""
        hurried = isinstance(failure, BudgetSpent) and self.request.deadline < request.deadline
        return hurried or (self.task.done() and self.task.cancelling() > 0)
