"""The one clock of caches, budgets and deadlines. It counts the time that a laptop sleeps, if the system can."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from .system import WINDOWS, windows


def clock_of(platform: str, libraries: Any = None, clocks: Any = time) -> Callable[[], float]:
    """Choose the clock that every process of this machine shares.

    Linux' CLOCK_MONOTONIC stops in suspend, that of macOS goes on. On Windows Python's monotonic clock is another one
    from 3.13 on, so the system's own is read, which counts sleep too. There *libraries* replaces those of the system,
    elsewhere *clocks* replaces the module `time`.
    """
    if platform == WINDOWS:
        from ctypes import c_uint64  # noqa: PLC0415 - only needed here

        ticks = (libraries or windows()).kernel32.GetTickCount64
        ticks.restype = c_uint64
        return lambda: float(ticks()) / 1000
    return partial(clocks.clock_gettime, getattr(clocks, "CLOCK_BOOTTIME", clocks.CLOCK_MONOTONIC))


now: Final[Callable[[], float]] = clock_of(sys.platform)
"""Seconds since some moment in the past. Timers of asyncio run on another clock, so long sleeps are taken in pieces."""


def utc_now() -> datetime:
    """Return the time of day in UTC."""
    return datetime.now(UTC)


def machine() -> str:
    """Return which clock `now` reads. It differs between machines, and on Linux also between boots and namespaces."""
    # Two processes may compare their readings only if both texts are equal.
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/time')}"  # noqa: PTH115 - it leads nowhere
    return socket.gethostname()
