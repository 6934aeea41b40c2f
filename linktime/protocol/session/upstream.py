"""LinkTime as the session sees it: the chain of layers, and the facts that go with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from ...errors import Failure
from ...message import Notes, Request, Send
from ...pipeline.clock import utc_now
from ...pipeline.local import AccountZone

SPARE: Final = 10  # permits that lookups leave to the calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """The way to LinkTime. The parts of a session share one such value."""

    # The chain: the whole of it, and the part below the local times, for lookups.
    send: Send
    direct: Send
    # Time. Deadlines count on *clock*, in seconds. *wall* returns the time of day in UTC.
    clock: Callable[[], float]
    deadline: float  # s for one call
    wall: Callable[[], datetime] = utc_now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    # The budget. *eta* estimates the seconds until a request is sent. It returns None if the request is not queued.
    eta: Callable[[Request], float | None]
    budget: Callable[[], Notes]
    # The cache keeps the answer of a list or get tool for so many seconds.
    cache_ttl: float = 0.0
    # The account: its time zone, if local times are on, and the answer to every call, if there is no key.
    zone: AccountZone | None = None
    refusal: Failure | None = None

    def within(self, request: Request, seconds: float) -> Request:
        """Return *request* with a deadline in so many *seconds*."""
        return replace(request, deadline=self.clock() + seconds)

    async def account_zone(self) -> ZoneInfo | None:
        """Return the account's zone if it is known or soon available. Without a key it is unknown."""
        return await self.zone.get() if self.zone and not self.refusal else None

    @property
    def has_spare_budget(self) -> bool:
        """Return whether a lookup may cost a request."""
        return (self.budget().budget_remaining or 0) > SPARE
