"""Measures the cost of a permit in each store: `python -m tests.benchmarks.sharing [redis://…]`."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final
from uuid import uuid4

from linktime.config import Settings
from linktime.pipeline.clock import now
from linktime.pipeline.ledger import ChangeFeed, Executor, Shared, open_shared
from linktime.pipeline.limiter import Lease, MemoryStore, SharedStore, Store
from tests.support.ledger_homes import mature, opened

_LIMIT: Final = 60
_TURNS: Final = 400  # of a permit that is taken and released
_HELD: Final = 0.8  # s; that long another connection holds the file's lock
_CROWDS: Final = (4, 16)  # servers at once


async def turns(place: str, limit: int = _LIMIT, used: int = 0) -> list[float]:
    """Return the seconds of each of many permits, taken and released unused, while *used* others cool down."""
    executor = Executor()
    shared = _shared(place, limit)
    if shared:
        shared.ledger.apply(mature)
    store = SharedStore(shared.ledger, shared.terms, run=executor) if shared else MemoryStore(limit)
    for _ in range(used):
        lease = await store.take(0, 0.0)
        assert isinstance(lease, Lease)
        await store.release(lease, 60.0, closes=True)
    try:
        return [await _turn(store) for _ in range(_TURNS)]
    finally:
        await executor.aclose(store.close if isinstance(store, SharedStore) else lambda: None)


async def longest_stall(path: Path) -> tuple[float, float]:
    """Return the longest stall of the loop and of a cache hit's poll while another connection holds the lock."""
    shared = opened(path, uuid4().hex, _LIMIT, clock=now)
    executor = Executor()
    store, feed = (
        SharedStore(shared.ledger, shared.terms, run=executor),
        ChangeFeed(shared.changes, executor, clock=perf_counter),
    )
    await _turn(store)
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        taking = asyncio.create_task(_turn(store))
        stall = look = 0.0
        last = begun = perf_counter()
        while last < begun + _HELD:
            await asyncio.sleep(0)
            before = perf_counter()
            await feed.poll()
            moment = perf_counter()
            stall, look, last = max(stall, moment - last), max(look, moment - before), moment
        other.execute("ROLLBACK")
    await taking
    await executor.aclose(store.close)
    return stall, look


async def _turn(store: Store) -> float:
    begun = perf_counter()
    lease = await store.take(0, 0.0)
    while not isinstance(lease, Lease):
        lease = await store.take(0, 0.0)
    await store.release(lease, 0.0, closes=True)
    return perf_counter() - begun


def _shared(place: str, limit: int) -> Shared | None:
    if place == "process":
        return None
    if "://" in place:
        key = {"LINKTIME_API_KEY": "benchmark", "LINKTIME_BUDGET": place, "LINKTIME_RATE_LIMIT": str(limit)}
        return open_shared(Settings.from_environ(key))
    return opened(Path(place), uuid4().hex, limit, clock=now)


def _played(place: str, _: int) -> list[float]:
    return asyncio.run(turns(place))


def _line(name: str, seconds: list[float]) -> str:
    return f"{name:<30} {median(seconds) * 1e6:8.0f} {quantiles(seconds, n=100)[98] * 1e6:8.0f}\n"


def main(redis: str | None) -> None:
    """Print a table of the microseconds for a permit and its release."""
    with TemporaryDirectory() as folder, ProcessPoolExecutor(max(_CROWDS)) as pool:
        places = {"process": "process", "local": str(Path(folder) / "budget.db")} | ({"redis": redis} if redis else {})
        sys.stdout.write(f"{'a take and its release':<30} {'p50 us':>8} {'p99 us':>8}\n")
        for name, place in places.items():
            sys.stdout.write(_line(f"{name}, alone", _played(place, 0)))
            for crowd in _CROWDS if name != "process" else ():
                served = [each for played in pool.map(partial(_played, place), range(crowd)) for each in played]
                sys.stdout.write(_line(f"{name}, {crowd} servers", served))
        for limit in (60, 1000, 5000):
            path = str(Path(folder) / f"{limit}.db")
            sys.stdout.write(_line(f"local, {limit - 1} in use", asyncio.run(turns(path, limit, limit - 1))))
        stall, look = asyncio.run(longest_stall(Path(folder) / "held.db"))
        sys.stdout.write(
            f"the lock held for {_HELD} s: longest stall {stall * 1e3:.1f} ms, of a poll {look * 1e3:.1f} ms\n"
        )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
