"""Which writes made which answers old."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..ledger import Change, ChangeFeed


class Epochs:
    """When what stands behind each tag last changed, counted in writes: ours, and those that the *journal* tells of."""

    def __init__(self, clock: Callable[[], float], journal: ChangeFeed | None = None) -> None:
        self._clock = clock
        self._journal = journal
        self._writes = 0
        self._changed: dict[str, int] = {}
        self._settled: dict[str, float] = {}
        self._heard = False
        self._all = 0  # the last that may have touched anything

    def now(self, tags: Iterable[str]) -> int:
        """Count up to the latest write behind any of *tags*; what was fetched under another count is out of date."""
        return max((self._changed.get(tag, self._all) for tag in tags), default=self._all)

    def settled(self, tags: Iterable[str]) -> bool:
        """Whether no write behind *tags* can still take effect."""
        now = self._clock()
        return all(self._settled.get(tag, now) <= now for tag in tags)

    async def hear(self) -> None:
        """Count what other servers wrote meanwhile."""
        if self._journal is None:
            return
        changes = await self._journal.poll()
        if changes is None and self._heard:  # at first there is nothing that could be out of date
            self._forget()
        self._heard = True
        for change in changes or ():
            self._count(change)

    async def bump(self, tags: Iterable[str], *, settle: float = 0.0) -> None:
        """Count a write behind *tags* that may take effect for *settle* more seconds, and let other servers know."""
        change = Change(frozenset(tags), settle)
        self._count(change)
        if self._journal is not None:
            await self._journal.publish(change)

    def _count(self, change: Change) -> None:
        self._writes += 1
        for tag in change.tags:
            self._changed[tag] = self._writes
            if change.settle:
                self._settled[tag] = max(self._settled.get(tag, 0.0), self._clock() + change.settle)

    def _forget(self) -> None:
        """Take everything for changed."""
        self._writes += 1
        self._all = self._writes
        self._changed.clear()
