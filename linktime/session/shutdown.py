"""The end of a session, as those who still read feel it."""

from __future__ import annotations

import asyncio

from ..errors import ShuttingDown
from ..message import Reply, Request, Send


class DrainedReads:
    """A `Send` whose reads can be told to end; a write is always waited for."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._reads: set[asyncio.Timeout] = set()

    async def __call__(self, request: Request) -> Reply:
        """Send it on; raises ShuttingDown where a read was ended."""
        return await (self._read(request) if request.is_read else self._send(request))

    def hurry(self, patience: float) -> None:
        """End every read that is still under way in *patience* seconds."""
        by = asyncio.get_running_loop().time() + patience
        for limit in self._reads:
            if not limit.expired():
                limit.reschedule(min(by, limit.when() or by))

    async def _read(self, request: Request) -> Reply:
        try:
            async with asyncio.timeout(None) as limit:
                self._reads.add(limit)
                try:
                    return await self._send(request)
                finally:
                    self._reads.discard(limit)
        except TimeoutError:
            if not limit.expired():
                raise
            raise ShuttingDown("the server is leaving and this read was not waited for; nothing was changed.") from None
