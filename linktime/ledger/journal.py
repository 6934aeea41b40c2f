"""What the servers of one key changed: told to the others, and heard of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from typing import TypeVar

from .book import RETRY, Away, Call, Change, Ledger

T = TypeVar("T")


class Journal:
    """The changes of a *ledger*; while that is away nothing is heard, and what is to be told waits.

    Nothing is heard before *joining* is done: a ledger that is being made can't be read.
    """

    def __init__(
        self, ledger: Ledger, call: Call, *, clock: Callable[[], float], joining: asyncio.Task[None] | None = None
    ) -> None:
        self._ledger = ledger
        self._call = call
        self._clock = clock
        self._joining = joining
        self._back = -inf
        self._untold: Change | None = None
        self._telling: set[asyncio.Task[None]] = set()

    @property
    def waits(self) -> bool:
        """Whether hearing takes a while."""
        return self._ledger.waits

    async def tell(self, change: Change) -> None:
        """Let the others know; a caller who is cancelled doesn't keep it from them."""
        self._keep(change)
        telling = asyncio.create_task(self._tell())
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)
        await asyncio.shield(telling)

    async def news(self) -> Sequence[Change] | None:
        """Hear what others changed since the last time; None if it may be anything."""
        if self._joining and not self._joining.done():
            await asyncio.wait((self._joining,))
        if self._untold:
            await self._tell()
        try:
            return await self._hear() if self.waits else self._ledger.news()
        except Away:
            return ()

    async def _hear(self) -> Sequence[Change] | None:
        if self._clock() < self._back:
            return ()
        return await self._do(self._ledger.news)

    async def _tell(self) -> None:
        if self._clock() < self._back or (change := self._untold) is None:
            return
        self._untold = None
        try:
            await self._do(partial(self._ledger.tell, change))
        except Away:
            self._keep(change)

    async def _do(self, step: Callable[[], T]) -> T:
        try:
            return await self._call(step)
        except Away:
            self._back = self._clock() + RETRY
            raise

    def _keep(self, change: Change) -> None:
        before = self._untold or change
        self._untold = Change(before.tags | change.tags, max(before.settle, change.settle))
