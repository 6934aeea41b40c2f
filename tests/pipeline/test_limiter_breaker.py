"""The circuit breaker after a 429."""

from __future__ import annotations

import asyncio
from math import inf

import pytest

from linktime.errors import Failure, RateLimited, Unavailable
from linktime.pipeline.limiter import Limiter, Permit
from tests.support.limiter_setup import ANSWER, NOT_SENT, READS, WRITES, Make, grants, limited, permit, settled
from tests.support.virtual_time import SlowStore, clock, virtual


@virtual
async def test_429_blocks_all_for_its_retry_after(make: Make) -> None:
    limiter = limited(make(60))
    await settled(limiter, RateLimited("slow down", retry_after=12.0))

    assert repr(limiter) == "<Limiter 59 of 60 permits free | 0 leased | breaker open for 12.1 s>"
    assert await limiter.take(writes=1, reads=1) == pytest.approx(12.05)
    assert [round(wait, 6) for _, wait in limiter.forecast(writes=1, reads=1)] == [12.05, 12.05]


@virtual
async def test_429_without_retry_after_blocks_a_sixth_of_the_period(make: Make) -> None:
    limiter = limited(make(60))
    await settled(limiter, RateLimited("slow down"))

    assert await limiter.take(**WRITES) == pytest.approx(10.05)


@virtual
async def test_answer_to_a_probe_closes_the_breaker(make: Make) -> None:
    limiter = limited(make(60))
    await settled(limiter, RateLimited("slow down", retry_after=1.0))
    await asyncio.sleep(1.05)
    probe = await permit(limiter, writes=1)
    assert await limiter.take(**WRITES) == inf
    assert repr(limiter) == "<Limiter 58 of 60 permits free | 1 leased | breaker half-open>"

    await probe.settle(ANSWER)

    assert await grants(limiter, 1, writes=1) == [1.05] * 58


@pytest.mark.parametrize("outcome", [NOT_SENT, None, Unavailable("timeout", sent=True)])
@virtual
async def test_probe_without_an_answer_does_not_close_the_breaker(make: Make, outcome: Failure | None) -> None:
    limiter = limited(make(60))
    await settled(limiter, RateLimited("slow down", retry_after=1.0))
    await asyncio.sleep(1.05)

    await settled(limiter, outcome)

    await permit(limiter, reads=1)
    assert await limiter.take(**READS) == inf


@virtual
async def test_probe_with_a_429_opens_the_breaker_again(make: Make) -> None:
    limiter = limited(make(60))
    for _ in range(2):
        await settled(limiter, RateLimited("slow down", retry_after=1.0))
        assert await limiter.take(**READS) == pytest.approx(1.05)
        await asyncio.sleep(1.06)


@virtual
async def test_no_request_passes_while_a_slow_store_opens_the_breaker() -> None:
    limiter = limited(SlowStore(60, clock=clock))
    await settled(limiter, RateLimited("slow down", retry_after=1.0))
    await asyncio.sleep(1.1)
    probe = await permit(limiter, reads=1)

    probe.settle(RateLimited("slow down", retry_after=1.0))
    answers = await asyncio.gather(*(limiter.take(**READS) for _ in range(2)), _later(limiter), _later(limiter))

    assert [answer for answer in answers if isinstance(answer, Permit)] == []


async def _later(limiter: Limiter) -> Permit | float:
    await asyncio.sleep(0.015)
    return await limiter.take(**READS)
