"""Cache, retry, mailbox and limiter joined as app.py joins them, over a scripted service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from linktime.errors import OutcomeUnknown, RateLimited
from linktime.message import Reply, Request, Send, get, post
from linktime.pipeline.cache import Cache
from linktime.pipeline.limiter import Limiter, MemoryStore
from linktime.pipeline.mailbox import Mailbox
from linktime.pipeline.outcome import Outcome
from linktime.pipeline.retry import Retry
from tests.support.virtual_time import clock, virtual
from tests.support.write_cases import BOOKING, CASES

CANCEL = next(case.request for case in CASES if case.tool == "cancel_booking")


@asynccontextmanager
async def chain(service: Send) -> AsyncIterator[Cache]:
    async with (
        Limiter(MemoryStore(60, clock=clock), 60.0, clock=clock) as limiter,
        Mailbox(service, limiter, clock=clock) as mailbox,
    ):
        cache = Cache(Retry(mailbox, clock=clock), clock=clock)
        yield cache
        await cache.aclose()


@virtual
async def test_abandoned_write_is_not_sent_again_after_a_429() -> None:
    sent: list[Request] = []
    arrived = asyncio.Event()

    async def service(request: Request) -> Reply:
        sent.append(request)
        arrived.set()
        await asyncio.sleep(1)
        raise RateLimited("wait", retry_after=1.0)

    async with chain(service) as cache:
        call = asyncio.create_task(cache(post("/bookings", notes="x").tagged("bookings")))
        await arrived.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.sleep(120)

    assert len(sent) == 1


@virtual
async def test_abandoned_write_makes_answers_stale_when_it_ends() -> None:
    bookings = 0

    async def service(request: Request) -> Reply:
        nonlocal bookings
        seen = bookings
        await asyncio.sleep(1)
        if not request.is_read:
            await asyncio.sleep(5)
            bookings += 1
        return Reply(200, seen)

    async with chain(service) as cache:
        look = get("/bookings").tagged("bookings")
        write = asyncio.create_task(cache(post("/bookings", notes="x").tagged("bookings")))
        await asyncio.sleep(0.5)
        write.cancel()
        early = (await cache(look)).data, (await cache(look)).notes.cache
        await asyncio.sleep(10)
        late = await cache(look)

    assert early == (0, "hit")
    assert (late.data, late.notes.cache) == (1, "miss")


@virtual
async def test_retry_after_a_429_waits_for_the_limiter_and_pays() -> None:
    times: list[float] = []

    async def service(_: Request) -> Reply:
        times.append(clock())
        if len(times) == 1:
            raise RateLimited("wait", retry_after=7.0)
        return Reply(200, {})

    async with chain(service) as cache:
        reply = await cache(get("/me").tagged("me"))

    assert reply.notes.retries == 1
    assert times[1] - times[0] == pytest.approx(7.05)


@virtual
async def test_verification_of_a_write_overtakes_waiting_reads() -> None:
    sent: list[str] = []

    async def service(request: Request) -> Reply:
        sent.append(request.ident or request.method)
        if not request.is_read:
            raise OutcomeUnknown("no answer", answered=False)
        return Reply(200, {"data": BOOKING | {"status": "cancelled"}})

    async with (
        Limiter(MemoryStore(60, clock=clock), 60.0, clock=clock) as limiter,
        Mailbox(service, limiter, clock=clock) as mailbox,
    ):
        reads = [asyncio.create_task(mailbox(get("/contacts/{id}", f"c{n}"))) for n in range(100)]
        await asyncio.sleep(1)
        permitted = len(sent)
        reply = await Outcome(Retry(mailbox, clock=clock), clock=clock)(replace(CANCEL, deadline=clock() + 50))
        verified = len(sent)
        await asyncio.gather(*reads)

    assert reply.notes.outcome == "verified"
    assert sent[permitted:verified] == ["b1", "b1"]
    assert len(sent) == 102
