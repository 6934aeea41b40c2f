"""Access to the API: the key, the rate limit in a sliding window, and the plan."""

from __future__ import annotations

import hmac
import math
from collections import deque
from collections.abc import Callable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from .account import account_of
from .responses import Refusal

_BEARER: Final = "Bearer "


class SlidingWindow:
    """A rate limit: at most *limit* requests in any *period* (seconds of *clock*). A limit of 0 means no limit.

    A refused request does not count against the limit. *peak* is the largest number of requests within one period,
    and counts refused requests too.
    """

    def __init__(self, limit: int, period: float, clock: Callable[[], float]) -> None:
        self.limit = limit
        self._period = period
        self._clock = clock
        # arrival times within the last period, oldest first
        self._arrived: deque[float] = deque()  # all requests with the key
        self._admitted: deque[float] = deque()  # those that count against the limit
        self.peak = 0

    def admit(self) -> bool:
        """Count a request that arrives now. Return whether it is within the limit."""
        now = self._clock()
        self._arrived.append(now)
        self._expire(self._arrived, now)
        self._expire(self._admitted, now)
        self.peak = max(self.peak, len(self._arrived))
        if 0 < self.limit <= len(self._admitted):
            return False
        self._admitted.append(now)
        return True

    @property
    def headers(self) -> dict[str, str]:
        """Return the X-RateLimit headers, or none if there is no limit."""
        if self.limit <= 0:
            return {}
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.limit - len(self._admitted)),
            "X-RateLimit-Reset": str(self.reset),
        }

    @property
    def reset(self) -> int:
        """Return the whole seconds until the oldest admitted request leaves the window."""
        return math.ceil(self._admitted[0] + self._period - self._clock()) if self._admitted else 0

    def _expire(self, times: deque[float], now: float) -> None:
        """Drop the times that left the window at *now*."""
        while times and times[0] <= now - self._period:
            times.popleft()


WINDOW: Final = web.AppKey("window", SlidingWindow)


@web.middleware
async def authorize(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a wrong key (401), a request over the limit (429) and a plan without an API (403), in this order."""
    owner, window = account_of(request).owner, request.app[WINDOW]
    if not _is_key(request.headers.get("Authorization", ""), owner["key"]):
        raise Refusal(401, "unauthorized", "the API key is missing, invalid or expired")
    if not window.admit():
        wait = window.reset
        raise Refusal(429, "rate_limited", f"too many requests: wait {wait} s", {"Retry-After": str(wait)})
    if owner["plan"] == "FREE":
        raise Refusal(403, "forbidden", "API keys need the Pro or Business plan")
    return await handler(request)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the X-RateLimit headers to *response*. This is a signal handler for aiohttp."""
    for name, value in request.app[WINDOW].headers.items():
        response.headers.setdefault(name, value)


def _is_key(authorization: str, key: str) -> bool:
    """Compare the bearer token with *key* in constant time."""
    token = authorization.removeprefix(_BEARER) if authorization.startswith(_BEARER) else ""
    return hmac.compare_digest(token.encode(errors="surrogateescape"), key.encode())
