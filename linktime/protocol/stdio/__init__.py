"""The transport: JSON-RPC over this process's stdin and stdout, as the SDK's pair of streams."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ...front import Front
from .draining import DrainingReader, DrainingWriter, InFlight, Leave
from .pipes import pipes

__all__ = ["Leave", "streams"]


@asynccontextmanager
async def streams(
    leave: Leave, front: Front, platform: str = sys.platform
) -> AsyncIterator[tuple[DrainingReader, DrainingWriter]]:
    """Serve on stdin and stdout after the *front*. *leave* is called when the client or a signal ends the session.

    At the end of stdin its argument `finish` is True: calls that can start at once still may. On SIGTERM, SIGINT, a
    closed stdout or the death of the parent it is False: nothing more may be sent to LinkTime. In both cases the reader
    ends when every request is answered. *platform* is a name of `sys.platform`: it decides about threads and signals.
    """
    in_flight = InFlight()
    async with pipes(leave, front, platform) as (reader, writer):
        yield DrainingReader(reader, writer, in_flight, leave), DrainingWriter(writer, in_flight)
