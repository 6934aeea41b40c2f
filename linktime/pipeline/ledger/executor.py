"""Runs the blocking steps of a ledger in one thread, one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, TypeVar

_FAREWELL: Final = 0.5  # s; a ledger that closes more slowly is left alone, and its leases end by themselves

T = TypeVar("T")


class Executor:
    """A `Runner`. A step that has started finishes even if its caller is cancelled.

    A `ThreadPoolExecutor` takes 12 µs more for each step, and the interpreter's exit waits for its thread.
    """

    def __init__(self) -> None:
        self._steps: SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any]] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._closed = False

    async def __call__(self, step: Callable[[], T]) -> T:
        """Run *step* after those that came before, and return its result. Raises RuntimeError after `aclose`."""
        if self._closed:
            raise RuntimeError("the executor is closed")
        if self._thread is None:
            self._thread = Thread(target=self._work, name="linktime-ledger", daemon=True)
            self._thread.start()
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._steps.put((step, result))
        return await result

    async def aclose(self, farewell: Callable[[], None]) -> None:
        """Run *farewell* for at most _FAREWELL seconds, and nothing after it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                await self(farewell)
        self._closed = True
        self._steps.put(None)

    def _work(self) -> None:
        while (work := self._steps.get()) is not None:
            step, result = work
            try:
                outcome = partial(_succeed, result, step())
            except Exception as fault:  # noqa: BLE001 - it is the caller's
                outcome = partial(_fail, result, fault)
            with suppress(RuntimeError):  # the loop ended before the step
                result.get_loop().call_soon_threadsafe(outcome)


def _succeed(result: asyncio.Future[T], value: T) -> None:
    if not result.done():
        result.set_result(value)


def _fail(result: asyncio.Future[Any], fault: Exception) -> None:
    if not result.done():
        result.set_exception(fault)
