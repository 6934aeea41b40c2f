"""Servers with a common ledger: the writes of one make answers of the others stale."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from linktime.errors import OutcomeUnknown
from linktime.message import Reply, Request, get, post
from linktime.pipeline.cache import Cache
from linktime.pipeline.ledger import Change, ChangeFeed, LedgerUnavailable
from tests.support.ledger_homes import at_once, opened
from tests.support.virtual_time import clock, virtual

T = TypeVar("T")

BOOKINGS = get("/bookings").tagged("bookings")
CONTACTS = get("/contacts").tagged("contacts")
BOOK = post("/bookings", slug="intro").tagged("bookings")


@dataclass
class Service:
    """A service that numbers its answers, and fails writes with *fault*."""

    requests: int = 0
    fault: Exception | None = None

    async def __call__(self, request: Request) -> Reply:
        """Return the number of the request."""
        self.requests += 1
        if self.fault and not request.is_read:
            raise self.fault
        return Reply(200, self.requests)


def server(tmp_path: Path, name: str, service: Service, **options: Any) -> Cache:
    log = opened(tmp_path / "budget.db", name).changes
    return Cache(service, clock=clock, changes=ChangeFeed(log, at_once, clock=clock, **options))


async def seen(cache: Cache, request: Request) -> tuple[int, str]:
    reply = await cache(request)
    return reply.data, str(reply.notes.cache)


@virtual
async def test_write_makes_other_servers_answers_with_its_tags_stale(tmp_path: Path) -> None:
    service = Service()
    one, other = server(tmp_path, "one", service), server(tmp_path, "other", service)
    assert [await seen(other, BOOKINGS), await seen(other, CONTACTS)] == [(1, "miss"), (2, "miss")]
    assert await seen(other, BOOKINGS) == (1, "hit")

    await one(BOOK)

    assert await seen(other, BOOKINGS) == (4, "miss")
    assert await seen(other, CONTACTS) == (2, "hit")


@virtual
async def test_server_does_not_poll_its_own_writes(tmp_path: Path) -> None:
    one = server(tmp_path, "one", Service())
    await one(BOOK)
    await asyncio.sleep(3)
    assert await seen(one, BOOKINGS) == (2, "miss")

    assert await seen(one, BOOKINGS) == (2, "hit")


@virtual
async def test_reads_just_after_another_servers_write_are_not_kept(tmp_path: Path) -> None:
    service = Service()
    one, other = server(tmp_path, "one", service), server(tmp_path, "other", service)
    await seen(other, BOOKINGS)
    await one(BOOK)

    assert [await seen(other, BOOKINGS), await seen(other, BOOKINGS)] == [(3, "miss"), (4, "miss")]
    await asyncio.sleep(3)
    assert [await seen(other, BOOKINGS), await seen(other, BOOKINGS)] == [(5, "miss"), (5, "hit")]


@virtual
async def test_reads_just_after_lost_changes_are_not_kept(tmp_path: Path) -> None:
    service = Service()
    one, other = server(tmp_path, "one", service), server(tmp_path, "other", service)
    await one(BOOK)
    await seen(other, CONTACTS)
    for _ in range(1001):
        await one(BOOK)

    assert [(await seen(other, CONTACTS))[1] for _ in range(2)] == ["miss", "miss"]
    await asyncio.sleep(3)
    assert [(await seen(other, CONTACTS))[1] for _ in range(2)] == ["miss", "hit"]


@virtual
async def test_reads_after_anothers_unknown_outcome_are_not_kept(tmp_path: Path) -> None:
    service = Service(fault=OutcomeUnknown("timeout", answered=False))
    one, other = server(tmp_path, "one", service), server(tmp_path, "other", service)
    await seen(other, BOOKINGS)
    with pytest.raises(OutcomeUnknown):
        await one(BOOK)

    assert [await seen(other, BOOKINGS), await seen(other, BOOKINGS)] == [(3, "miss"), (4, "miss")]
    await asyncio.sleep(10)
    assert [await seen(other, BOOKINGS), await seen(other, BOOKINGS)] == [(5, "miss"), (5, "hit")]


@virtual
async def test_lost_changes_make_every_answer_stale(tmp_path: Path) -> None:
    service = Service()
    one, other = server(tmp_path, "one", service), server(tmp_path, "other", service)
    await one(BOOK)
    await seen(other, CONTACTS)
    for _ in range(1001):
        await one(BOOK)

    assert (await seen(other, CONTACTS))[1] == "miss"


@dataclass
class _RemoteLog:
    """A log, over a network if it *waits*. It can be unavailable. Its answers come once *arrived* is set."""

    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    unavailable: bool = False
    published: list[Change] = field(default_factory=list)
    pending: list[Change] = field(default_factory=list)
    polls: int = 0
    waits: bool = True

    def publish(self, change: Change) -> None:
        if self.unavailable:
            raise LedgerUnavailable("it sleeps")
        self.published.append(change)

    def poll(self, *, patient: bool) -> Sequence[Change] | None:
        assert patient == self.waits
        self.polls += 1
        if self.unavailable:
            raise LedgerUnavailable("it sleeps")
        changes, self.pending = self.pending, []
        return changes

    async def call(self, step: Callable[[], T]) -> T:
        """Do the step, and wait until its answer arrives."""
        try:
            return step()
        finally:
            await self.arrived.wait()


def remote(**state: Any) -> tuple[_RemoteLog, Service, Cache]:
    log, service = _RemoteLog(**state), Service()
    log.arrived.set()
    return log, service, Cache(service, clock=clock, changes=ChangeFeed(log, log.call, clock=clock))


@virtual
async def test_cancelled_caller_does_not_lose_polled_changes() -> None:
    log, _, cache = remote()
    assert await seen(cache, BOOKINGS) == (1, "miss")
    log.arrived.clear()
    log.pending.append(Change(frozenset({"bookings"}), 0.0))
    reading = asyncio.create_task(cache(BOOKINGS))
    await asyncio.sleep(1)
    reading.cancel()
    log.arrived.set()

    assert await seen(cache, BOOKINGS) == (2, "miss")


@virtual
async def test_calls_of_one_turn_of_the_loop_share_a_poll() -> None:
    log, _, cache = remote(waits=False)
    async with asyncio.TaskGroup() as calls:
        for _ in range(3):
            calls.create_task(cache(BOOKINGS))
    assert log.polls == 1
    log.pending.append(Change(frozenset({"bookings"}), 0.0))

    assert await seen(cache, BOOKINGS) == (2, "miss")


@virtual
async def test_unavailable_ledger_neither_delays_nor_drops_answers() -> None:
    log, _, cache = remote(unavailable=True)

    assert [await seen(cache, BOOKINGS) for _ in range(3)] == [(1, "miss"), (1, "hit"), (1, "hit")]
    assert log.polls == 1
    await asyncio.sleep(5)
    await seen(cache, BOOKINGS)
    assert log.polls == 2


@virtual
async def test_queued_changes_are_published_once_the_ledger_is_back() -> None:
    log, service, cache = remote(unavailable=True)
    await cache(BOOK)
    service.fault = OutcomeUnknown("timeout", answered=False)
    with pytest.raises(OutcomeUnknown):
        await cache(post("/contacts").tagged("contacts"))
    log.unavailable = False
    await asyncio.sleep(5)

    await seen(cache, BOOKINGS)

    assert log.published == [Change(frozenset({"bookings", "contacts"}), 10.0)]


@virtual
async def test_change_is_published_even_if_its_caller_leaves() -> None:
    log, _, cache = remote()
    log.arrived.clear()
    writing = asyncio.create_task(cache(BOOK))
    await asyncio.sleep(1)
    writing.cancel()
    log.arrived.set()
    await asyncio.sleep(0)

    assert [change.tags for change in log.published] == [{"bookings"}]
