"""The feed of changes: tells the cache of this server which writes other servers made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from math import inf
from typing import TypeVar

from ..background import Background
from .interface import RETRY, Busy, Change, ChangeLog, LedgerUnavailable, Runner

T = TypeVar("T")


class ChangeFeed:
    """Publishes to a *log* and polls it. While it is unavailable, polls return nothing and changes are queued.

    Nothing is polled before *joining* is done: a file that is being made cannot be read.
    """

    def __init__(
        self, log: ChangeLog, run: Runner, *, clock: Callable[[], float], joining: asyncio.Task[None] | None = None
    ) -> None:
        # Where the changes are, and when it may be asked again
        self._log = log
        self._run = run
        self._clock = clock
        self._joining = joining
        self._retry_at = -inf
        # Both directions outlive a caller that is cancelled
        self._unsent: Change | None = None
        self._polled: list[Change] | None = []  # None: anything may have changed
        self._polling = asyncio.Lock()
        self._is_current = False  # until the end of this turn of the event loop
        self._background = Background()

    async def publish(self, change: Change) -> None:
        """Publish a change, even if the caller is cancelled."""
        self._queue(change)
        await asyncio.shield(self._background.start(self._send()))

    async def poll(self) -> Sequence[Change] | None:
        """Return what other servers changed since the last poll. None if it may be anything."""
        if self._joining and not self._joining.done():
            await asyncio.wait((self._joining,))
        if self._unsent:
            await self._send()
        # 1. The log answers at once: poll on the event loop, which is faster than a thread.
        # 2. The log waits for a network or a lock: poll in the thread, one caller at a time.
        if self._log.waits or self._polling.locked() or not self._poll_now():
            await asyncio.shield(self._background.start(self._poll_later()))
        changes, self._polled = self._polled, []
        return changes

    def _poll_now(self) -> bool:
        """Poll on the event loop. Return False if that would block it."""
        # One poll serves a whole turn of the loop: every call of that turn arrived before it.
        if self._is_current:
            return True
        try:
            self._keep(self._log.poll(patient=False))
        except Busy:
            return False
        except LedgerUnavailable:
            pass
        self._is_current = True
        asyncio.get_running_loop().call_soon(self._end_turn)
        return True

    def _end_turn(self) -> None:
        self._is_current = False

    async def _poll_later(self) -> None:
        async with self._polling:
            if self._clock() >= self._retry_at:
                with suppress(LedgerUnavailable):
                    self._keep(await self._do(partial(self._log.poll, patient=True)))

    async def _send(self) -> None:
        if self._clock() < self._retry_at or (change := self._unsent) is None:
            return
        self._unsent = None
        try:
            await self._do(partial(self._log.publish, change))
        except LedgerUnavailable:
            self._queue(change)

    async def _do(self, step: Callable[[], T]) -> T:
        try:
            return await self._run(step)
        except LedgerUnavailable:
            self._retry_at = self._clock() + RETRY
            raise

    def _queue(self, change: Change) -> None:
        # One change replaces those in the queue: it makes stale what any of them does.
        before = self._unsent or change
        self._unsent = Change(before.tags | change.tags, max(before.settle, change.settle))

    def _keep(self, changes: Sequence[Change] | None) -> None:
        self._polled = None if changes is None or self._polled is None else [*self._polled, *changes]
