"""A mailbox in virtual time, and requests for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from math import inf

from linktime.errors import Failure, OutcomeUnknown, RateLimited, Rejected, Unavailable
from linktime.message import Reply, Request, Send, get, post
from linktime.pipeline.limiter import Limiter, MemoryStore
from linktime.pipeline.mailbox import Mailbox
from tests.support.virtual_time import Network, clock

FAULTS: tuple[Failure, ...] = (
    Unavailable("no connection", sent=False),
    Unavailable("timeout", sent=True),
    OutcomeUnknown("timeout", answered=False),
    OutcomeUnknown("500", answered=True),
    Rejected("conflict", "taken", status=409),
    RateLimited("slow down", retry_after=3.0),
)


def read(name: object = "1", *, within: float = inf) -> Request:
    """Return a read with a deadline in *within* seconds."""
    return replace(get("/bookings/{id}", str(name)), deadline=clock() + within)


def write(name: object = "1", *, within: float = inf) -> Request:
    """Return a write with a deadline in *within* seconds."""
    return replace(post("/bookings/{id}/cancel", str(name)), deadline=clock() + within)


async def answer(request: Request) -> Reply:
    """Answer at once with the id of the request."""
    return Reply(200, {"ident": request.ident})


@asynccontextmanager
async def mailbox(
    send: Send = answer, *, limit: int = 60, places: int = 256, workers: int = 8, spent: int = 0
) -> AsyncIterator[Mailbox]:
    """Open a mailbox, and spend *spent* permits of its budget now."""
    async with (
        Limiter(MemoryStore(limit, clock=clock), 60.0, clock=clock) as limiter,
        Mailbox(send, limiter, capacity=places, workers=workers, clock=clock) as mailbox,
    ):
        for n in range(spent):
            await mailbox(write(f"spent{n}"))
        yield mailbox


async def queue(mailbox: Mailbox, *requests: Request) -> list[asyncio.Task[Reply]]:
    """Start a call for each request, and wait until it is queued or sent."""
    calls = [asyncio.create_task(mailbox(request)) for request in requests]
    await asyncio.sleep(1e-6)
    return calls


def idents(network: Network) -> list[str]:
    """Return the ids of the sent requests, in order."""
    return [request.ident for _, request in network.sent if not request.ident.startswith("spent")]
