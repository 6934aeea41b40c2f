"""Fast motion: an event loop whose clock runs ahead while every task waits for a timer."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

_T = TypeVar("_T")

_GLANCE: Final = 0.01  # s of real time without an event, after which the clock moves
_STEP: Final = 1.0  # s on the loop's clock; a timeout thus never comes before an answer that is on its way
_PASS: Final = 0.001  # s on the loop's clock for one pass, so that an effect is later than its cause


class _FastSelector(selectors.DefaultSelector):
    """A selector that waits for a timer in steps of *_STEP*, each of which takes *_GLANCE* of real time."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed = 0.0  # s on the loop's clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        # 1. Tasks are ready, or there is no timer: this is a pass like any other.
        # 2. All tasks wait, at least one for a timer: the clock moves unless an event comes first.
        waits = timeout is not None and timeout > 0
        events = super().select(_GLANCE if waits else timeout)
        self.elapsed += _PASS if events or not timeout else min(timeout, _STEP)
        return events


class _FastLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._fast = _FastSelector()
        super().__init__(self._fast)

    def time(self) -> float:
        return self._fast.elapsed


def run(main: Coroutine[Any, Any, _T]) -> _T:
    """Run *main* in fast motion. Its timers, and all clocks that read the loop's time, agree."""
    with asyncio.Runner(loop_factory=_FastLoop) as runner:
        return runner.run(main)
