"""Turns an unexpected exception of one check into a finding, so that it does not hide the other findings."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from .finding import Finding

_LONGEST: Final = 15.0  # s; a file system or a service of Windows may never answer
_REPORT: Final = "This is a fault of linktime-mcp: report it, with this whole output."

T = TypeVar("T")


async def guarded(subject: str, check: Awaitable[T], wrap: Callable[[list[Finding]], T]) -> T:
    """Await *check*, for at most _LONGEST seconds. *wrap* makes its result from one finding if it fails.

    The finding has only the class of the exception, because its text can contain secrets.
    """
    try:
        async with asyncio.timeout(_LONGEST):
            return await check
    except Exception as fault:  # noqa: BLE001 - any exception
        message = f"the check failed: {type(fault).__name__}"
        return wrap([Finding(subject, "fault", message, _REPORT, "check_failed")])
