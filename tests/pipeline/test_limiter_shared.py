"""What becomes of the slots where servers share them, and where the ledger comes and goes."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from random import Random
from typing import TypeVar

import pytest

from linktime.errors import RateLimited
from linktime.message import Reply
from linktime.pipeline.ledger import Budget, Ledger, LedgerUnavailable, Shared
from linktime.pipeline.ledger.interface import Step
from linktime.pipeline.limiter import Lease, Limiter, Permit, SharedStore
from tests.support.ledger_homes import Home, Server, at_once, mature, shared
from tests.support.virtual_time import Sliding, clock, peak, virtual

T = TypeVar("T")
Open = Callable[..., Shared]


@pytest.fixture
def ledger(home: Home) -> Open:
    """Open the ledger of one key as one server sees it."""
    return home.open


@dataclass
class _Distant:
    """A ledger that can be unavailable."""

    ledger: Ledger
    away: bool = False
    deaf: bool = False  # a step is stored, and its answer is lost
    steps: int = 0

    @property
    def place(self) -> str:
        return self.ledger.place

    @property
    def clock(self) -> str:
        return self.ledger.clock

    def apply(self, step: Step[T]) -> T:
        self.steps += 1
        if self.away:
            raise LedgerUnavailable("it sleeps")
        result = self.ledger.apply(step)
        if self.deaf:
            raise LedgerUnavailable("no answer came")
        return result

    def peek(self) -> tuple[Budget, float] | None:
        return self.ledger.peek()

    def close(self) -> None:
        self.ledger.close()


def remote(seat: Shared, *, away: bool = False) -> tuple[_Distant, SharedStore]:
    """Make the store of a server whose ledger can be unavailable."""
    seat.ledger.apply(mature)
    far = _Distant(seat.ledger, away)
    return far, SharedStore(far, seat.terms, run=at_once, clock=clock)


async def taken(store: SharedStore, count: int) -> list[Lease]:
    slots = [await store.take(0, 0.0) for _ in range(count)]
    assert all(isinstance(slot, Lease) for slot in slots)
    return [slot for slot in slots if isinstance(slot, Lease)]


@virtual
async def test_what_one_server_spends_is_gone_for_the_other(ledger: Open) -> None:
    one, other = shared(ledger("one")), shared(ledger("other"))
    slots = await taken(one, 4)
    await one.release(slots[0], 30.0, closes=True)

    await taken(other, 2)

    assert await other.take(0, 0.0) == 30.0
    assert (other.status().free, other.status().servers, other.status().cooling) == (0, 2, (30.0,))
    assert one.status().free == 2


@virtual
async def test_a_429_of_one_server_stops_the_other_and_one_probe_opens_the_gate_for_both(ledger: Open) -> None:
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
async def test_without_its_ledger_a_server_goes_on_with_its_share_and_says_so_once(
    ledger: Open, caplog: pytest.LogCaptureFixture
) -> None:
    far, one = remote(ledger("one", 12))
    await shared(ledger("other", 12)).take(0, 0.0)
    slots = await taken(one, 2)
    far.away = True

    await one.release(slots[0], 60.0, closes=True)
    await taken(one, 1)

    assert await one.take(0, 0.0) == 60.0
    assert (one.status().free, one.status().servers) == (0, 2)
    assert caplog.messages == ["the shared budget can't be used (it sleeps): going on alone, with a share of 3"]


@virtual
async def test_a_server_that_never_saw_its_ledger_takes_a_third_and_never_less_than_one(ledger: Open) -> None:
    for limit, share in ((6, 2), (60, 20), (2, 1), (1, 1)):
        _, alone = remote(ledger("one", limit), away=True)

        await taken(alone, share)

        assert not isinstance(await alone.take(0, 0.0), Lease)


@virtual
async def test_alone_a_server_takes_its_part_of_what_the_others_did_not_hold(ledger: Open) -> None:
    other = shared(ledger("other", 60))
    far, one = remote(ledger("one", 60))
    for slot in await taken(other, 48):
        await other.release(slot, 30.0, closes=True)
    await one.join()
    far.away = True

    await taken(one, 4)
    assert (await one.take(0, 0.0), one.status().free) == (30.0, 0)
    await asyncio.sleep(30)
    assert one.status().free == 16
    await taken(one, 16)
    assert await one.take(0, 0.0) == 72.0


@pytest.mark.parametrize("seed", range(6))
@virtual
async def test_servers_that_lose_sight_of_their_ledger_together_stay_within_the_limit(ledger: Open, seed: int) -> None:
    limit, period, random = 20, 60.0, Random(seed)
    arrivals = list[float]()
    distant, stores = zip(*[remote(ledger(str(number), limit)) for number in range(3)], strict=True)

    async def request(store: SharedStore, *, until: float) -> None:
        while clock() < until:
            slot = await store.take(0, 0.0)
            if not isinstance(slot, Lease):
                await asyncio.sleep(min(slot, 5.0))
                continue
            await asyncio.sleep(random.uniform(0.01, 0.3))
            arrivals.append(clock())
            await store.release(slot, period + 0.05, closes=True)
            await asyncio.sleep(random.choice([0.0, 1.0]))

    async def all_of(stores: Sequence[SharedStore], until: float) -> None:
        await asyncio.gather(*(request(store, until=until) for store in stores for _ in range(8)))

    await all_of(stores[: random.randint(1, 3)], random.choice([0.2, 0.5, 1.0, 2.0]))
    await asyncio.gather(*(store.join() for store in stores))
    for far in distant:
        far.away = True
    await all_of(stores, 200.0)
    for far in distant:
        far.away = False
    await all_of(stores, 500.0)

    assert peak(arrivals, period) <= limit
    assert len(arrivals) >= 0.8 * limit * 500 / period


@virtual
async def test_a_ledger_that_is_away_is_asked_again_every_five_seconds(ledger: Open) -> None:
    far, one = remote(ledger("one"), away=True)
    for _ in range(12):
        await one.take(0, 0.0)
        await asyncio.sleep(1)

    assert far.steps == 3


@virtual
async def test_a_server_that_finds_its_ledger_again_puts_down_what_it_spent_meanwhile(
    ledger: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    far, one = remote(ledger("one", 12))
    other = shared(ledger("other", 12))
    [early] = await taken(one, 1)
    far.away = True
    await one.release(early, 20.0, closes=True)
    [late] = await taken(one, 1)
    far.away = False
    await asyncio.sleep(5)

    await taken(one, 1)

    assert await other.take(0, 0.0)
    assert other.status().cooling == (15.0,)
    assert (len(other.status().leased), other.status().free) == (3, 8)
    await one.release(late, 30.0, closes=True)
    assert one.status().cooling == (15.0, 30.0)
    assert caplog.messages[-1] == "the shared budget is back"


@virtual
async def test_a_take_of_which_nothing_was_heard_costs_no_slot_when_the_ledger_is_back(ledger: Open) -> None:
    far, one = remote(ledger("one", 12))
    await taken(one, 1)
    far.deaf = True
    await taken(one, 1)
    far.deaf = False
    held = Server(ledger("other", 12)).status()
    assert held is not None
    assert len(held.leased) == 2

    await asyncio.sleep(5)
    await taken(one, 1)

    assert len(one.status().leased) == 3


@virtual
async def test_a_ledger_that_was_made_anew_learns_what_its_servers_hold(ledger: Open, home: Home) -> None:
    one, other = shared(ledger("one")), shared(ledger("other"))
    await taken(one, 2)
    await taken(other, 2)
    home.forget()

    await one.join()
    await other.join()

    assert len(other.status().leased) == 4


@virtual
async def test_for_a_lease_a_server_keeps_to_its_share_when_its_ledger_is_back(ledger: Open) -> None:
    far, one = remote(ledger("one"))
    await taken(one, 1)
    far.away = True
    await taken(one, 1)
    far.away = False
    await asyncio.sleep(5)

    assert await one.take(0, 0.0) == 72.0
    await asyncio.sleep(72)
    await taken(one, 4)


@virtual
async def test_for_a_lease_a_server_keeps_to_its_share_when_its_ledger_was_made_anew(ledger: Open, home: Home) -> None:
    one, other = shared(ledger("one", 12)), shared(ledger("other", 12))
    await taken(other, 3)
    await taken(one, 2)
    home.forget()

    [slot] = await taken(one, 1)
    await one.release(slot, 0.0, closes=True)
    await taken(one, 1)

    assert await one.take(0, 0.0) == 72.0
    await asyncio.sleep(72)
    await taken(one, 7)


@virtual
async def test_many_servers_stay_within_the_limit_when_their_ledger_comes_back_empty(ledger: Open, home: Home) -> None:
    far, stores = zip(*[remote(ledger(str(number), 60)) for number in range(10)], strict=True)
    for store in (*stores, *stores):  # the first time each sees those before it
        await store.join()
    for each in far:
        each.away = True
    taken = [sum([isinstance(await store.take(0, 0.0), Lease) for _ in range(9)]) for store in stores]
    home.forget()
    for each in far:
        each.away = False
    await asyncio.sleep(5)

    taken += [sum([isinstance(await store.take(0, 0.0), Lease) for _ in range(60)]) for store in stores[:3]]

    assert taken == [6] * 10 + [0] * 3


@virtual
async def test_a_second_loss_does_not_make_a_server_forget_what_others_held(ledger: Open, home: Home) -> None:
    far, one = remote(ledger("one", 60))
    other = shared(ledger("other", 60))
    await taken(other, 50)
    await one.join()
    home.forget()
    slots = await taken(one, 3)
    assert await one.take(0, 0.0) == 72.0

    far.away = True
    await one.release(slots[0], 60.0, closes=True)

    assert (await one.take(0, 0.0), one.status().free) == (60.0, 0)


@virtual
async def test_the_forecast_knows_of_the_places_that_are_kept(ledger: Open) -> None:
    one, idle = shared(ledger("one", 20)), shared(ledger("idle", 20))
    await one.join()
    await idle.join()
    limiter = Limiter(one, 60.0, clock=clock)
    while isinstance(answer := await limiter.take(writes=0, reads=1), Permit):
        await answer.settle(Reply(200))

    [(_, told)] = limiter.forecast(writes=0, reads=1)
    assert told == pytest.approx(answer)
    assert answer > 50


@virtual
async def test_the_forecast_knows_that_a_place_is_kept_for_who_comes_late(ledger: Open) -> None:
    busy, late = shared(ledger("busy", 60)), shared(ledger("late", 60))
    for slot in await taken(busy, 58):
        await busy.release(slot, 60.0, closes=True)
    await late.join()
    limiter = Limiter(late, 60.0, clock=clock)

    assert [wait for _, wait in limiter.forecast(writes=0, reads=2)] == [0.0, pytest.approx(57.0)]
    assert isinstance(await limiter.take(writes=0, reads=2), Permit)


@virtual
async def test_different_settings_are_warned_of_once(ledger: Open, caplog: pytest.LogCaptureFixture) -> None:
    narrow, wide = shared(ledger("narrow", 2, period=90.0)), shared(ledger("wide", 12))
    await narrow.join()

    await taken(wide, 2)

    assert await wide.take(0, 0.0) == inf
    [warning] = caplog.messages
    assert "2 requests in 90 s" in warning
    assert "LINKTIME_RATE_LIMIT" in warning


@virtual
async def test_request_of_a_server_that_stood_still_is_not_sent(ledger: Open) -> None:
    limiter = Limiter(shared(ledger("one")), 60.0, clock=clock)
    permit = await limiter.take(writes=1, reads=0)
    assert isinstance(permit, Permit)
    assert permit.is_fresh

    await asyncio.sleep(120)

    assert not permit.is_fresh


@pytest.mark.parametrize("late", [0.01, 1.0, 30.0, 56.0])
@virtual
async def test_whoever_asks_first_leaves_a_place_for_every_server_that_came(ledger: Open, late: float) -> None:
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


@pytest.mark.parametrize("seed", range(6))
@virtual
async def test_four_servers_spend_one_budget_fairly_and_one_of_them_is_killed(home: Home, seed: int) -> None:
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
