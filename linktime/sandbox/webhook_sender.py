"""The webhook sender: signed HTTP requests in the background, a few at a time."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import aiohttp

_CONCURRENCY: Final = 8  # deliveries
_TIMEOUT: Final = aiohttp.ClientTimeout(total=5)  # s for one delivery


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one endpoint. *body* is the exact text that the signature covers."""

    url: str
    secret: str
    event: str
    timestamp: str
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that let the receiver verify the sender."""
        return {
            "Content-Type": "application/json",
            "User-Agent": "LinkTime-Webhook/1.0",
            "X-LinkTime-Event": self.event,
            "X-LinkTime-Signature": hmac.new(self.secret.encode(), self.body, hashlib.sha256).hexdigest(),
            "X-LinkTime-Timestamp": self.timestamp,
        }


class WebhookSender:
    """Sends deliveries in the background, at most 8 at a time. `aclose` cancels those in flight."""

    def __init__(self) -> None:
        self._permits = asyncio.Semaphore(_CONCURRENCY)
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None  # opened by the first delivery

    def post(self, delivery: Delivery, on_done: Callable[[bool], None]) -> None:
        """Start a delivery. *on_done* receives whether the endpoint responded with a 2xx status."""
        task = asyncio.create_task(self._deliver(delivery, on_done))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def idle(self) -> None:
        """Wait until no delivery is in flight."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def aclose(self) -> None:
        """Cancel the deliveries in flight."""
        # No delivery may outlive the server.
        for task in self._tasks:
            task.cancel()
        await self.idle()
        if self._session is not None:
            await self._session.close()

    async def _deliver(self, delivery: Delivery, on_done: Callable[[bool], None]) -> None:
        async with self._permits:
            on_done(await self._is_accepted(delivery))

    async def _is_accepted(self, delivery: Delivery) -> bool:
        # One session serves all deliveries, and opens with the first.
        session = self._session = self._session or aiohttp.ClientSession(timeout=_TIMEOUT)
        try:
            async with session.post(
                delivery.url, data=delivery.body, headers=delivery.headers, allow_redirects=False
            ) as response:
                return 200 <= response.status < 300
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False
