"""The policies for sixty requests a minute: ours, and those of other programs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from math import inf
from typing import Final

from linktime.errors import BudgetSpent, RateLimited
from linktime.message import Reply, Request, Send
from linktime.pipeline.cache import Cache
from linktime.pipeline.limiter import Limiter, MemoryStore
from linktime.pipeline.mailbox import Mailbox
from linktime.pipeline.outcome import Outcome
from linktime.pipeline.retry import Retry
from tests.support.virtual_time import clock

from .services import LIMIT, PERIOD, SETTINGS

Policy = Callable[[Send], AbstractAsyncContextManager[Send]]

_MARGIN: Final = 0.05  # s


@asynccontextmanager
async def ours(
    upstream: Send, *, limit: int = LIMIT, period: float = PERIOD, ttl: float = SETTINGS.cache_ttl
) -> AsyncIterator[Send]:
    """Join the layers as the program does."""
    async with (
        Limiter(MemoryStore(limit, clock=clock), period, clock=clock) as limiter,
        Mailbox(upstream, limiter, capacity=SETTINGS.queue, workers=SETTINGS.workers, clock=clock) as mailbox,
    ):
        outcome = Outcome(Retry(mailbox, clock=clock), clock=clock)
        yield Cache(outcome, ttl=ttl, settle=SETTINGS.timeout, clock=clock)


@asynccontextmanager
async def _cached(limited: Callable[[Send], Send], upstream: Send) -> AsyncIterator[Send]:
    """Put our cache before the limiter of another program, so that only the limiters differ."""
    yield Cache(_patient(limited(upstream)), ttl=SETTINGS.cache_ttl, settle=SETTINGS.timeout, clock=clock)


@asynccontextmanager
async def _plain(upstream: Send) -> AsyncIterator[Send]:
    """Send every call at once, as most MCP servers do."""
    yield _patient(upstream)


def _patient(send: Send) -> Send:
    """Handle a 429 for each call alone, as common clients do: sleep until Retry-After, and send again."""

    async def patient(request: Request) -> Reply:
        while True:
            try:
                return await send(request)
            except RateLimited as refusal:
                pause = refusal.retry_after or 0.0
                if clock() + pause > request.deadline:
                    raise
                await asyncio.sleep(pause)

    return patient


def _unlimited(send: Send) -> Send:
    return send


def _bucket(send: Send) -> Send:
    """Take from a token bucket of LIMIT tokens with a constant refill rate, the most common limiter."""
    each, due = PERIOD / LIMIT, -inf

    async def bucket(request: Request) -> Reply:
        nonlocal due
        now = clock()
        wait = max(0.0, max(due, now) + each - PERIOD - now)
        if now + wait > request.deadline:
            raise BudgetSpent(wait)
        due = max(due, now) + each
        await asyncio.sleep(wait)
        return await send(request)

    return bucket


def _fifo(send: Send) -> Send:
    """Grant the permits of our limiter in order of arrival, to reads and writes alike."""
    permits = asyncio.Semaphore(LIMIT)

    async def fifo(request: Request) -> Reply:
        try:
            async with asyncio.timeout(request.deadline - clock()):
                await permits.acquire()
        except TimeoutError:
            raise BudgetSpent(0.0) from None
        try:
            return await send(request)
        finally:
            asyncio.get_running_loop().call_later(PERIOD + _MARGIN, permits.release)

    return fifo


OURS: Final = "linktime-mcp"

POLICIES: Final[Mapping[str, Policy]] = {
    OURS: ours,
    "… without its cache": partial(ours, ttl=0.0),
    "… first come first served": partial(_cached, _fifo),
    "… bucket of 60 + 1/s": partial(_cached, _bucket),
    "… without a limiter": partial(_cached, _unlimited),
    "plain client": _plain,
}
"""Each but the last differs from ours in one part. The plain client has no part of ours."""
