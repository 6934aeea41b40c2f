"""Does a ledger's blocking steps in a thread of its own, one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, TypeVar

_FAREWELL: Final = 0.5  # s; a ledger that takes longer to leave is left as it is, and forgets us by itself

T = TypeVar("T")


class Clerk:
    """Awaited with a step, gives what it gives; a step that was begun goes on even if nobody waits any more."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="linktime-ledger")

    async def __call__(self, step: Callable[[], T]) -> T:
        """Do it after those that came before."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, step)

    async def aclose(self, farewell: Callable[[], None]) -> None:
        """Do the *farewell* and nothing more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                await self(farewell)
        self._thread.shutdown(wait=False, cancel_futures=True)
