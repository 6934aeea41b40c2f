"""The order and the pace of reads and writes."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.limiter_setup import ANSWER, NOT_SENT, READS, Make, grants, limited, permit, settled
from tests.support.virtual_time import virtual


@virtual
async def test_reads_alone_get_the_whole_limit_in_every_period(make: Make) -> None:
    limiter = limited(make(60))

    times = await grants(limiter, 601, reads=1)

    assert times[:57] == [0.0] * 57
    assert times[57:60] == [57.05] * 3
    assert [sum(time < 60.05 * minute - 1 for time in times) for minute in range(1, 11)] == [*range(60, 601, 60)]


@virtual
async def test_a_write_after_a_crowd_of_reads_goes_at_once(make: Make) -> None:
    limiter = limited(make(60))
    await grants(limiter, 5, reads=1)

    assert await grants(limiter, 1, writes=1) == [5.0] * 3


@virtual
async def test_write_waits_at_most_a_twentieth_of_the_period(make: Make) -> None:
    limiter = limited(make(60))
    waits = []
    for _ in range(240):
        await grants(limiter, 1, reads=1)
        [(_, wait)] = limiter.forecast(writes=1, reads=0)
        waits.append(wait)

    assert max(waits) <= 3.0


@virtual
async def test_reads_are_paced_while_writes_are_about(make: Make) -> None:
    limiter = limited(make(60))
    await settled(limiter, ANSWER, writes=1)

    times = await grants(limiter, 59, reads=1)

    assert times[:30] == [0.0] * 30
    assert times[30:40] == [10.0] * 10
    assert times[40:50] == [20.0] * 10
    assert times[50:56] == [30.0] * 6
    assert times[56:] == [57.05] * 3


@pytest.mark.slow
@virtual
async def test_the_pace_ends_a_period_after_the_last_write(make: Make) -> None:
    limiter = limited(make(600))
    await settled(limiter, ANSWER, writes=1)
    await asyncio.sleep(30)
    await grants(limiter, 29, reads=1)

    times = await grants(limiter, 3, reads=1)

    assert set(times) == {60.0}


@pytest.mark.slow
@virtual
async def test_a_read_that_was_not_sent_does_not_count_for_the_pace(make: Make) -> None:
    limiter = limited(make(60))
    await settled(limiter, ANSWER, writes=1)
    held = [await permit(limiter, reads=1) for _ in range(30)]
    assert await limiter.take(**READS) == 10.0

    await held[0].settle(NOT_SENT)

    assert await permit(limiter, reads=1)
    assert await limiter.take(**READS) == 10.0


@virtual
async def test_unsent_read_is_free_after_the_pace_has_forgotten_it(
    make: Make,
) -> None:
    limiter = limited(make(2))
    held = await permit(limiter, reads=1)
    await grants(limiter, 61, reads=1)

    await held.settle(NOT_SENT)

    assert limiter.free == 1


@virtual
async def test_a_write_does_not_obey_the_pace(make: Make) -> None:
    limiter = limited(make(60))
    await settled(limiter, ANSWER, writes=1)
    await grants(limiter, 1, reads=1)

    assert not (await permit(limiter, writes=1, reads=1)).read


@virtual
async def test_every_fifth_turn_is_a_read_despite_pace_and_reserve(make: Make) -> None:
    limiter = limited(make(60))

    turns = [(await permit(limiter, writes=1, reads=1)).read for _ in range(60)]

    assert turns == [False, False, False, False, True] * 12


@virtual
async def test_write_that_overtakes_no_read_brings_no_read_forward(make: Make) -> None:
    limiter = limited(make(60))
    for _ in range(5):
        await permit(limiter, writes=1)

    assert not (await permit(limiter, writes=1, reads=1)).read


@pytest.mark.parametrize("limit", [1, 2, 19])
@virtual
async def test_a_small_limit_keeps_nothing_back(make: Make, limit: int) -> None:
    limiter = limited(make(limit))

    assert await grants(limiter, 61, reads=1) == [0.0] * limit + [60.05] * limit
