"""The cache: keeps answers to reads for a short time, and coalesces equal reads in flight."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from math import inf
from typing import Any, Final

from cachetools import TLRUCache

from ...errors import BudgetSpent, Failure, OutcomeUnknown, Overloaded, ShuttingDown
from ...message import UNSTATED, Notes, Reply, Request, Send
from ..ledger import ChangeFeed
from .epochs import Epochs
from .flight import LEAVING, Flight

_GRACE: Final = 0.1  # s after a deadline, at which the layers below refuse with the seconds to wait


class Cache:
    """A `Send` that answers reads from its store or from an equal read in flight, if it can.

    A write makes the answers with its tags stale when it ends, even if it failed. For some seconds after it, a replica
    of the service may still show the state before, so new answers are shared and not kept:

    | last write to the tags of a read | the read joins an equal one | the answer is kept |
    |---|---|---|
    | none, or long ago | yes | for *ttl* seconds |
    | ended less than 3 s ago | yes, if that began after the write | no |
    | has an unknown outcome, less than *settle* seconds ago | yes, if that began after the write | no |
    | ended after the read began | no | no |

    Callers share an answer, so they must not change its data.

    Args:
        send: Sends the request.
        clock: Seconds, also while the machine sleeps.
        ttl: Seconds. With 0 nothing is kept or shared.
        size: The largest number of answers. The least recently used one is dropped.
        settle: Seconds in which a write of unknown outcome may still take effect.
        changes: The writes of all servers with this key. None if the budget is not shared.
    """

    def __init__(
        self,
        send: Send,
        *,
        clock: Callable[[], float],
        ttl: float = 30.0,
        size: int = 1024,
        settle: float = 10.0,
        changes: ChangeFeed | None = None,
    ) -> None:
        self._send = send
        self._clock = clock
        self._ttl = ttl
        self._settle = settle
        self._epochs = Epochs(clock, changes)  # which answers are stale
        # the answers
        self._entries: TLRUCache[Request, _Entry, float] = TLRUCache(
            size, lambda _, entry, __: entry.since + ttl, clock
        )
        # the requests in flight: the latest read of each kind, which others may join, and all of them
        self._shared: dict[Request, Flight] = {}
        self._flights: set[Flight] = set()
        self._closed = False  # whether new requests are refused

    def __repr__(self) -> str:
        return f"<Cache {len(self._entries)} kept | {len(self._flights)} in flight>"

    async def __call__(self, request: Request) -> Reply:
        """Return the answer to *request*. A note states its origin.

        1. A write is a request of its own. The caller waits until it ends.
        2. With a *ttl* of 0, so is a read.
        3. A read is a hit, or joins an equal read, or is a miss.

        Raises:
            Unavailable: A read has no answer by its deadline.
            ShuttingDown: The cache is closed.
        """
        if not request.is_read:
            return await self._start(request, self._change).reply()
        if not self._ttl:
            return (await self._start(request, self._fetch).reply(self._time_left(request))).noted(Notes(cache="off"))
        await self.poll()
        return self._hit(request) or await self._join(request) or await self._miss(request)

    async def poll(self) -> None:
        """Count the writes that other servers have published."""
        await self._epochs.poll()

    def epoch(self, request: Request) -> int:
        """Return the number of known writes to the tags of *request*. A write to several tags counts for each."""
        return self._epochs.now(request.tags)

    def kept(self, collection: str) -> Iterator[Any]:
        """Yield the data of the kept answers about a *collection* that are not stale, from the latest."""
        for request in reversed(list(self._entries)):
            kept = self._entries.get(request) if request.collection == collection else None
            if kept and kept.epoch == self.epoch(request):
                yield kept.reply.data

    def settled(self, request: Request) -> bool:
        """Return whether every replica of LinkTime shows the known writes to the tags of *request*."""
        return self._epochs.settled(request.tags)

    async def aclose(self) -> None:
        """Refuse new requests, cancel those in flight, and wait for the writes that were sent.

        A read that was sent ends with the layer that holds it.
        """
        self._closed = True
        for flight in self._flights:
            flight.task.cancel()
        if writes := [flight.task for flight in self._flights if not flight.request.is_read]:
            await asyncio.wait(writes)

    def _hit(self, request: Request) -> Reply | None:
        entry = self._entries.get(request)
        if entry is None or entry.epoch != self.epoch(request):
            return None
        return entry.reply.noted(Notes(cache="hit", age_seconds=round(self._clock() - entry.since, 1)))

    async def _join(self, request: Request) -> Reply | None:
        """Return the answer of an equal read in flight, or None if there is none to share."""
        while flight := self._shared.get(request):
            if flight.task.done() or flight.epoch != self.epoch(request):
                return None
            try:
                reply = await flight.reply(self._time_left(request))
            except Failure as failure:
                if not flight.is_foreign(failure, request):
                    raise
            else:
                flight.joined()
                return reply.noted(Notes(cache="coalesced"))
        return None

    async def _miss(self, request: Request) -> Reply:
        flight = self._shared[request] = self._start(request, self._fetch)
        return (await flight.reply(self._time_left(request))).noted(Notes(cache="miss"))

    def _start(self, request: Request, work: Callable[[Request], Coroutine[Any, Any, Reply]]) -> Flight:
        if self._closed:
            raise ShuttingDown(LEAVING)
        flight = Flight(request, self.epoch(request), asyncio.create_task(work(request)))
        self._flights.add(flight)
        flight.task.add_done_callback(lambda _: self._end(flight))
        return flight

    def _end(self, flight: Flight) -> None:
        self._flights.discard(flight)
        if self._shared.get(flight.request) is flight:
            del self._shared[flight.request]
        if not flight.task.cancelled():
            flight.task.exception()  # or asyncio reports a failure without callers as never retrieved

    async def _fetch(self, request: Request) -> Reply:
        """Send a read, and keep its answer unless a write may have ended meanwhile or a replica may lag."""
        keep = not request.volatile and self.settled(request)
        epoch = self.epoch(request)
        reply = await self._send(request)
        if keep and epoch == self.epoch(request):
            # its notes and quota belong to this request only, except for the note about the answer itself
            self._entries[request] = _Entry(
                replace(reply, notes=Notes(lacks=reply.notes.lacks), quota=UNSTATED), epoch, self._clock()
            )
        return reply

    async def _change(self, request: Request) -> Reply:
        """Send a write, and make the answers with its tags stale when it ends."""
        # 1. Nothing was sent, so nothing is stale. A cancelled write is such a case, too.
        # 2. The outcome is unknown: the write may take effect for some more seconds.
        # 3. The write ended, by a reply or by a failure.
        try:
            reply = await self._send(request)
        except (BudgetSpent, Overloaded, ShuttingDown):
            raise
        except Exception as error:
            has_ended = isinstance(error, Failure) and not isinstance(error, OutcomeUnknown)
            await self._epochs.bump(request.tags, settle=0.0 if has_ended else self._settle)
            raise
        await self._epochs.bump(request.tags)
        return reply

    def _time_left(self, request: Request) -> float | None:
        """Return the seconds that a read waits for its answer, None for no limit."""
        return None if request.deadline == inf else request.deadline - self._clock() + _GRACE


@dataclass(frozen=True, slots=True)
class _Entry:
    """An answer that is kept."""

    reply: Reply
    epoch: int  # of its tags, when its read began
    since: float  # s of the clock
