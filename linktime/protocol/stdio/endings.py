"""The events that end a session besides the end of its input."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, Protocol

from ...pipeline.system import WINDOWS
from .threads import call_in

_NAMES: Final = ("SIGINT", "SIGTERM", "SIGBREAK")  # only Windows has the last one: Ctrl+Break, or a closed window
_POLL_EVERY: Final = 1.0  # s


class Output(Protocol):
    """The part of `PipeWriter` that is used here."""

    @property
    def taken(self) -> int | None: ...  # noqa: D102
    def abort(self) -> None: ...  # noqa: D102


def ending_signals(signals: Mapping[str, int] = signal.Signals.__members__) -> list[int]:
    """Return the numbers of the *signals* that end a session."""
    return [signals[name] for name in _NAMES if name in signals]


def on_signals(loop: asyncio.AbstractEventLoop, action: Callable[[], None], platform: str) -> None:
    """Run *action* in the loop at each SIGINT and SIGTERM."""
    for number in ending_signals():
        if platform == WINDOWS:  # its loops have no handlers
            signal.signal(number, lambda *_: call_in(loop, action))
        else:
            loop.add_signal_handler(number, action)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})  # it may have come during the start


def restore_signals(loop: asyncio.AbstractEventLoop, platform: str) -> None:
    """Restore the default effects of SIGINT and SIGTERM."""
    for number in ending_signals():
        if platform == WINDOWS:
            signal.signal(number, signal.SIG_DFL)
        else:
            loop.remove_signal_handler(number)


async def when_gone(reader: asyncio.StreamReader, hang_up: Callable[[], None]) -> None:
    """Run *hang_up* when the client has closed its end of the output."""
    with suppress(ConnectionError):
        await reader.read()
    hang_up()


async def when_orphaned(hang_up: Callable[[], None], platform: str) -> None:
    """Run *hang_up* when the parent process has died, since another process may keep the pipe open.

    On Windows a process keeps the number of its parent, and asking for it lists all processes.
    """
    if platform == WINDOWS:
        return
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - no system has an event for it
        await asyncio.sleep(_POLL_EVERY)
    hang_up()


async def when_stalled(ended: asyncio.Event, output: Output, seconds: float) -> None:
    """After the session has *ended*, drop the output if the client takes no byte of it for so many *seconds*."""
    await ended.wait()
    # Some clients close stdin and do not read on, but keep stdout open. They must not hold the exit.
    before = output.taken
    while True:
        await asyncio.sleep(seconds)
        taken = output.taken
        if taken is not None and taken == before:
            output.abort()
        before = taken
