"""Imports the REST client in a thread after the start, because aiohttp would slow down the start.

Without this, the first `tools/list` is answered after 1.17 times the time, if no memo answers it.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

from ...errors import Unavailable
from ...message import Reply, Request
from .ratelimit_headers import LONGEST_WAIT

if TYPE_CHECKING:
    from .client import Rest

SOON: Final = 1.0  # s; clients list the tools at once, and their models think before they call

_AGAIN: Final = "Call again. If it recurs, restart the MCP client."


class LazyRest:
    """A `Send`, as an async context manager: the `Rest` with these arguments, built by a thread.

    The thread starts at the first request, or *after* so many seconds. If *after* is None, entering the context waits
    for it. A request waits for at most *timeout* seconds, because the system can hold up an import or a lookup.

    | the building task | a request | the exit |
    | --- | --- | --- |
    | None | starts a thread and waits | cancels the timer |
    | runs | waits | cancels the task |
    | failed | starts another thread | does nothing more |
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
        after: float | None = SOON,
    ) -> None:
        # how to build it, and when
        self._build = partial(_rest, base_url, key, timeout=timeout, connections=connections, longest_wait=longest_wait)
        self._after = after
        self._timeout = timeout
        self._alarm: asyncio.TimerHandle | None = None  # starts the thread
        self._building: asyncio.Future[Rest] | None = None

    async def __aenter__(self) -> Self:
        if self._after is None:
            await self._built()
        else:
            self._alarm = asyncio.get_running_loop().call_later(self._after, self._begin)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        if self._building is not None and not self._building.cancel() and not _failed(self._building):
            await self._building.result().aclose()

    async def __call__(self, request: Request) -> Reply:
        """Make the exchange, as `Rest` does.

        Raises:
            Unavailable: The REST client can't be built, or see `Rest`.
        """
        return await (await self._built())(request)

    async def _built(self) -> Rest:
        building = self._begin()
        await asyncio.wait([building], timeout=self._timeout)
        if not building.done():
            happened = f"the HTTP client was not loaded within {self._timeout:g} s, so nothing was sent."
            raise Unavailable(happened, _AGAIN, sent=False, repeat=False)
        if error := _failed(building):
            happened = f"the HTTP client could not be loaded ({type(error).__name__}), so nothing was sent."
            raise Unavailable(happened, _AGAIN, sent=False)
        return building.result()

    def _begin(self) -> asyncio.Future[Rest]:
        if self._building is None or _failed(self._building):
            self._building = asyncio.create_task(asyncio.to_thread(self._build))
        return self._building


def _failed(building: asyncio.Future[Rest]) -> BaseException | None:
    return building.exception() if building.done() else None


def _rest(base_url: str, key: str, **options: Any) -> Rest:
    from .client import Rest  # noqa: PLC0415 - the purpose of the module

    return Rest(base_url, key, **options)
