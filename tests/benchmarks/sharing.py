"""What a slot costs in each place that can keep it: `python -m tests.benchmarks.sharing [redis://…]`."""

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
from linktime.ledger import Clerk, Journal, Ledger, open_ledger
from linktime.ledger.sqlite import SqliteLedger
from linktime.limiter import ProcessStore, SharedStore, Slot, Store

_LIMIT: Final = 60
_TURNS: Final = 400  # of a slot that is taken and given back
_HELD: Final = 0.8  # s; that long another connection holds the file's lock


async def turns(place: str) -> list[float]:
    """Take a slot and give it back unused, again and again: the seconds of each."""
    clerk = Clerk()
    ledger = _ledger(place)
    store: Store = SharedStore(ledger, _LIMIT, call=clerk) if ledger else ProcessStore(_LIMIT)
    try:
        return [await _turn(store) for _ in range(_TURNS)]
    finally:
        await clerk.aclose(ledger.close if ledger else lambda: None)


async def longest_stall(path: Path) -> tuple[float, float]:
    """Let another connection hold the lock: the longest stall of the loop, and what a hit's look at the news took."""
    ledger = SqliteLedger(path, server=uuid4().hex, limit=_LIMIT, period=60.0, patience=12.0)
    clerk = Clerk()
    store, journal = SharedStore(ledger, _LIMIT, call=clerk), Journal(ledger, clerk, clock=perf_counter)
    await _turn(store)
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        taking = asyncio.create_task(_turn(store))
        stall = look = 0.0
        last = begun = perf_counter()
        while last < begun + _HELD:
            await asyncio.sleep(0)
            before = perf_counter()
            await journal.news()
            now = perf_counter()
            stall, look, last = max(stall, now - last), max(look, now - before), now
        other.execute("ROLLBACK")
    await taking
    await clerk.aclose(ledger.close)
    return stall, look


async def _turn(store: Store) -> float:
    begun = perf_counter()
    slot = await store.take(0, 0.0)
    while not isinstance(slot, Slot):
        slot = await store.take(0, 0.0)
    await store.release(slot, 0.0, opens=True)
    return perf_counter() - begun


def _ledger(place: str) -> Ledger | None:
    if place == "process":
        return None
    if "://" in place:
        key = {"LINKTIME_API_KEY": "benchmark", "LINKTIME_BUDGET": place}
        return open_ledger(Settings.from_environ(key))
    return SqliteLedger(Path(place), server=uuid4().hex, limit=_LIMIT, period=60.0, patience=12.0)


def _played(place: str, _: int) -> list[float]:
    return asyncio.run(turns(place))


def _told(name: str, seconds: list[float]) -> str:
    return f"{name:<22} {median(seconds) * 1e6:8.0f} {quantiles(seconds, n=100)[98] * 1e6:8.0f}"


def main(redis: str | None) -> None:
    """Print the table, in microseconds for a take and its release."""
    with TemporaryDirectory() as folder, ProcessPoolExecutor(4) as pool:
        places = {"process": "process", "local": str(Path(folder) / "budget")} | ({"redis": redis} if redis else {})
        lines = [f"{'a take and its release':<22} {'p50 us':>8} {'p99 us':>8}"]
        for name, place in places.items():
            lines.append(_told(f"{name}, alone", _played(place, 0)))
            if name != "process":
                four = [each for served in pool.map(partial(_played, place), range(4)) for each in served]
                lines.append(_told(f"{name}, four servers", four))
        stall, look = asyncio.run(longest_stall(Path(folder) / "held"))
        lines.append(
            f"the lock held for {_HELD} s: longest stall {stall * 1e3:.1f} ms, of it in news {look * 1e3:.1f} ms"
        )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
