"""A cache with a manual clock over a scripted service, as fixtures."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from linktime.pipeline.cache import Cache
from tests.support.cache_setup import Clock, Upstream


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
