"""Progress notifications: the wait of a call, reported to a client that asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from mcp.shared.exceptions import MCPError

from .sdk_server import Context

_EVERY: Final = 1.0  # s


@asynccontextmanager
async def reported(
    context: Context, wait: Callable[[], str | None], sleep: Callable[[float], Awaitable[None]]
) -> AsyncIterator[None]:
    """Report the message of *wait* every second during this block, unless it is None.

    Each report counts one more, because progress may only rise.
    """
    if not (context.meta and context.meta.get("progress_token") is not None):
        yield
        return
    reports = asyncio.ensure_future(_report(context, wait, sleep))
    try:
        yield
    finally:
        reports.cancel()


async def _report(context: Context, wait: Callable[[], str | None], sleep: Callable[[float], Awaitable[None]]) -> None:
    reports = 0
    with suppress(MCPError):  # the client closed the channel
        while True:
            await sleep(_EVERY)
            if message := wait():
                reports += 1
                await context.session.report_progress(reports, None, message)
