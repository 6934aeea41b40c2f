"""Epochs: write counters, which show whether an answer is stale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from math import inf
from typing import Final

from ..ledger import Change, ChangeFeed

_LAG: Final = 3.0  # s after a write in which a replica of LinkTime may not show it


class Epochs:
    """A write counter for each tag, over the writes of this server and those that other servers publish.

    An answer belongs to the epoch in which its read began: the number of writes to its tags. Once that number is
    another one, the answer is stale.
    """

    def __init__(self, clock: Callable[[], float], changes: ChangeFeed | None = None) -> None:
        self._clock = clock
        # the writes of the other servers, and whether they were polled at least once
        self._changes = changes
        self._polled = False
        # the number of writes: to each tag, and to every tag
        self._writes: Counter[str] = Counter()
        self._writes_to_all = 0
        # the time on the clock at which every replica shows the writes: to each tag, and to all
        self._settled: dict[str, float] = {}
        self._all_settled = -inf

    def now(self, tags: Iterable[str]) -> int:
        """Return the epoch of *tags*: the number of writes to them. A write to several of them counts for each."""
        return self._writes_to_all + sum(self._writes[tag] for tag in tags)

    def settled(self, tags: Iterable[str]) -> bool:
        """Return whether every replica shows the writes to *tags*."""
        now = self._clock()
        return self._all_settled <= now and all(self._settled.get(tag, now) <= now for tag in tags)

    async def poll(self) -> None:
        """Count the writes of the other servers since the last poll.

        If some of them can't be known any more, they count as writes to every tag. The first poll has no answers that
        could be stale.
        """
        if self._changes is None:
            return
        changes = await self._changes.poll()
        if changes is None and self._polled:
            self._count_for_all()
        self._polled = True
        for change in changes or ():
            self._count(change)

    async def bump(self, tags: Iterable[str], *, settle: float = 0.0) -> None:
        """Count a write to *tags* and publish it.

        Args:
            tags: The tags of the data that it changes.
            settle: Seconds in which it may still take effect.
        """
        change = Change(frozenset(tags), settle)
        self._count(change)
        if self._changes is not None:
            await self._changes.publish(change)

    def _count(self, change: Change) -> None:
        self._writes.update(change.tags)
        for tag in change.tags:
            settled = self._clock() + max(change.settle, _LAG)
            self._settled[tag] = max(self._settled.get(tag, settled), settled)

    def _count_for_all(self) -> None:
        self._writes_to_all += 1
        self._all_settled = self._clock() + _LAG
