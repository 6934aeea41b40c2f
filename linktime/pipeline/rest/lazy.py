"""The REST client, imported in a thread after the start, because aiohttp would take a fifth of the start."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Final, Self

from ...errors import Unavailable
from ...message import Reply, Request
from .ratelimit_headers import LONGEST_WAIT

_SOON: Final = 1.0  # s; clients list the tools at once, and call one after seconds


class LazyRest:
    """A `Send`, as an async context manager: the `Rest` of these arguments, built by a thread.

    The thread starts at the first request, or *after* that many seconds. If it fails, the next request starts another.

    | the building task | a request | the exit |
    |---|---|---|
    | None | starts it and waits | cancels the timer |
    | runs | waits | waits, and closes the client |
    | failed | starts another one and waits | does nothing more |
    | done | is sent | closes the client |
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        timeout: float,
        connections: int,
        longest_wait: float = LONGEST_WAIT,
        after: float = _SOON,
    ) -> None:
        # how to build it, and when
        self._build = partial(_rest, base_url, key, timeout=timeout, connections=connections, longest_wait=longest_wait)
        self._after = after  # s
        # the latest attempt to build it
        self._building: asyncio.Task[Any] | None = None

    async def __aenter__(self) -> Self:
        self._timer = asyncio.get_running_loop().call_later(self._after, self._begin)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._building is not None:
            await asyncio.wait([self._building])
            if not _failed(self._building):
                await self._building.result().aclose()

    async def __call__(self, request: Request) -> Reply:
        """Make the exchange, as `Rest` does. Raises Unavailable if the REST client can't be built."""
        building = self._begin()
        await asyncio.wait([building])
        if error := _failed(building):
            happened = f"the HTTP client could not be loaded ({type(error).__name__}), so nothing was sent."
            raise Unavailable(happened, "Call again. If it recurs, restart the MCP client.", sent=False)
        reply: Reply = await building.result()(request)
        return reply

    def _begin(self) -> asyncio.Task[Any]:
        if self._building is None or _failed(self._building):
            self._building = asyncio.create_task(asyncio.to_thread(self._build))
        return self._building


def _failed(building: asyncio.Task[Any]) -> BaseException | None:
    return building.exception() if building.done() else None


def _rest(base_url: str, key: str, **options: Any) -> Any:
    from .client import Rest  # noqa: PLC0415 - this is what the module is for

    return Rest(base_url, key, **options)
