"""The cooldown of permits, and the count of the service."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from linktime.errors import Failure, OutcomeUnknown, Rejected, Unavailable
from linktime.message import Quota, Reply
from linktime.pipeline.clock import now
from linktime.pipeline.limiter import Limiter, MemoryStore, Permit
from tests.support.limiter_setup import ANSWER, NOT_SENT, READS, Make, limited, permit, settled
from tests.support.virtual_time import SlowStore, clock, virtual

# What becomes of a slot


@pytest.mark.parametrize(
    ("outcome", "seconds"),
    [
        (ANSWER, 60.05),
        (Rejected("not_found", "no such booking", status=404), 60.05),
        (OutcomeUnknown("500", answered=True), 60.05),
        (OutcomeUnknown("timeout", answered=False), 60.55),
        (Unavailable("timeout", sent=True), 60.55),
        (ValueError("a fault of ours"), 60.55),
        (asyncio.CancelledError(), 60.55),
        (NOT_SENT, 0.0),
        (None, 0.0),
    ],
)
@virtual
async def test_permit_cools_down_from_the_answer_on(
    make: Make, outcome: Reply | Failure | None, seconds: float
) -> None:
    limiter = limited(make(1))
    held = await permit(limiter, reads=1)
    await asyncio.sleep(3)

    await held.settle(outcome)

    if seconds:
        assert await limiter.take(writes=0, reads=1) == pytest.approx(seconds)
        await asyncio.sleep(seconds)
    assert await permit(limiter, reads=1)


@virtual
async def test_cancelled_take_loses_no_permit() -> None:
    limiter = limited(SlowStore(1, clock=clock))
    for patience in (0.0, 0.005, 0.015, 0.019):
        asking = asyncio.create_task(limiter.take(writes=1, reads=0))
        await asyncio.sleep(patience)
        asking.cancel()
        await asyncio.wait([asking])
        assert asking.cancelled()

    async with limiter:
        pass

    assert repr(limiter) == "<Limiter 1 of 1 permits free | 0 leased | breaker closed>"


@virtual
async def test_cancelled_take_without_a_free_permit_leaves_no_trace() -> None:
    limiter = limited(SlowStore(1, clock=clock))
    await permit(limiter, reads=1)
    asking = asyncio.create_task(limiter.take(writes=1, reads=0))
    await asyncio.sleep(0.005)
    asking.cancel()

    async with limiter:
        pass

    assert repr(limiter) == "<Limiter 0 of 1 permits free | 1 leased | breaker closed>"


# The service's own count


@pytest.mark.parametrize(
    ("remaining", "reset", "stops"),
    [(2, 20.0, True), (0, 20.0, True), (3, 20.0, False), (2, None, False), (None, 20.0, False)],
)
@virtual
async def test_higher_count_of_the_service_blocks_until_its_reset(
    make: Make, remaining: int | None, reset: float | None, *, stops: bool
) -> None:
    limiter = limited(make(60))

    await settled(limiter, Reply(200, quota=Quota(remaining, reset)))

    answer = await limiter.take(**READS)
    assert answer == pytest.approx(20.05) if stops else isinstance(answer, Permit)


@virtual
async def test_equal_count_of_the_service_blocks_no_request(make: Make) -> None:
    limiter = limited(make(20))

    for remaining in reversed(range(20)):
        held = await permit(limiter, writes=1)
        await held.settle(Reply(200, quota=Quota(remaining, 60.0)))

    assert repr(limiter) == "<Limiter 0 of 20 permits free | 0 leased | breaker closed>"


@virtual
async def test_later_own_requests_do_not_count_as_foreign(make: Make) -> None:
    limiter = limited(make(20))
    overtaken, *others = [await permit(limiter, writes=1) for _ in range(18)]
    for other in others:
        await other.settle(ANSWER)
    await asyncio.sleep(60.05)

    await overtaken.settle(Reply(200, quota=Quota(2, 60.0)))

    assert repr(limiter) == "<Limiter 19 of 20 permits free | 0 leased | breaker closed>"


@virtual
async def test_forecast_assumes_that_requests_in_flight_end_now(make: Make) -> None:
    limiter = limited(make(2))
    await permit(limiter, writes=1)
    await settled(limiter, ANSWER, writes=1)
    await asyncio.sleep(1)

    turns = [(read, round(wait, 6)) for read, wait in limiter.forecast(writes=2, reads=0)]

    assert turns == [(False, 59.05), (False, 60.05)]


def test_the_clock_never_goes_back() -> None:
    moments = [now() for _ in range(1000)]

    assert all(earlier <= later for earlier, later in pairwise(moments))


def test_limiter_has_its_limit_and_the_free_permits() -> None:
    limiter: Any = Limiter(MemoryStore(7), 60.0)

    assert (limiter.limit, limiter.free) == (7, 7)
