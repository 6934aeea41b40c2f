"""The REST client, imported behind the start: its library would take a fifth of it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Final, Self

from .message import Reply, Request

_SOON: Final = 1.0  # s; clients list the tools at once, and their models think before they call


class LateRest:
    """A `Send`, as an async context manager: the `Rest` of these arguments, made by a thread.

    It is made when the first request comes, or *after* so many seconds.
    """

    def __init__(self, base_url: str, key: str, *, timeout: float, connections: int, after: float = _SOON) -> None:
        self._make = partial(_rest, base_url, key, timeout=timeout, connections=connections)
        self._after = after
        self._making: asyncio.Task[Any] | None = None

    async def __aenter__(self) -> Self:
        self._alarm = asyncio.get_running_loop().call_later(self._after, self._begin)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._alarm.cancel()
        if self._making is not None:
            await (await self._making).aclose()

    async def __call__(self, request: Request) -> Reply:
        """Make the exchange, as `Rest` does."""
        rest = await asyncio.shield(self._begin())
        reply: Reply = await rest(request)
        return reply

    def _begin(self) -> asyncio.Task[Any]:
        if self._making is None:
            self._making = asyncio.create_task(asyncio.to_thread(self._make))
        return self._making


def _rest(base_url: str, key: str, *, timeout: float, connections: int) -> Any:
    from .rest import Rest  # noqa: PLC0415 - this is what the module is for

    return Rest(base_url, key, timeout=timeout, connections=connections)
