"""Random reads and writes: no answer is older than a write that ended before its call."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress

import pytest

from linktime.errors import Failure, Unavailable
from linktime.message import Reply, Request, get, post
from linktime.pipeline.cache import Cache
from tests.support.cache_setup import UNKNOWN, Clock

pytestmark = pytest.mark.timeout(10)


class Store:
    """A service with a version for each tag. It waits before and after it reads or writes."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.version = dict.fromkeys("abc", 0)
        self.acknowledged = dict.fromkeys("abc", 0)

    async def __call__(self, request: Request) -> Reply:
        """Read or write. A request that was sent can't be cancelled."""
        done = asyncio.ensure_future(self._serve(request))
        while not done.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait((done,))
        if not request.is_read and not done.exception():
            self.acknowledged.update({tag: self.version[tag] for tag in request.tags})
        return done.result()

    async def _serve(self, request: Request) -> Reply:
        await self._wait()
        if not request.is_read:
            self.version.update({tag: self.version[tag] + 1 for tag in request.tags})
        data = {tag: self.version[tag] for tag in request.tags}
        await self._wait()
        if self.dice.random() < 0.2:
            raise UNKNOWN if self.dice.random() < 0.5 else Unavailable("LinkTime answered 502", sent=True)
        return Reply(200, data)

    async def _wait(self) -> None:
        for _ in range(self.dice.randrange(6)):
            await asyncio.sleep(0)


async def client(cache: Cache, store: Store, clock: Clock, served: Callable[[Reply], None]) -> None:
    for _ in range(60):
        clock.now += store.dice.random()
        tags = store.dice.sample("abc", store.dice.randint(1, 2))
        make = post if store.dice.random() < 0.2 else get
        known = dict(store.acknowledged)
        call = asyncio.ensure_future(cache(make("/".join(sorted(tags))).tagged(*tags)))
        for _ in range(store.dice.randrange(4)):
            await asyncio.sleep(0)
        if store.dice.random() < 0.2:
            call.cancel()
        with suppress(Failure, asyncio.CancelledError):
            reply = await call
            assert all(reply.data[tag] >= known[tag] for tag in tags)
            served(reply)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(25))
async def test_no_read_is_older_than_a_write_acknowledged_before_it(seed: int) -> None:
    clock, replies = Clock(), list[Reply]()
    store = Store(random.Random(seed))
    cache = Cache(store, clock=clock, ttl=20, settle=3)

    await asyncio.gather(*(client(cache, store, clock, replies.append) for _ in range(8)))
    await cache.aclose()

    assert {reply.notes.cache for reply in replies} == {"miss", "hit", "coalesced", None}
