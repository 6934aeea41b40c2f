from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Any

import pytest

from linktime.errors import Failure, OutcomeUnknown, RateLimited, Rejected, Unavailable
from linktime.message import Quota, Reply
from linktime.pipeline.clock import now
from linktime.pipeline.ledger import Breaker
from linktime.pipeline.limiter import Lease, Limiter, MemoryStore, Permit, Store
from tests.support.ledger_homes import FileHome, RedisHome, shared
from tests.support.virtual_time import SlowStore, clock, virtual

Make = Callable[[int], Store]

ANSWER = Reply(200)
NOT_SENT = Unavailable("no connection", sent=False)
READS = {"writes": 0, "reads": 1}
WRITES = {"writes": 1, "reads": 0}


@pytest.fixture(params=["process", "local", "redis"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Make a store of so many slots: what every store has to do is tested on every one."""
    if request.param == "process":
        return lambda limit: MemoryStore(limit, clock=clock)
    home = FileHome(tmp_path) if request.param == "local" else RedisHome(request.getfixturevalue("redis"))
    return lambda limit: shared(home.open("a", limit))


async def take(store: Store, count: int = 1) -> list[Lease]:
    taken = [await store.take(0, 0.0) for _ in range(count)]
    assert all(isinstance(slot, Lease) for slot in taken)
    return [slot for slot in taken if isinstance(slot, Lease)]


def seen(store: Store) -> tuple[object, ...]:
    status = store.status()
    return status.free, len(status.leased), status.cooling, status.blocked, status.breaker, status.grants


async def permit(limiter: Limiter, *, writes: int = 0, reads: int = 0) -> Permit:
    """Take a permit that there has to be."""
    answer = await limiter.take(writes=writes, reads=reads)
    assert isinstance(answer, Permit)
    return answer


async def grants(limiter: Limiter, seconds: float, *, outcome: Reply | Failure = ANSWER, **waiting: int) -> list[float]:
    """Ask for so long on behalf of those who wait, each permit answered at once, and tell when they came."""
    end, times = clock() + seconds, []
    while clock() < end:
        answer = await limiter.take(writes=waiting.get("writes", 0), reads=waiting.get("reads", 0))
        if isinstance(answer, float):
            await asyncio.sleep(min(answer + 1e-6, end - clock()))
        else:
            times.append(round(clock(), 2))
            await answer.settle(outcome)
    return times


async def settled(limiter: Limiter, outcome: Reply | BaseException | None, **waiting: int) -> None:
    await (await permit(limiter, **(waiting or {"reads": 1}))).settle(outcome)


def limited(store: Store, period: float = 60.0) -> Limiter:
    return Limiter(store, period, clock=clock)


# The store


@virtual
async def test_a_store_gives_out_its_slots_and_no_more(make: Make) -> None:
    store = make(3)

    leases = await take(store, 3)

    assert [lease.left for lease in leases] == [2, 1, 0]
    assert [lease.grant for lease in leases] == [0, 1, 2]
    assert len({lease.ident for lease in leases}) == 3
    assert await store.take(0, 0.0) == inf
    assert seen(store) == (0, 3, (), 0.0, Breaker.CLOSED, 3)


@virtual
async def test_a_slot_that_was_used_is_free_again_after_its_time(make: Make) -> None:
    store = make(2)
    first, second = await take(store, 2)

    await store.release(first, 8.0, closes=True)
    await asyncio.sleep(2)
    await store.release(second, 3.0, closes=True)

    assert await store.take(0, 0.0) == 3.0
    assert store.status().cooling[:1] == (3.0,)
    assert seen(store) == (0, 0, (3.0, 6.0), 0.0, Breaker.CLOSED, 2)
    await asyncio.sleep(3)
    await take(store)
    assert await store.take(0, 0.0) == 3.0


@virtual
async def test_a_slot_that_was_not_used_is_free_at_once(make: Make) -> None:
    store = make(1)
    [slot] = await take(store)

    await store.release(slot, 0.0, closes=False)

    assert await take(store)


@virtual
async def test_a_taker_leaves_the_slots_that_it_has_to_spare_unless_they_will_soon_be_free(make: Make) -> None:
    store = make(3)
    await take(store)
    assert await store.take(2, 1.0) == inf
    [slot] = await take(store)
    await store.release(slot, 5.0, closes=True)

    assert await store.take(1, 2.0) == 3.0
    await asyncio.sleep(3)
    assert isinstance(await store.take(1, 2.0), Lease)


@virtual
async def test_a_shut_gate_holds_everybody_and_then_lets_a_probe_go_first(make: Make) -> None:
    store = make(5)
    await store.open_breaker(7.0)
    await store.open_breaker(2.0)
    assert seen(store) == (5, 0, (), 7.0, Breaker.OPEN, 0)
    assert await store.take(0, 0.0) == 7.0
    await asyncio.sleep(7)

    [probe] = await take(store)
    assert await store.take(0, 0.0) == inf
    await store.release(probe, 60.0, closes=True)

    await take(store, 4)
    assert store.status().breaker is Breaker.CLOSED


@virtual
async def test_a_probe_that_was_not_let_in_is_followed_by_another(make: Make) -> None:
    store = make(5)
    [before] = await take(store)
    await store.open_breaker(0.0)
    [probe] = await take(store)

    await store.release(before, 60.0, closes=True)
    assert await store.take(0, 0.0) == inf
    await store.release(probe, 60.0, closes=False)

    await take(store)
    assert await store.take(0, 0.0) == inf


@virtual
async def test_a_probe_that_comes_back_after_the_gate_was_shut_again_does_not_open_it(make: Make) -> None:
    store = make(5)
    await store.open_breaker(0.0)
    [probe] = await take(store)

    await store.open_breaker(4.0)
    await store.release(probe, 60.0, closes=True)

    assert await store.take(0, 0.0) == 4.0


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
async def test_a_slot_cools_down_from_the_answer_on(
    make: Make, outcome: Reply | Failure | None, seconds: float
) -> None:
    limiter = limited(make(1))
    given = await permit(limiter, reads=1)
    await asyncio.sleep(3)

    await given.settle(outcome)

    if seconds:
        assert await limiter.take(writes=0, reads=1) == pytest.approx(seconds)
        await asyncio.sleep(seconds)
    assert await permit(limiter, reads=1)


@virtual
async def test_no_place_is_lost_when_an_asker_is_cancelled() -> None:
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
async def test_asking_in_vain_and_being_cancelled_leaves_nothing_behind() -> None:
    limiter = limited(SlowStore(1, clock=clock))
    await permit(limiter, reads=1)
    asking = asyncio.create_task(limiter.take(writes=1, reads=0))
    await asyncio.sleep(0.005)
    asking.cancel()

    async with limiter:
        pass

    assert repr(limiter) == "<Limiter 0 of 1 permits free | 1 leased | breaker closed>"


# Whose turn it is


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
async def test_a_write_never_waits_longer_than_a_twentieth_of_the_period_behind_reads_alone(make: Make) -> None:
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


@virtual
async def test_the_pace_ends_a_period_after_the_last_write(make: Make) -> None:
    limiter = limited(make(600))
    await settled(limiter, ANSWER, writes=1)
    await asyncio.sleep(30)
    await grants(limiter, 29, reads=1)

    times = await grants(limiter, 3, reads=1)

    assert set(times) == {60.0}


@virtual
async def test_a_read_that_was_not_sent_does_not_count_for_the_pace(make: Make) -> None:
    limiter = limited(make(60))
    await settled(limiter, ANSWER, writes=1)
    given = [await permit(limiter, reads=1) for _ in range(30)]
    assert await limiter.take(**READS) == 10.0

    await given[0].settle(NOT_SENT)

    assert await permit(limiter, reads=1)
    assert await limiter.take(**READS) == 10.0


@virtual
async def test_a_read_that_turns_out_not_to_be_sent_when_the_pace_forgot_it_is_given_back_all_the_same(
    make: Make,
) -> None:
    limiter = limited(make(2))
    given = await permit(limiter, reads=1)
    await grants(limiter, 61, reads=1)

    await given.settle(NOT_SENT)

    assert limiter.free == 1


@virtual
async def test_a_write_does_not_obey_the_pace(make: Make) -> None:
    limiter = limited(make(60))
    await settled(limiter, ANSWER, writes=1)
    await grants(limiter, 1, reads=1)

    assert not (await permit(limiter, writes=1, reads=1)).read


@virtual
async def test_every_fifth_turn_is_the_oldest_reads_even_beyond_pace_and_reserve(make: Make) -> None:
    limiter = limited(make(60))

    turns = [(await permit(limiter, writes=1, reads=1)).read for _ in range(60)]

    assert turns == [False, False, False, False, True] * 12


@virtual
async def test_a_write_that_overtakes_nobody_brings_no_read_forward(make: Make) -> None:
    limiter = limited(make(60))
    for _ in range(5):
        await permit(limiter, writes=1)

    assert not (await permit(limiter, writes=1, reads=1)).read


@pytest.mark.parametrize("limit", [1, 2, 19])
@virtual
async def test_a_small_limit_keeps_nothing_back(make: Make, limit: int) -> None:
    limiter = limited(make(limit))

    assert await grants(limiter, 61, reads=1) == [0.0] * limit + [60.05] * limit


# The gate


@virtual
async def test_a_429_stops_everybody_for_as_long_as_it_says(make: Make) -> None:
    limiter = limited(make(60))
    await settled(limiter, RateLimited("slow down", retry_after=12.0))

    assert repr(limiter) == "<Limiter 59 of 60 permits free | 0 leased | breaker open for 12.1 s>"
    assert await limiter.take(writes=1, reads=1) == pytest.approx(12.05)
    assert [round(wait, 6) for _, wait in limiter.forecast(writes=1, reads=1)] == [12.05, 12.05]


@virtual
async def test_a_429_that_does_not_say_how_long_stops_for_a_sixth_of_the_period(make: Make) -> None:
    limiter = limited(make(60))
    await settled(limiter, RateLimited("slow down"))

    assert await limiter.take(**WRITES) == pytest.approx(10.05)


@virtual
async def test_the_answer_to_a_probe_opens_the_gate(make: Make) -> None:
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
async def test_a_probe_without_an_answer_does_not_open_the_gate(make: Make, outcome: Failure | None) -> None:
    limiter = limited(make(60))
    await settled(limiter, RateLimited("slow down", retry_after=1.0))
    await asyncio.sleep(1.05)

    await settled(limiter, outcome)

    await permit(limiter, reads=1)
    assert await limiter.take(**READS) == inf


@virtual
async def test_a_probe_that_meets_a_429_shuts_the_gate_again(make: Make) -> None:
    limiter = limited(make(60))
    for _ in range(2):
        await settled(limiter, RateLimited("slow down", retry_after=1.0))
        assert await limiter.take(**READS) == pytest.approx(1.05)
        await asyncio.sleep(1.06)


@virtual
async def test_nobody_slips_through_while_a_slow_store_learns_of_a_probes_429() -> None:
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


# The service's own count


@pytest.mark.parametrize(
    ("remaining", "reset", "stops"),
    [(2, 20.0, True), (0, 20.0, True), (3, 20.0, False), (2, None, False), (None, 20.0, False)],
)
@virtual
async def test_a_service_that_counts_more_than_we_stops_us_until_its_reset(
    make: Make, remaining: int | None, reset: float | None, *, stops: bool
) -> None:
    limiter = limited(make(60))

    await settled(limiter, Reply(200, quota=Quota(remaining, reset)))

    answer = await limiter.take(**READS)
    assert answer == pytest.approx(20.05) if stops else isinstance(answer, Permit)


@virtual
async def test_a_service_that_counts_what_we_count_stops_nobody(make: Make) -> None:
    limiter = limited(make(20))

    for remaining in reversed(range(20)):
        given = await permit(limiter, writes=1)
        await given.settle(Reply(200, quota=Quota(remaining, 60.0)))

    assert repr(limiter) == "<Limiter 0 of 20 permits free | 0 leased | breaker closed>"


@virtual
async def test_requests_that_overtook_this_one_are_not_taken_for_somebody_elses(make: Make) -> None:
    limiter = limited(make(20))
    overtaken, *others = [await permit(limiter, writes=1) for _ in range(18)]
    for other in others:
        await other.settle(ANSWER)
    await asyncio.sleep(60.05)

    await overtaken.settle(Reply(200, quota=Quota(2, 60.0)))

    assert repr(limiter) == "<Limiter 19 of 20 permits free | 0 leased | breaker closed>"


@virtual
async def test_a_forecast_takes_what_is_out_to_be_answered_now(make: Make) -> None:
    limiter = limited(make(2))
    await permit(limiter, writes=1)
    await settled(limiter, ANSWER, writes=1)
    await asyncio.sleep(1)

    turns = [(read, round(wait, 6)) for read, wait in limiter.forecast(writes=2, reads=0)]

    assert turns == [(False, 59.05), (False, 60.05)]


def test_the_clock_never_goes_back() -> None:
    moments = [now() for _ in range(1000)]

    assert all(earlier <= later for earlier, later in pairwise(moments))


def test_a_limiter_tells_its_limit_and_what_is_free() -> None:
    limiter: Any = Limiter(MemoryStore(7), 60.0)

    assert (limiter.limit, limiter.free) == (7, 7)
