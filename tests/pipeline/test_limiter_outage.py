"""Servers whose shared ledger is unavailable, comes back or is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from random import Random

import pytest

from linktime.pipeline.limiter import Lease, SharedStore
from linktime.pipeline.limiter.shared import ALONE, BACK
from tests.support.ledger_homes import Home, Server, shared
from tests.support.limiter_setup import Open, distant, take
from tests.support.virtual_time import clock, peak, virtual


@virtual
async def test_server_without_ledger_uses_its_share_and_logs_it_once(
    ledger: Open, caplog: pytest.LogCaptureFixture
) -> None:
    far, one = distant(ledger("one", 12))
    await shared(ledger("other", 12)).take(0, 0.0)
    slots = await take(one, 2)
    far.away = True

    await one.release(slots[0], 60.0, closes=True)
    await take(one, 1)

    assert await one.take(0, 0.0) == 60.0
    assert (one.status().free, one.status().servers) == (0, 2)
    assert caplog.messages == [ALONE % ("it sleeps", 3)]


@virtual
async def test_server_that_never_saw_its_ledger_uses_a_third(ledger: Open) -> None:
    for limit, share in ((6, 2), (60, 20), (2, 1), (1, 1)):
        _, alone = distant(ledger("one", limit), away=True)

        await take(alone, share)

        assert not isinstance(await alone.take(0, 0.0), Lease)


@virtual
async def test_share_excludes_the_permits_that_other_servers_hold(ledger: Open) -> None:
    other = shared(ledger("other", 60))
    far, one = distant(ledger("one", 60))
    for slot in await take(other, 48):
        await other.release(slot, 30.0, closes=True)
    await one.join()
    far.away = True

    await take(one, 4)
    assert (await one.take(0, 0.0), one.status().free) == (30.0, 0)
    await asyncio.sleep(30)
    assert one.status().free == 16
    await take(one, 16)
    assert await one.take(0, 0.0) == 72.0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
@virtual
async def test_servers_without_ledger_stay_within_the_limit_together(ledger: Open, seed: int) -> None:
    limit, period, random = 20, 60.0, Random(seed)
    arrivals = list[float]()
    ledgers, stores = zip(*[distant(ledger(str(number), limit)) for number in range(3)], strict=True)

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
    for far in ledgers:
        far.away = True
    await all_of(stores, 200.0)
    for far in ledgers:
        far.away = False
    await all_of(stores, 500.0)

    assert peak(arrivals, period) <= limit
    assert len(arrivals) >= 0.8 * limit * 500 / period


@virtual
async def test_unavailable_ledger_is_tried_every_five_seconds(ledger: Open) -> None:
    far, one = distant(ledger("one"), away=True)
    for _ in range(12):
        await one.take(0, 0.0)
        await asyncio.sleep(1)

    assert far.steps == 3


@virtual
async def test_returned_ledger_records_the_permits_of_the_outage(
    ledger: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    far, one = distant(ledger("one", 12))
    other = shared(ledger("other", 12))
    [early] = await take(one, 1)
    far.away = True
    await one.release(early, 20.0, closes=True)
    [late] = await take(one, 1)
    far.away = False
    await asyncio.sleep(5)

    await take(one, 1)

    assert await other.take(0, 0.0)
    assert other.status().cooling == (15.0,)
    assert (len(other.status().leased), other.status().free) == (3, 8)
    await one.release(late, 30.0, closes=True)
    assert one.status().cooling == (15.0, 30.0)
    assert caplog.messages[-1] == BACK


@virtual
async def test_unanswered_take_costs_no_permit_after_the_outage(ledger: Open) -> None:
    far, one = distant(ledger("one", 12))
    await take(one, 1)
    far.deaf = True
    await take(one, 1)
    far.deaf = False
    held = Server(ledger("other", 12)).status()
    assert held is not None
    assert len(held.leased) == 2

    await asyncio.sleep(5)
    await take(one, 1)

    assert len(one.status().leased) == 3


@virtual
async def test_recreated_ledger_learns_the_permits_of_its_servers(ledger: Open, home: Home) -> None:
    one, other = shared(ledger("one")), shared(ledger("other"))
    await take(one, 2)
    await take(other, 2)
    home.forget()

    await one.join()
    await other.join()

    assert len(other.status().leased) == 4


@virtual
async def test_server_keeps_to_its_share_for_a_lease_after_an_outage(ledger: Open) -> None:
    far, one = distant(ledger("one"))
    await take(one, 1)
    far.away = True
    await take(one, 1)
    far.away = False
    await asyncio.sleep(5)

    assert await one.take(0, 0.0) == 72.0
    await asyncio.sleep(72)
    await take(one, 4)


@virtual
async def test_server_keeps_to_its_share_for_a_lease_of_a_new_ledger(ledger: Open, home: Home) -> None:
    one, other = shared(ledger("one", 12)), shared(ledger("other", 12))
    await take(other, 3)
    await take(one, 2)
    home.forget()

    [slot] = await take(one, 1)
    await one.release(slot, 0.0, closes=True)
    await take(one, 1)

    assert await one.take(0, 0.0) == 72.0
    await asyncio.sleep(72)
    await take(one, 7)


@virtual
async def test_ten_servers_stay_within_the_limit_of_an_empty_ledger(ledger: Open, home: Home) -> None:
    far, stores = zip(*[distant(ledger(str(number), 60)) for number in range(10)], strict=True)
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
async def test_second_loss_keeps_the_permits_of_other_servers(ledger: Open, home: Home) -> None:
    far, one = distant(ledger("one", 60))
    other = shared(ledger("other", 60))
    await take(other, 50)
    await one.join()
    home.forget()
    slots = await take(one, 3)
    assert await one.take(0, 0.0) == 72.0

    far.away = True
    await one.release(slots[0], 60.0, closes=True)

    assert (await one.take(0, 0.0), one.status().free) == (60.0, 0)
