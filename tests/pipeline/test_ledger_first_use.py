"""The budget at the first use of a key, and after the loss of a ledger."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from linktime.pipeline.limiter import Lease, SharedStore
from tests.support.ledger_homes import FileHome, Home, RedisHome, shared
from tests.support.redis_server import RedisServer
from tests.support.virtual_time import virtual

LIMIT, PERIOD, LEASE = 6, 60.0, 72.0


def started(home: Home, name: str) -> SharedStore:
    return shared(home.open(name, LIMIT), old=False)


async def spent(store: SharedStore) -> int:
    """Send as many requests as the store permits now. Return their number."""
    count = 0
    while isinstance(lease := await store.take(0, 0.0), Lease):
        await store.release(lease, PERIOD, closes=True)
        count += 1
    return count


@virtual
async def test_first_use_of_a_key_has_the_whole_budget(tmp_path: Path) -> None:
    assert await spent(started(FileHome(tmp_path), "one")) == LIMIT


@virtual
async def test_servers_that_start_at_once_share_the_whole_budget(tmp_path: Path) -> None:
    home = FileHome(tmp_path)
    one, other = started(home, "one"), started(home, "other")
    await one.join()
    await other.join()

    assert await spent(one) + await spent(other) == LIMIT


@virtual
async def test_new_server_waits_while_a_lost_file_counts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    home = FileHome(tmp_path)
    assert await spent(started(home, "one")) == LIMIT
    home.forget()

    late = started(home, "two")

    assert await late.take(0, 0.0) == pytest.approx(LEASE, abs=5.0)
    await late.take(0, 0.0)
    assert [record.args for record in caplog.records] == [(str(tmp_path / "budget.db"), LEASE)]  # logged once
    await asyncio.sleep(LEASE)
    assert await spent(late) == LIMIT


@virtual
async def test_file_that_was_lost_unused_is_a_first_use(tmp_path: Path) -> None:
    home = FileHome(tmp_path)
    await spent(started(home, "one"))
    home.forget()
    os.utime(tmp_path / "budget.used", (time.time() - LEASE,) * 2)

    assert await spent(started(home, "two")) == LIMIT


@virtual
async def test_server_that_knows_the_lost_file_goes_on(tmp_path: Path) -> None:
    home = FileHome(tmp_path)
    one = started(home, "one")
    lease = await one.take(0, 0.0)
    assert isinstance(lease, Lease)
    await one.release(lease, PERIOD, closes=True)
    home.forget()

    assert 0 < await spent(one) < LIMIT - 1


@virtual
async def test_new_server_has_a_share_of_a_young_budget_on_redis(redis: RedisServer) -> None:
    late = started(RedisHome(redis), "late")

    assert await spent(late) == LIMIT // 3
    assert await late.take(0, 0.0) == PERIOD
    await asyncio.sleep(PERIOD)
    assert await spent(late) == LIMIT
