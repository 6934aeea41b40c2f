"""Write counters, by which the cache knows which answers are out of date."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf
from typing import Final

from ..ledger import Change, ChangeFeed

_LAG: Final = 3.0  # s after a write for which a replica of LinkTime may not show it


class Epochs:
    """A write counter for each tag. It counts our own writes and those that other servers report in the *journal*."""

    def __init__(self, clock: Callable[[], float], journal: ChangeFeed | None = None) -> None:
        self._clock = clock
        self._journal = journal
        # The number of the last write: in all, for each tag, and of those that may have changed anything.
        self._writes = 0
        self._changed: dict[str, int] = {}
        self._all = 0
        # The moment from which every replica of LinkTime shows the writes: for each tag, and for all.
        self._settled: dict[str, float] = {}
        self._all_settled = -inf
        # Whether the journal was polled.
        self._heard = False

    def now(self, tags: Iterable[str]) -> int:
        """Return the number of the latest write to any of *tags*. An answer of another number is out of date."""
        return max((self._changed.get(tag, self._all) for tag in tags), default=self._all)

    def settled(self, tags: Iterable[str]) -> bool:
        """Return whether every write to *tags* is visible by now, as far as it has taken effect."""
        now = self._clock()
        return self._all_settled <= now and all(self._settled.get(tag, now) <= now for tag in tags)

    async def hear(self) -> None:
        """Poll the journal and count the writes of other servers."""
        if self._journal is None:
            return
        changes = await self._journal.poll()
        if changes is None and self._heard:  # at first there is no answer that could be out of date
            self._forget()
        self._heard = True
        for change in changes or ():
            self._count(change)

    async def bump(self, tags: Iterable[str], *, settle: float = 0.0) -> None:
        """Count a write to *tags* that may take effect for *settle* more seconds, and publish it."""
        change = Change(frozenset(tags), settle)
        self._count(change)
        if self._journal is not None:
            await self._journal.publish(change)

    def _count(self, change: Change) -> None:
        self._writes += 1
        for tag in change.tags:
            self._changed[tag] = self._writes
            settled = self._clock() + max(change.settle, _LAG)
            self._settled[tag] = max(self._settled.get(tag, settled), settled)

    def _forget(self) -> None:
        """Count a write to every tag."""
        self._writes += 1
        self._all = self._writes
        self._all_settled = self._clock() + _LAG
        self._changed.clear()
