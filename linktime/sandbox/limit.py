"""The rate limit: so many requests with the key in any window of so many seconds."""

from __future__ import annotations

import hmac
import math
from collections import deque
from collections.abc import Callable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from .account import account_of
from .answers import Refusal

_BEARER: Final = "Bearer "


class SlidingWindow:
    """Lets *limit* requests through in any *period* (s) of *clock*; what it refuses doesn't count, and 0 refuses none.

    *peak* is the largest number that came within one period, refused ones included.
    """

    def __init__(self, limit: int, period: float, clock: Callable[[], float]) -> None:
        self.limit = limit
        self.peak = 0
        self._period = period
        self._clock = clock
        self._came: deque[float] = deque()
        self._passed: deque[float] = deque()

    def admit(self) -> bool:
        """Count a request that comes now; say whether it passes."""
        now = self._clock()
        self._came.append(now)
        self._forget(self._came, now)
        self._forget(self._passed, now)
        self.peak = max(self.peak, len(self._came))
        if 0 < self.limit <= len(self._passed):
            return False
        self._passed.append(now)
        return True

    @property
    def headers(self) -> dict[str, str]:
        """Tell the limit, what is left of it, and in how many seconds a place becomes free."""
        if self.limit <= 0:
            return {}
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.limit - len(self._passed)),
            "X-RateLimit-Reset": str(self.reset),
        }

    @property
    def reset(self) -> int:
        """Whole seconds until the oldest request that counts leaves the window."""
        return math.ceil(self._passed[0] + self._period - self._clock()) if self._passed else 0

    def _forget(self, times: deque[float], now: float) -> None:
        while times and times[0] <= now - self._period:
            times.popleft()


WINDOW: Final = web.AppKey("window", SlidingWindow)


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Check the key, the limit and the plan."""
    owner, window = account_of(request).owner, request.app[WINDOW]
    if not _is_key(request.headers.get("Authorization", ""), owner["key"]):
        raise Refusal(401, "unauthorized", "the API key is missing, invalid or expired")
    if not window.admit():
        wait = window.reset
        raise Refusal(429, "rate_limited", f"too many requests: wait {wait} s", {"Retry-After": str(wait)})
    if owner["plan"] == "FREE":
        raise Refusal(403, "forbidden", "API keys need the Pro or Business plan")
    return await handler(request)


async def tell(request: web.Request, response: web.StreamResponse) -> None:
    """Put the state of the limit on an answer, as a signal of aiohttp's."""
    for name, value in request.app[WINDOW].headers.items():
        response.headers.setdefault(name, value)


def _is_key(authorization: str, key: str) -> bool:
    given = authorization.removeprefix(_BEARER) if authorization.startswith(_BEARER) else ""
    return hmac.compare_digest(given.encode(errors="surrogateescape"), key.encode())
