"""Whose writes make whose answers old, where servers share a ledger."""

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
    """Counts what it is asked, and fails writes where it is told to."""

    asked: int = 0
    fault: Exception | None = None

    async def __call__(self, request: Request) -> Reply:
        """Answer with the count."""
        self.asked += 1
        if self.fault and not request.is_read:
            raise self.fault
        return Reply(200, self.asked)


def server(tmp_path: Path, name: str, service: Service, **journal: Any) -> Cache:
    log = opened(tmp_path / "budget.db", name).changes
    return Cache(service, clock=clock, journal=ChangeFeed(log, at_once, clock=clock, **journal))


async def seen(cache: Cache, request: Request) -> tuple[int, str]:
    reply = await cache(request)
    return reply.data, str(reply.notes.cache)


@virtual
async def test_a_write_makes_the_other_servers_answers_old_but_not_those_that_it_left_alone(tmp_path: Path) -> None:
    service = Service()
    one, other = server(tmp_path, "one", service), server(tmp_path, "other", service)
    assert [await seen(other, BOOKINGS), await seen(other, CONTACTS)] == [(1, "miss"), (2, "miss")]
    assert await seen(other, BOOKINGS) == (1, "hit")

    await one(BOOK)

    assert await seen(other, BOOKINGS) == (4, "miss")
    assert await seen(other, CONTACTS) == (2, "hit")


@virtual
async def test_a_server_does_not_hear_of_its_own_writes_twice(tmp_path: Path) -> None:
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
async def test_nothing_is_kept_just_after_lost_changes(tmp_path: Path) -> None:
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
async def test_after_another_servers_write_of_unknown_outcome_nothing_is_kept_for_a_while(tmp_path: Path) -> None:
    service = Service(fault=OutcomeUnknown("timeout", answered=False))
    one, other = server(tmp_path, "one", service), server(tmp_path, "other", service)
    await seen(other, BOOKINGS)
    with pytest.raises(OutcomeUnknown):
        await one(BOOK)

    assert [await seen(other, BOOKINGS), await seen(other, BOOKINGS)] == [(3, "miss"), (4, "miss")]
    await asyncio.sleep(10)
    assert [await seen(other, BOOKINGS), await seen(other, BOOKINGS)] == [(5, "miss"), (5, "hit")]


@virtual
async def test_who_missed_too_much_takes_everything_for_changed(tmp_path: Path) -> None:
    service = Service()
    one, other = server(tmp_path, "one", service), server(tmp_path, "other", service)
    await one(BOOK)
    await seen(other, CONTACTS)
    for _ in range(1001):
        await one(BOOK)

    assert (await seen(other, CONTACTS))[1] == "miss"


@dataclass
class _Far:
    """A log over a network: it can be unavailable, and its answers take until *arrived*."""

    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    away: bool = False
    told: list[Change] = field(default_factory=list)
    to_tell: list[Change] = field(default_factory=list)
    asked: int = 0
    waits: bool = True

    def publish(self, change: Change) -> None:
        if self.away:
            raise LedgerUnavailable("it sleeps")
        self.told.append(change)

    def poll(self, *, patient: bool) -> Sequence[Change] | None:
        assert patient
        self.asked += 1
        if self.away:
            raise LedgerUnavailable("it sleeps")
        heard, self.to_tell = self.to_tell, []
        return heard

    async def call(self, step: Callable[[], T]) -> T:
        """Do the step, and let its answer travel."""
        try:
            return step()
        finally:
            await self.arrived.wait()


def far_away(**state: Any) -> tuple[_Far, Service, Cache]:
    far, service = _Far(**state), Service()
    far.arrived.set()
    return far, service, Cache(service, clock=clock, journal=ChangeFeed(far, far.call, clock=clock))


@virtual
async def test_what_was_heard_is_not_lost_with_the_call_that_asked() -> None:
    far, _, cache = far_away()
    assert await seen(cache, BOOKINGS) == (1, "miss")
    far.arrived.clear()
    far.to_tell.append(Change(frozenset({"bookings"}), 0.0))
    asking = asyncio.create_task(cache(BOOKINGS))
    await asyncio.sleep(1)
    asking.cancel()
    far.arrived.set()

    assert await seen(cache, BOOKINGS) == (2, "miss")


@virtual
async def test_while_the_ledger_is_away_answers_are_kept_for_their_time_and_nobody_waits_for_it() -> None:
    far, _, cache = far_away(away=True)

    assert [await seen(cache, BOOKINGS) for _ in range(3)] == [(1, "miss"), (1, "hit"), (1, "hit")]
    assert far.asked == 1
    await asyncio.sleep(5)
    await seen(cache, BOOKINGS)
    assert far.asked == 2


@virtual
async def test_what_could_not_be_told_is_told_when_the_ledger_is_back() -> None:
    far, service, cache = far_away(away=True)
    await cache(BOOK)
    service.fault = OutcomeUnknown("timeout", answered=False)
    with pytest.raises(OutcomeUnknown):
        await cache(post("/contacts").tagged("contacts"))
    far.away = False
    await asyncio.sleep(5)

    await seen(cache, BOOKINGS)

    assert far.told == [Change(frozenset({"bookings", "contacts"}), 10.0)]


@virtual
async def test_a_change_is_told_even_if_its_caller_leaves_meanwhile() -> None:
    far, _, cache = far_away()
    far.arrived.clear()
    writing = asyncio.create_task(cache(BOOK))
    await asyncio.sleep(1)
    writing.cancel()
    far.arrived.set()
    await asyncio.sleep(0)

    assert [change.tags for change in far.told] == [{"bookings"}]
