"""Which answers are kept, and how a cache closes."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from linktime.errors import Rejected, ShuttingDown
from linktime.message import Notes, Quota, Reply, Request, get
from linktime.pipeline.cache import Cache
from tests.support.cache_setup import BOOK, BOOKINGS, CONTACTS, SLOTS, Clock, Upstream, begun, idle, outcome

pytestmark = pytest.mark.timeout(10)


async def test_fresh_answer_is_served_again_with_its_age(cache: Cache, clock: Clock, upstream: Upstream) -> None:
    first = await cache(BOOKINGS)
    clock.now += 2.04
    second = await cache(replace(BOOKINGS, deadline=200.0, idempotency_key="another call"))

    assert first == Reply(200, 1, Notes(budget_remaining=59, cache="miss"), Quota(59))
    assert second == Reply(200, 1, Notes(cache="hit", age_seconds=2.0))
    assert len(upstream.requests) == 1


async def test_expired_answer_is_requested_again(cache: Cache, clock: Clock) -> None:
    await cache(BOOKINGS)
    clock.now += 29.9
    just_in_time = await outcome(cache(BOOKINGS))
    clock.now += 0.1

    assert [just_in_time, await outcome(cache(BOOKINGS))] == [(1, "hit"), (2, "miss")]


async def test_other_query_has_its_own_answer(cache: Cache) -> None:
    answers = [await outcome(cache(get("/bookings", page=page))) for page in (1, 2, 1)]

    assert answers == [(1, "miss"), (2, "miss"), (1, "hit")]


async def test_least_recently_used_answer_is_dropped(upstream: Upstream, clock: Clock) -> None:
    cache = Cache(upstream, clock=clock, size=2)
    for page in (1, 2, 1, 3):
        await cache(get("/bookings", page=page))

    assert await outcome(cache(get("/bookings", page=1))) == (1, "hit")
    assert await outcome(cache(get("/bookings", page=2))) == (4, "miss")


async def test_failure_is_never_kept(cache: Cache, upstream: Upstream) -> None:
    upstream.failure = Rejected("not_found", "no such booking", status=404)
    assert await outcome(cache(BOOKINGS)) is Rejected
    upstream.failure = None

    assert await outcome(cache(BOOKINGS)) == (2, "miss")


async def test_equal_writes_are_neither_kept_nor_joined(cache: Cache, upstream: Upstream) -> None:
    gate = upstream.hold()
    calls = [await begun(cache(BOOK)) for _ in range(2)]
    gate.set()

    assert [await outcome(call) for call in calls] == [(1, None), (2, None)]
    assert await outcome(cache(BOOK)) == (3, None)


async def test_volatile_answer_is_joined_but_never_kept(cache: Cache, upstream: Upstream) -> None:
    gate = upstream.hold()
    calls = [await begun(cache(SLOTS)) for _ in range(2)]
    gate.set()

    assert [await outcome(call) for call in calls] == [(1, "miss"), (1, "coalesced")]
    assert await outcome(cache(SLOTS)) == (2, "miss")


async def test_volatile_answer_is_not_joined_once_it_has_come(clock: Clock) -> None:
    calls: list[asyncio.Future[Reply]] = []

    async def send(_: Request) -> Reply:
        if not calls:
            await asyncio.sleep(0)
            calls.append(asyncio.ensure_future(cache(SLOTS)))
        return Reply(200)

    cache = Cache(send, clock=clock)
    await cache(SLOTS)

    assert (await calls[0]).notes == Notes(cache="miss")


async def test_ttl_zero_makes_every_call_a_request(upstream: Upstream, clock: Clock) -> None:
    cache = Cache(upstream, clock=clock, ttl=0)
    gate = upstream.hold()
    calls = [await begun(cache(request)) for request in (BOOKINGS, BOOKINGS, SLOTS, BOOK)]
    gate.set()

    assert [await outcome(call) for call in calls] == [(1, "off"), (2, "off"), (3, "off"), (4, None)]
    assert await outcome(cache(BOOKINGS)) == (5, "off")


async def test_repr_counts_answers_and_flights(cache: Cache, upstream: Upstream, clock: Clock) -> None:
    await cache(BOOKINGS)
    gate = upstream.hold()
    calls = [await begun(cache(request)) for request in (CONTACTS, CONTACTS, BOOK)]
    assert repr(cache) == "<Cache 1 kept | 2 in flight>"
    gate.set()
    await asyncio.gather(*calls)
    await idle()
    assert repr(cache) == "<Cache 2 kept | 0 in flight>"
    clock.now += 30

    assert repr(cache) == "<Cache 0 kept | 0 in flight>"


# Closing


async def test_closing_cancels_queued_calls_and_refuses_new_ones(cache: Cache, upstream: Upstream) -> None:
    await cache(CONTACTS)
    upstream.hold()
    calls = [await begun(cache(request)) for request in (BOOKINGS, BOOKINGS, SLOTS, BOOK)]
    await cache.aclose()

    assert [await outcome(call) for call in calls] == [ShuttingDown] * 4
    assert await outcome(cache(BOOK)) is ShuttingDown
    assert await outcome(cache(BOOKINGS)) is ShuttingDown
    assert (len(upstream.requests), repr(cache)) == (4, "<Cache 1 kept | 0 in flight>")


async def test_closing_waits_for_a_sent_write(cache: Cache, upstream: Upstream) -> None:
    upstream.sent = True
    gate = upstream.hold()
    write = await begun(cache(BOOK))
    closing = asyncio.ensure_future(cache.aclose())
    await idle()
    assert not closing.done()
    gate.set()
    await closing

    assert await outcome(write) == (1, None)


async def test_closing_does_not_wait_for_a_sent_read(cache: Cache, upstream: Upstream) -> None:
    upstream.sent = True
    gate = upstream.hold()
    read = await begun(cache(BOOKINGS))
    await cache.aclose()
    assert repr(cache) == "<Cache 0 kept | 1 in flight>"
    gate.set()

    assert await outcome(read) == (1, "miss")
