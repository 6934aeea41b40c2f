"""The layer that ends reads in flight when the server shuts down."""

from __future__ import annotations

import asyncio

from ..errors import ShuttingDown
from ..message import Reply, Request, Send


class DrainedReads:
    """A `Send` whose reads can be ended. A write always runs to its end.

    | | a read in flight | a later read | a write |
    | --- | --- | --- | --- |
    | before `hurry` | runs | runs | runs |
    | after `hurry` | ends after *patience* seconds | runs: the mailbox refuses it | runs |
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._reads: set[asyncio.Timeout] = set()  # one for each read in flight

    async def __call__(self, request: Request) -> Reply:
        """Send the request on and return its reply.

        Raises:
            ShuttingDown: `hurry` ended the read.
        """
        return await (self._read(request) if request.is_read else self._send(request))

    def hurry(self, patience: float) -> None:
        """End every read in flight after *patience* seconds. A second call can only bring the end forward."""
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
            # A timeout of a layer below is an error of that layer.
            if not limit.expired():
                raise
            raise ShuttingDown("the server is shutting down and ended this read. Nothing was changed.") from None
