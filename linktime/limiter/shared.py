"""The slots of a server that shares its key: in a ledger, and while that is away this server's share of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import zip_longest
from math import inf
from typing import Final
from uuid import uuid4

from ..clock import now
from ..ledger import RETRY, Away, Call, Forgotten, Ledger, Standing
from .process import ProcessStore
from .store import Slot, State

_SUPPOSED: Final = 3  # servers that share a ledger at least, as far as anybody knows who doesn't see it

log = logging.getLogger(__name__)


class SharedStore:
    """A Store of *limit* slots in a *ledger*, whose blocking steps *call* does.

    It always knows which slots are its own. So when the ledger is away it goes on alone, with its share of what the
    others did not hold when it saw them last, and when the ledger is back, or was made anew, it puts its own slots down
    there. For a lease it keeps to its share even then: by that time everybody else has done the same, or whatever they
    held is free. Servers that lost sight of the same ledger stay within the limit together.
    """

    def __init__(self, ledger: Ledger, limit: int, *, call: Call, clock: Callable[[], float] = now) -> None:
        self._ledger = ledger
        self._limit = limit
        self._call = call
        self._clock = clock
        self._own = ProcessStore(limit, clock=clock)
        self._standing = Standing(servers=_SUPPOSED)
        self._seen = -inf
        self._joined = False
        self._alone = False
        self._held: list[float] = []  # when what others are thought to hold will be free, the first first
        self._sharers = _SUPPOSED
        self._back = -inf
        self._sure = -inf
        self._steps = asyncio.Lock()

    @property
    def limit(self) -> int:
        """How many slots there are."""
        return self._limit

    async def join(self) -> None:
        """Let the others know of this server before it asks for anything."""
        await self._step(self._ledger.look)

    async def take(self, spare: int, soon: float) -> Slot | float:
        """Take a free slot, or tell how long to wait."""
        if self._alone:
            await self._step(self._ledger.look)
        if (unsure := self._sure - self._clock()) > 0 and (wait := self._wait(spare, soon)) > 0:
            return min(wait, unsure)
        ident = uuid4().hex
        standing = await self._step(partial(self._ledger.take, ident, spare, soon))
        if standing is None:
            wait = self._wait(spare, soon)
            return wait if wait > 0 else await self._own.take(spare, soon)
        if standing.wait:
            return standing.wait
        slot = Slot(ident, self.state().free, standing.turns - 1)
        self._own.hold(slot)
        return slot

    async def release(self, slot: Slot, after: float, *, opens: bool) -> None:
        """Make the slot free after so many seconds."""
        await self._own.release(slot, after, opens=opens)
        await self._step(partial(self._ledger.release, slot.ident, after, opens=opens))

    async def shut(self, seconds: float) -> None:
        """Shut the gate for at least so long."""
        await self._own.shut(seconds)
        await self._step(partial(self._ledger.shut, seconds))

    def state(self, ahead: int = 0) -> State:
        """Tell what is known at this moment: what the ledger said last, or alone this server's own."""
        if self._alone:
            self._share()
            return replace(self._own.state(ahead), servers=self._standing.servers)
        standing, passed = self._standing, self._clock() - self._seen
        cooling = [due - passed for due in standing.cooling if due > passed]
        out = sum(due > passed for due in standing.out)
        return State(
            free=max(0, self._limit - out - len(cooling)),
            out=out,
            cooling=tuple(cooling[: ahead + standing.places]),
            shut=max(0.0, standing.shut - passed),
            ajar=standing.ajar,
            turns=standing.turns,
            servers=standing.servers,
            places=standing.places,
            first=bool(out or cooling) and self._own.is_empty,
        )

    async def _step(self, step: Callable[[], Standing]) -> Standing | None:
        """Do it, or nothing while the ledger is away."""
        async with self._steps:
            if self._clock() < self._back:
                return None
            try:
                standing = await self._joining(step)
            except (Away, Forgotten) as fault:
                self._leave(fault)
                return None
            self._enter(standing)
            return standing

    async def _joining(self, step: Callable[[], Standing]) -> Standing:
        if self._joined:
            with suppress(Forgotten):
                return await self._call(step)
        await self._call(partial(self._ledger.join, self._own.live()))
        self._joined = True
        return await self._call(step)

    def _leave(self, fault: Exception) -> None:
        self._back = self._clock() + RETRY
        self._joined = False
        if not self._alone:
            self._beware()
            log.warning(
                "the shared budget can't be used (%s): going on alone, with a share of %s", fault, self._own.limit
            )
        self._alone = True

    def _enter(self, standing: Standing) -> None:
        if self._alone:
            log.warning("the shared budget is back")
            self._sure = self._clock() + self._ledger.lease
        elif standing.turns < self._standing.turns and self._clock() - self._seen < self._ledger.lease:
            self._beware()
        self._alone = False
        self._standing, self._seen = standing, self._clock()

    def _beware(self) -> None:
        """Keep to this server's share, since others may hold what the ledger doesn't know of.

        Of the slots that were in use, this server's own are thought to be the first that will be free. What is still
        to be reckoned with from the last time counts on.
        """
        moment = self._clock()
        used = sorted(self._seen + due for due in (*self._standing.cooling, *self._standing.out))
        others = [due for due in used if due > moment][len(self._own.live()) :]
        self._held = _later(self._held, others)
        self._sharers = max(_SUPPOSED, self._standing.servers, self._sharers if moment < self._sure else 0)
        self._sure = moment + self._ledger.lease
        self._share()

    def _share(self) -> None:
        """Let this server have its part of what the others don't hold: one at least, when they hold nothing."""
        moment = self._clock()
        self._held = [due for due in self._held if due > moment]
        self._own.limit = max(0 if self._held else 1, (self._limit - len(self._held)) // self._sharers)

    def _wait(self, spare: int, soon: float) -> float:
        """Tell how long to wait for a slot of the share, which grows as others' slots become free."""
        self._share()
        wait = self._own.wait(spare, soon)
        return min([wait, *(due - self._clock() for due in self._held[:1])])


def _later(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """Take of two ordered lists of moments what is at least as long, and as late, as either."""
    return sorted(map(max, zip_longest(reversed(one), reversed(other), fillvalue=-inf)))
