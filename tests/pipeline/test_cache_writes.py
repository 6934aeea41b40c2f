"""A write makes the answers with its tags stale."""

from __future__ import annotations

import pytest

from linktime.errors import BudgetSpent, Failure, OutcomeUnknown, Overloaded, Rejected, ShuttingDown, Unavailable
from linktime.message import get, post
from linktime.pipeline.cache import Cache
from tests.support.cache_setup import (
    BOOK,
    BOOKINGS,
    CONTACTS,
    LAG,
    UNKNOWN,
    Clock,
    Upstream,
    begun,
    idle,
    left,
    outcome,
)

pytestmark = pytest.mark.timeout(10)


async def test_write_makes_only_answers_with_its_tags_stale(cache: Cache, clock: Clock) -> None:
    for request in (BOOKINGS, CONTACTS, BOOK):
        await cache(request)
    clock.now += LAG

    assert await outcome(cache(BOOKINGS)) == (4, "miss")
    assert await outcome(cache(CONTACTS)) == (2, "hit")
    assert await outcome(cache(BOOKINGS)) == (4, "hit")


async def test_reads_just_after_a_write_are_shared_but_not_kept(cache: Cache, upstream: Upstream, clock: Clock) -> None:
    await cache(BOOK)
    clock.now += LAG - 0.1
    gate = upstream.hold()
    twins = [await begun(cache(BOOKINGS)) for _ in range(2)]
    gate.set()
    assert [await outcome(twin) for twin in twins] == [(2, "miss"), (2, "coalesced")]
    assert await outcome(cache(BOOKINGS)) == (3, "miss")

    clock.now += 0.1

    assert [await outcome(cache(BOOKINGS)) for _ in range(2)] == [(4, "miss"), (4, "hit")]


async def test_reads_of_other_tags_are_kept_after_a_write(cache: Cache) -> None:
    await cache(BOOK)

    assert [await outcome(cache(CONTACTS)) for _ in range(2)] == [(2, "miss"), (2, "hit")]


async def test_one_common_tag_makes_an_answer_stale(cache: Cache) -> None:
    contact = get("/contacts/{id}", "clx1").tagged("contact:clx1", "bookings")
    await cache(contact)
    await cache(post("/bookings").tagged("calendar", "bookings"))

    assert await outcome(cache(contact)) == (3, "miss")


async def test_read_from_before_a_write_is_neither_joined_nor_kept(
    cache: Cache, upstream: Upstream, clock: Clock
) -> None:
    old = upstream.hold()
    before = await begun(cache(BOOKINGS))
    upstream.hold().set()
    await cache(BOOK)
    clock.now += LAG
    new = upstream.hold()
    after = await begun(cache(BOOKINGS))
    old.set()
    assert await outcome(before) == (1, "miss")
    joined = await begun(cache(BOOKINGS))
    new.set()

    assert [await outcome(after), await outcome(joined)] == [(3, "miss"), (3, "coalesced")]
    assert await outcome(cache(BOOKINGS)) == (3, "hit")


async def test_read_from_before_a_write_does_not_replace_a_newer_one(
    cache: Cache, upstream: Upstream, clock: Clock
) -> None:
    old = upstream.hold()
    before = await begun(cache(BOOKINGS))
    upstream.hold().set()
    await cache(BOOK)
    clock.now += LAG
    await cache(BOOKINGS)
    old.set()
    await before

    assert await outcome(cache(BOOKINGS)) == (3, "hit")


async def test_kept_answer_is_served_until_the_write_ends(cache: Cache, upstream: Upstream) -> None:
    await cache(BOOKINGS)
    gate = upstream.hold()
    writing = await begun(cache(BOOK))
    during = [await outcome(cache(BOOKINGS))]
    gate.set()
    await writing

    assert [*during, await outcome(cache(BOOKINGS))] == [(1, "hit"), (3, "miss")]


@pytest.mark.parametrize(
    "failure",
    [Rejected("conflict", "taken", status=409), UNKNOWN, Unavailable("redirected", sent=True), RuntimeError("ours")],
)
async def test_failed_write_makes_answers_stale(cache: Cache, upstream: Upstream, failure: Exception) -> None:
    await cache(BOOKINGS)
    upstream.failure = failure
    assert await outcome(cache(BOOK)) is type(failure)
    upstream.failure = None

    assert await outcome(cache(BOOKINGS)) == (3, "miss")


@pytest.mark.parametrize("refusal", [BudgetSpent(9), Overloaded("256 calls wait"), ShuttingDown("leaving")])
async def test_unsent_write_leaves_answers_fresh(cache: Cache, upstream: Upstream, refusal: Failure) -> None:
    await cache(BOOKINGS)
    upstream.failure = refusal
    assert await outcome(cache(BOOK)) is type(refusal)

    assert await outcome(cache(BOOKINGS)) == (1, "hit")


async def test_abandoned_sent_write_makes_answers_stale_when_it_ends(cache: Cache, upstream: Upstream) -> None:
    await cache(BOOKINGS)
    upstream.sent = True
    writing = upstream.hold()
    await left(await begun(cache(BOOK)))
    assert await outcome(cache(BOOKINGS)) == (1, "hit")
    upstream.hold().set()
    writing.set()
    await idle()

    assert await outcome(cache(BOOKINGS)) == (3, "miss")


async def test_abandoned_queued_write_is_dropped_and_changes_nothing(cache: Cache, upstream: Upstream) -> None:
    await cache(BOOKINGS)
    upstream.hold()
    await left(await begun(cache(BOOK)))

    assert upstream.ended == 1
    assert await outcome(cache(BOOKINGS)) == (1, "hit")


async def test_reads_after_an_unknown_outcome_are_joined_but_not_kept(
    cache: Cache, upstream: Upstream, clock: Clock
) -> None:
    upstream.failure = UNKNOWN
    assert await outcome(cache(BOOK)) is OutcomeUnknown
    upstream.failure = None
    clock.now += 9.9
    gate = upstream.hold()
    calls = [await begun(cache(BOOKINGS)) for _ in range(2)]
    clock.now += 0.1  # settled, but these began before
    gate.set()

    assert [await outcome(call) for call in calls] == [(2, "miss"), (2, "coalesced")]
    assert [await outcome(cache(BOOKINGS)) for _ in range(2)] == [(3, "miss"), (3, "hit")]


async def test_later_success_does_not_settle_an_unknown_outcome(cache: Cache, upstream: Upstream) -> None:
    upstream.failure = UNKNOWN
    assert await outcome(cache(BOOK)) is OutcomeUnknown
    upstream.failure = None
    await cache(BOOK)

    assert [await outcome(cache(BOOKINGS)) for _ in range(2)] == [(3, "miss"), (4, "miss")]
    assert [await outcome(cache(CONTACTS)) for _ in range(2)] == [(5, "miss"), (5, "hit")]
