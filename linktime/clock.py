"""The one clock of caches, budgets and deadlines: it goes on while a laptop sleeps, where there is such a clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Final

# Linux' CLOCK_MONOTONIC stops in suspend, macOS' goes on, and Windows has neither but a time.monotonic that goes on.
_ID: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))

now: Final[Callable[[], float]] = time.monotonic if _ID is None else partial(time.clock_gettime, _ID)
"""Seconds since some moment in the past. Timers of asyncio run on another clock, so long sleeps are taken in pieces."""
