"""Runs the blocking steps of a ledger in one thread, one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, TypeVar

_FAREWELL: Final = 0.5  # s; a ledger that closes more slowly is left alone, and its leases end by themselves

T = TypeVar("T")


class Executor:
    """A `Runner`. A step that has started finishes even if its caller is cancelled."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="linktime-ledger")

    async def __call__(self, step: Callable[[], T]) -> T:
        """Run *step* after those that came before, and return its result."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, step)

    async def aclose(self, farewell: Callable[[], None]) -> None:
        """Run *farewell* for at most _FAREWELL seconds, and nothing after it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                await self(farewell)
        self._thread.shutdown(wait=False, cancel_futures=True)
