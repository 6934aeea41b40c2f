"""The courier of webhooks: real HTTP requests, signed, a few at a time, none of which outlives the server."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import aiohttp

_AT_ONCE: Final = 8
_TIMEOUT: Final = aiohttp.ClientTimeout(total=5)  # s for one delivery


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one endpoint; *body* is signed as it is sent."""

    url: str
    secret: str
    event: str
    timestamp: str
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers by which the receiver knows that it comes from LinkTime."""
        return {
            "Content-Type": "application/json",
            "User-Agent": "LinkTime-Webhook/1.0",
            "X-LinkTime-Event": self.event,
            "X-LinkTime-Signature": hmac.new(self.secret.encode(), self.body, hashlib.sha256).hexdigest(),
            "X-LinkTime-Timestamp": self.timestamp,
        }


class Courier:
    """Delivers in the background and tells each sender whether the delivery was taken."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    def post(self, delivery: Delivery, ended: Callable[[bool], None]) -> None:
        """Start a delivery; *ended* is told at its end whether the endpoint answered with success."""
        task = asyncio.create_task(self._carry(delivery, ended))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def aclose(self) -> None:
        """Drop what is under way."""
        for task in self._tasks:
            task.cancel()
        await self.idle()
        if self._session is not None:
            await self._session.close()

    async def _carry(self, delivery: Delivery, ended: Callable[[bool], None]) -> None:
        async with self._places:
            ended(await self._is_taken(delivery))

    async def _is_taken(self, delivery: Delivery) -> bool:
        session = self._session = self._session or aiohttp.ClientSession(timeout=_TIMEOUT)
        try:
            async with session.post(
                delivery.url, data=delivery.body, headers=delivery.headers, allow_redirects=False
            ) as answer:
                return answer.ok and answer.status < 300
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False
