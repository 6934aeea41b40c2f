"""What catches the faults that nobody foresaw, so that one of them doesn't hide all other findings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from .finding import Finding

_REPORT: Final = "The fault is ours: please report it, with all that is told here."

T = TypeVar("T")


async def caught(subject: str, look: Awaitable[T], told: Callable[[list[Finding]], T]) -> T:
    """Await a *look*; where it fails, let it be *told* as a fault, without its words, in which there may be secrets."""
    try:
        return await look
    except Exception as fault:  # noqa: BLE001 - whatever it is
        return told([Finding(subject, "fault", f"can't be examined: {type(fault).__name__}", _REPORT)])
