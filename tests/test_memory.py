"""Memory does not grow with the number of calls. `python -m tests.benchmarks` makes more calls."""

from __future__ import annotations

import asyncio
import sys

import pytest

from linktime.pipeline.limiter import Lease, MemoryStore
from tests.benchmarks.__main__ import ours
from tests.benchmarks.backend import sandbox
from tests.benchmarks.memory import over_cached_calls, over_distinct_reads
from tests.support.virtual_time import clock, virtual

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]  # makes many thousands of calls

MOST = 1.5  # MB; a cache without a bound would grow by twice that


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux reports the memory of a process")
def test_reads_do_not_make_the_program_grow() -> None:
    with sandbox() as (url, key):
        program = ours(url, key)
        calls, reads = over_cached_calls(program, 8000), over_distinct_reads(program, 4000)

    assert calls.after.rss - calls.before.rss < MOST
    assert reads.after.rss - reads.before.rss < MOST


@virtual
async def test_expired_permits_are_removed_from_memory() -> None:
    store = MemoryStore(60, clock=clock)
    for _ in range(100):
        lease = await store.take(0, 0.0)
        assert isinstance(lease, Lease)
        await store.release(lease, 60.0, closes=False)
        await asyncio.sleep(10)

    assert len(store.status().cooling) == 5
