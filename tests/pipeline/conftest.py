"""Fixtures of the pipeline: a cache, servers on a ledger, and stores."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from linktime.pipeline.cache import Cache
from linktime.pipeline.limiter import MemoryStore
from tests.support.cache_setup import Clock, Upstream
from tests.support.ledger_homes import FileHome, Home, RedisHome, shared
from tests.support.ledger_setup import Servers
from tests.support.limiter_setup import Make, Open
from tests.support.virtual_time import clock as virtual_clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    upstream = Upstream()
    yield upstream
    upstream.open_all()


@pytest.fixture
def cache(upstream: Upstream, clock: Clock) -> Cache:
    return Cache(upstream, clock=clock, ttl=30, settle=10)


@pytest.fixture
def servers(home: Home) -> Servers:
    """Return the servers of one ledger."""
    return Servers(home)


@pytest.fixture
def ledger(home: Home) -> Open:
    """Return the function that opens the ledger of one key for a server."""
    return home.open


@pytest.fixture(params=["process", "local", pytest.param("redis", marks=pytest.mark.posix)])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Return the function that makes a store with a limit, for each kind of store."""
    if request.param == "process":
        return lambda limit: MemoryStore(limit, clock=virtual_clock)
    home = FileHome(tmp_path) if request.param == "local" else RedisHome(request.getfixturevalue("redis"))
    return lambda limit: shared(home.open("a", limit))
