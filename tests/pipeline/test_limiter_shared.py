"""Limiters that share one budget through a ledger."""

from __future__ import annotations

import asyncio
from collections import Counter
from math import inf
from random import Random

import pytest

from linktime.errors import RateLimited
from linktime.message import Reply
from linktime.pipeline.limiter import Limiter, Permit
from tests.support.ledger_homes import Home, shared
from tests.support.limiter_setup import Open, take
from tests.support.virtual_time import Sliding, clock, peak, virtual


@virtual
async def test_permits_of_one_server_are_taken_for_the_other(ledger: Open) -> None:
    one, other = shared(ledger("one")), shared(ledger("other"))
    slots = await take(one, 4)
    await one.release(slots[0], 30.0, closes=True)

    await take(other, 2)

    assert await other.take(0, 0.0) == 30.0
    assert (other.status().free, other.status().servers, other.status().cooling) == (0, 2, (30.0,))
    assert one.status().free == 2


@virtual
async def test_429_blocks_both_servers_and_one_probe_admits_both(ledger: Open) -> None:
    one, other = (Limiter(shared(ledger(name)), 60.0, clock=clock) for name in ("one", "other"))
    first = await other.take(writes=1, reads=0)
    assert isinstance(first, Permit)
    await first.settle(Reply(200))
    second = await one.take(writes=1, reads=0)
    assert isinstance(second, Permit)
    await second.settle(RateLimited("slow down", retry_after=5.0))

    assert await other.take(writes=1, reads=0) == pytest.approx(5.05)
    await asyncio.sleep(5.06)
    probe = await other.take(writes=1, reads=0)
    assert isinstance(probe, Permit)
    assert await one.take(writes=1, reads=0) == pytest.approx(0.25)
    await probe.settle(Reply(200))
    assert isinstance(await one.take(writes=1, reads=0), Permit)


@virtual
async def test_forecast_includes_the_reserved_permits(ledger: Open) -> None:
    one, idle = shared(ledger("one", 20)), shared(ledger("idle", 20))
    await one.join()
    await idle.join()
    limiter = Limiter(one, 60.0, clock=clock)
    while isinstance(answer := await limiter.take(writes=0, reads=1), Permit):
        await answer.settle(Reply(200))

    [(_, forecast)] = limiter.forecast(writes=0, reads=1)
    assert forecast == pytest.approx(answer)
    assert answer > 50


@virtual
async def test_forecast_of_a_late_server_uses_its_reserved_permit(ledger: Open) -> None:
    busy, late = shared(ledger("busy", 60)), shared(ledger("late", 60))
    for slot in await take(busy, 58):
        await busy.release(slot, 60.0, closes=True)
    await late.join()
    limiter = Limiter(late, 60.0, clock=clock)

    assert [wait for _, wait in limiter.forecast(writes=0, reads=2)] == [0.0, pytest.approx(57.0)]
    assert isinstance(await limiter.take(writes=0, reads=2), Permit)


@virtual
async def test_different_settings_cause_one_warning(ledger: Open, caplog: pytest.LogCaptureFixture) -> None:
    narrow, wide = shared(ledger("narrow", 2, period=90.0)), shared(ledger("wide", 12))
    await narrow.join()

    await take(wide, 2)

    assert await wide.take(0, 0.0) == inf
    [warning] = caplog.messages
    assert "2 requests in 90 s" in warning
    assert "LINKTIME_RATE_LIMIT" in warning


@virtual
async def test_permit_of_a_suspended_server_is_not_fresh(ledger: Open) -> None:
    limiter = Limiter(shared(ledger("one")), 60.0, clock=clock)
    permit = await limiter.take(writes=1, reads=0)
    assert isinstance(permit, Permit)
    assert permit.is_fresh

    await asyncio.sleep(120)

    assert not permit.is_fresh


@pytest.mark.parametrize("late", [0.01, 1.0, 30.0, 56.0])
@virtual
async def test_first_server_leaves_one_permit_per_idle_server(ledger: Open, late: float) -> None:
    stores = [shared(ledger(str(number), 20)) for number in range(4)]
    for store in stores:
        await store.join()
    *early, last = (Limiter(store, 60.0, clock=clock) for store in stores)
    greedy = Counter[int]()
    while served := [n for n, limiter in enumerate(early) if isinstance(await limiter.take(writes=0, reads=9), Permit)]:
        greedy.update(served)

    await asyncio.sleep(late)
    for limiter in early:
        await limiter.take(writes=0, reads=9)

    assert set(greedy) == {0, 1, 2}
    assert isinstance(await last.take(writes=0, reads=1), Permit)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
@virtual
async def test_four_servers_share_fairly_and_one_is_killed(home: Home, seed: int) -> None:
    limit, period, random = 20, 60.0, Random(seed)
    service, arrivals = Sliding(limit, period), list[tuple[float, int]]()

    async def request(server: int) -> None:
        await asyncio.sleep(random.uniform(0.01, 0.3))
        assert service.admits(clock())
        arrivals.append((clock(), server))
        await asyncio.sleep(random.uniform(0.01, 0.3))

    async def worker(server: int, limiter: Limiter, waiting: list[int], gate: asyncio.Lock) -> None:
        while True:
            async with gate:
                if not waiting:
                    return
                answer = await limiter.take(writes=len(waiting), reads=0)
                while not isinstance(answer, Permit):
                    await asyncio.sleep(min(answer, 5.0))
                    answer = await limiter.take(writes=len(waiting), reads=0)
                waiting.pop()
            await request(server)
            await answer.settle(Reply(200))

    async def serve(server: int) -> None:
        store = shared(home.open(str(server), limit))
        limiter, waiting, gate = Limiter(store, period, clock=clock), [0] * 20, asyncio.Lock()
        await asyncio.gather(*(worker(server, limiter, waiting, gate) for _ in range(8)))

    tasks = [asyncio.create_task(serve(server)) for server in range(4)]
    asyncio.get_running_loop().call_later(0.2, tasks[3].cancel)
    await asyncio.wait(tasks)

    first = {server for at, server in arrivals if at < period}
    assert first >= {0, 1, 2}
    assert [sum(server == each for _, server in arrivals) for each in range(3)] == [20] * 3
    assert peak([at for at, _ in arrivals], period) <= limit
    optimum = period * ((len(arrivals) - 1) // limit)
    assert max(at for at, _ in arrivals) <= 1.15 * optimum + 12.0  # a lease of 72 s may fall into the last window
