"""That memory stays where it is; `python -m tests.benchmarks` looks at more calls."""

from __future__ import annotations

import asyncio
import sys

import pytest

from linktime.limiter import ProcessStore, Slot
from tests.benchmarks.__main__ import ours
from tests.benchmarks.backend import sandbox
from tests.benchmarks.memory import over_cached_calls, over_distinct_reads
from tests.virtual import clock, virtual

MOST = 1.5  # MB; a cache without a bound would grow by twice that


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process holds")
def test_neither_cached_calls_nor_distinct_reads_make_the_program_grow() -> None:
    with sandbox() as (url, key):
        program = ours(url, key)
        calls, reads = over_cached_calls(program, 8000), over_distinct_reads(program, 4000)

    assert calls.after.rss - calls.before.rss < MOST
    assert reads.after.rss - reads.before.rss < MOST


@virtual
async def test_slots_that_are_free_again_are_forgotten_also_if_nobody_takes_one_here() -> None:
    store = ProcessStore(60, clock=clock)
    for number in range(100):
        slot = Slot(str(number), 0, 0)
        store.hold(slot)
        await store.release(slot, 60.0, opens=False)
        await asyncio.sleep(10)

    assert len(store._cooling) == 6
