"""Equal reads in flight share one request."""

from __future__ import annotations

import asyncio
import gc
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

import pytest

from linktime.errors import BudgetSpent, Unavailable
from linktime.message import Reply, Request
from linktime.pipeline.cache import Cache
from tests.support.cache_setup import BOOK, BOOKINGS, SLOTS, Clock, Upstream, begun, idle, left, outcome

pytestmark = pytest.mark.timeout(10)


async def test_equal_reads_in_flight_share_one_request(cache: Cache, upstream: Upstream) -> None:
    gate = upstream.hold()
    calls = [await begun(cache(BOOKINGS)) for _ in range(20)]
    gate.set()
    replies = await asyncio.gather(*calls)

    assert len(upstream.requests) == 1
    assert [reply.notes.cache for reply in replies] == ["miss"] + ["coalesced"] * 19
    assert {reply.notes.budget_remaining for reply in replies} == {59}


async def test_joined_reads_share_a_failure(cache: Cache, upstream: Upstream) -> None:
    upstream.failure = Unavailable("LinkTime answered 502", sent=True)
    gate = upstream.hold()
    calls = [await begun(cache(BOOKINGS)) for _ in range(3)]
    gate.set()

    assert [await outcome(call) for call in calls] == [Unavailable] * 3
    assert len(upstream.requests) == 1


async def test_half_of_1000_callers_leave_and_the_rest_are_answered(cache: Cache, upstream: Upstream) -> None:
    gate = upstream.hold()
    calls = [asyncio.ensure_future(cache(BOOKINGS)) for _ in range(1000)]
    await idle()
    for call in calls[:501]:  # the first of them is the one who asked
        call.cancel()
    await idle()
    gate.set()
    await asyncio.wait(calls)

    assert sum(call.cancelled() for call in calls) == 501
    assert {call.result().data for call in calls[501:]} == {1}
    assert len(upstream.requests) == 1


async def test_last_caller_to_leave_cancels_an_unsent_read(cache: Cache, upstream: Upstream) -> None:
    upstream.hold()
    calls = [await begun(cache(BOOKINGS)) for _ in range(2)]
    await left(calls[0])
    assert repr(cache) == "<Cache 0 kept | 1 in flight>"
    await left(calls[1])

    assert repr(cache) == "<Cache 0 kept | 0 in flight>"
    assert upstream.ended == 0


async def test_abandoned_sent_read_ends_and_is_kept(cache: Cache, upstream: Upstream) -> None:
    upstream.sent = True
    gate = upstream.hold()
    await left(await begun(cache(BOOKINGS)))
    assert repr(cache) == "<Cache 0 kept | 1 in flight>"
    gate.set()
    await idle()

    assert await outcome(cache(BOOKINGS)) == (1, "hit")


async def test_abandoned_sent_read_can_be_joined_and_left_again(cache: Cache, upstream: Upstream) -> None:
    upstream.sent = True
    gate = upstream.hold()
    await left(await begun(cache(BOOKINGS)))
    await left(await begun(cache(BOOKINGS)))
    call = await begun(cache(BOOKINGS))
    gate.set()

    assert await outcome(call) == (1, "coalesced")


async def test_joiner_does_not_inherit_an_abandoned_reads_failure(cache: Cache, upstream: Upstream) -> None:
    upstream.sent, upstream.failure = True, Unavailable("LinkTime answered 502", sent=True)
    gate = upstream.hold()
    await left(await begun(cache(BOOKINGS)))
    call = await begun(cache(BOOKINGS))
    again = upstream.hold()
    gate.set()
    await idle()
    upstream.failure = None
    again.set()

    assert await outcome(call) == (2, "miss")


async def test_joiner_of_an_abandoned_read_waits_until_its_deadline(cache: Cache, upstream: Upstream) -> None:
    upstream.sent = True
    upstream.hold()
    await left(await begun(cache(BOOKINGS)))

    assert await outcome(cache(replace(BOOKINGS, deadline=99.0))) is Unavailable


async def test_joiner_of_a_cancelled_read_sends_its_own(cache: Cache, upstream: Upstream) -> None:
    upstream.hold()
    first = await begun(cache(BOOKINGS))
    upstream.hold().set()
    first.cancel()
    await asyncio.sleep(0)  # the first has left, its request doesn't know yet
    call = cache(BOOKINGS)

    assert await outcome(call) == (2, "miss")


async def test_joiners_of_a_refused_read_share_the_next_request(cache: Cache, upstream: Upstream) -> None:
    upstream.failure = BudgetSpent(40)
    gate = upstream.hold()
    hurried = await begun(cache(replace(BOOKINGS, deadline=130.0)))
    calls = [await begun(cache(replace(BOOKINGS, deadline=150.0))) for _ in range(3)]
    again = upstream.hold()
    gate.set()
    await idle()
    upstream.failure = None
    again.set()

    assert await outcome(hurried) is BudgetSpent
    assert [await outcome(call) for call in calls] == [(2, "miss"), (2, "coalesced"), (2, "coalesced")]


@pytest.mark.parametrize("deadline", [120.0, 130.0])
async def test_refusal_holds_for_joiners_without_more_time(cache: Cache, upstream: Upstream, deadline: float) -> None:
    upstream.failure = BudgetSpent(40)
    gate = upstream.hold()
    await begun(cache(replace(BOOKINGS, deadline=130.0)))
    call = await begun(cache(replace(BOOKINGS, deadline=deadline)))
    gate.set()

    assert await outcome(call) is BudgetSpent
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("request_", [BOOKINGS, SLOTS])
async def test_read_waits_until_its_own_deadline(cache: Cache, upstream: Upstream, request_: Request) -> None:
    gate = upstream.hold()
    patient = await begun(cache(replace(request_, deadline=200.0)))

    with pytest.raises(Unavailable) as late:
        await cache(replace(request_, deadline=99.0))
    assert late.value.sent
    gate.set()
    assert await outcome(patient) == (1, "miss")


async def test_read_without_callers_at_its_deadline_is_cancelled(cache: Cache, upstream: Upstream) -> None:
    upstream.hold()
    assert await outcome(cache(replace(BOOKINGS, deadline=99.0))) is Unavailable
    await idle()

    assert repr(cache) == "<Cache 0 kept | 0 in flight>"


async def test_late_read_is_answered_by_a_kept_answer(cache: Cache) -> None:
    await cache(BOOKINGS)

    assert await outcome(cache(replace(BOOKINGS, deadline=99.0))) == (1, "hit")


async def test_write_is_awaited_past_its_deadline(cache: Cache, upstream: Upstream) -> None:
    gate = upstream.hold()
    call = await begun(cache(replace(BOOK, deadline=99.0)))
    gate.set()

    assert await outcome(call) == (1, None)


async def test_failure_without_callers_is_not_reported(cache: Cache, upstream: Upstream) -> None:
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    upstream.sent, upstream.failure = True, Unavailable("LinkTime answered 502", sent=True)
    gate = upstream.hold()
    for request in (BOOKINGS, BOOK):
        await left(await begun(cache(request)))
    gate.set()
    await idle()
    gc.collect()

    assert (upstream.ended, reported) == (2, [])


async def test_request_runs_in_the_context_of_its_first_caller(clock: Clock) -> None:
    who: ContextVar[str] = ContextVar("who")

    async def send(_: Request) -> Reply:
        return Reply(200, who.get())

    who.set("first")
    assert (await Cache(send, clock=clock)(BOOKINGS)).data == "first"
