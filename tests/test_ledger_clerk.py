from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from linktime.ledger import Change, Clerk, Journal
from linktime.ledger.sqlite import SqliteLedger
from linktime.limiter import SharedStore, Slot
from tests.sharing import terms
from tests.virtual import TIMEOUT

TAGS = frozenset({"bookings"})


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_a_ledgers_steps_are_done_in_one_thread_that_is_not_the_loops() -> None:
    clerk = Clerk()

    threads = {await clerk(threading.get_ident) for _ in range(5)}
    await clerk.aclose(lambda: None)

    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_a_step_that_was_begun_is_done_even_if_nobody_waits_any_more() -> None:
    clerk, begun, go, done = Clerk(), threading.Event(), threading.Event(), threading.Event()

    def step() -> None:
        begun.set()
        assert go.wait(TIMEOUT)
        done.set()

    waiting = asyncio.create_task(clerk(step))
    assert await asyncio.to_thread(begun.wait, TIMEOUT)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go.set()
    await clerk.aclose(lambda: None)

    assert done.is_set()


async def test_a_farewell_that_takes_too_long_is_not_waited_for() -> None:
    clerk, go = Clerk(), threading.Event()

    def farewell() -> None:
        go.wait(TIMEOUT)

    await clerk.aclose(farewell)

    assert not go.is_set()
    go.set()


async def test_a_farewell_that_fails_is_no_secret() -> None:
    def farewell() -> None:
        raise ValueError("not so fast")

    with pytest.raises(ValueError, match="not so fast"):
        await Clerk().aclose(farewell)


async def test_what_the_threads_opened_is_closed_at_the_end(tmp_path: Path) -> None:
    clerk, ledger = Clerk(), SqliteLedger(tmp_path / "budget", server="one", **terms(6))
    store, journal = SharedStore(ledger, 6, call=clerk), Journal(ledger, clerk, clock=lambda: 0.0)
    assert isinstance(await store.take(0, 0.0), Slot)
    await journal.tell(Change(TAGS, 0.0))
    assert await journal.news() is None

    await clerk.aclose(ledger.close)

    assert [file.name for file in files(tmp_path)] == ["budget"]
