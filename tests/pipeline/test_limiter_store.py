"""The contract of every store of permits."""

from __future__ import annotations

import asyncio
from math import inf

from linktime.pipeline.ledger import Breaker
from linktime.pipeline.limiter import Lease
from tests.support.limiter_setup import Make, seen, take
from tests.support.virtual_time import virtual


@virtual
async def test_store_grants_its_limit_and_no_more(make: Make) -> None:
    store = make(3)

    leases = await take(store, 3)

    assert [lease.left for lease in leases] == [2, 1, 0]
    assert [lease.grant for lease in leases] == [0, 1, 2]
    assert len({lease.ident for lease in leases}) == 3
    assert await store.take(0, 0.0) == inf
    assert seen(store) == (0, 3, (), 0.0, Breaker.CLOSED, 3)


@virtual
async def test_used_permit_is_free_after_its_cooldown(make: Make) -> None:
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
async def test_unused_permit_is_free_at_once(make: Make) -> None:
    store = make(1)
    [slot] = await take(store)

    await store.release(slot, 0.0, closes=False)

    assert await take(store)


@virtual
async def test_take_keeps_spare_permits_unless_one_is_soon_free(make: Make) -> None:
    store = make(3)
    await take(store)
    assert await store.take(2, 1.0) == inf
    [slot] = await take(store)
    await store.release(slot, 5.0, closes=True)

    assert await store.take(1, 2.0) == 3.0
    await asyncio.sleep(3)
    assert isinstance(await store.take(1, 2.0), Lease)


@virtual
async def test_open_breaker_blocks_all_and_then_admits_one_probe(make: Make) -> None:
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
async def test_refused_probe_is_followed_by_another(make: Make) -> None:
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
async def test_probe_from_before_a_new_429_does_not_close_the_breaker(make: Make) -> None:
    store = make(5)
    await store.open_breaker(0.0)
    [probe] = await take(store)

    await store.open_breaker(4.0)
    await store.release(probe, 60.0, closes=True)

    assert await store.take(0, 0.0) == 4.0
