"""The transport: JSON-RPC over this process's stdin and stdout, as the SDK's pair of streams."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mcp.server.stdio import stdio_server

from .held import HeldReader, HeldWriter, Leave, Unanswered
from .pipes import pipes

__all__ = ["Leave", "streams"]


@asynccontextmanager
async def streams(leave: Leave) -> AsyncIterator[tuple[HeldReader, HeldWriter]]:
    """Serve on stdin and stdout; *leave* is told when the client or a signal ends the session.

    It is told `finish` at the end of stdin: what can start at once still may. It is told not to on SIGTERM, SIGINT, a
    closed stdout or the death of the parent: nothing more may be sent. Either way the reader ends when every request
    is answered.
    """
    unanswered = Unanswered()
    async with pipes(leave) if _are_pipes(0, 1) else stdio_server() as (reader, writer):
        yield HeldReader(reader, writer, unanswered, leave), HeldWriter(writer, unanswered)


def _are_pipes(*descriptors: int) -> bool:
    if sys.platform == "win32":
        return False
    modes = [os.fstat(descriptor).st_mode for descriptor in descriptors]
    return all(
        stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(descriptor)
        for mode, descriptor in zip(modes, descriptors, strict=True)
    )
