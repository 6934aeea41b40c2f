from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from linktime.pipeline.clock import now
from linktime.pipeline.ledger import Change, ChangeFeed, Executor
from linktime.pipeline.limiter import Lease, SharedStore
from tests.support.ledger_homes import opened
from tests.support.virtual_time import TIMEOUT

TAGS = frozenset({"bookings"})


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def opened_files() -> set[Path]:
    return {file.resolve() for file in files(Path("/proc/self/fd"))}


async def test_steps_of_a_ledger_run_in_one_thread_off_the_loop() -> None:
    executor = Executor()

    threads = {await executor(threading.get_ident) for _ in range(5)}
    await executor.aclose(lambda: None)

    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_started_step_finishes_after_its_caller_is_cancelled() -> None:
    executor, begun, go, done = Executor(), threading.Event(), threading.Event(), threading.Event()

    def step() -> None:
        begun.set()
        assert go.wait(TIMEOUT)
        done.set()

    waiting = asyncio.create_task(executor(step))
    assert await asyncio.to_thread(begun.wait, TIMEOUT)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go.set()
    await executor.aclose(lambda: None)

    assert done.is_set()


async def test_a_farewell_that_takes_too_long_is_not_waited_for() -> None:
    executor, go = Executor(), threading.Event()

    def farewell() -> None:
        go.wait(TIMEOUT)

    await executor.aclose(farewell)

    assert not go.is_set()
    go.set()


async def test_a_farewell_that_fails_is_no_secret() -> None:
    def farewell() -> None:
        raise ValueError("not so fast")

    with pytest.raises(ValueError, match="not so fast"):
        await Executor().aclose(farewell)


@pytest.mark.posix  # reads /proc
async def test_connections_of_threads_are_closed_at_the_end(tmp_path: Path) -> None:
    executor, seat = Executor(), opened(tmp_path / "budget.db", clock=now)
    store = SharedStore(seat.ledger, seat.terms, run=executor)
    feed = ChangeFeed(seat.changes, executor, clock=lambda: 0.0)
    assert isinstance(await store.take(0, 0.0), Lease)
    await feed.publish(Change(TAGS, 0.0))
    assert await feed.poll() is None

    await executor.aclose(store.close)

    assert {file.name for file in files(tmp_path)} == {"budget.db", "budget.used"}
    assert not opened_files() & set(files(tmp_path))
