from __future__ import annotations

import asyncio
import gc
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from linktime.errors import BudgetSpent, Failure, OutcomeUnknown, Overloaded, Rejected, ShuttingDown, Unavailable
from linktime.message import Notes, Quota, Reply, Request, get, post
from linktime.pipeline.cache import Cache

pytestmark = pytest.mark.timeout(10)

LAG = 3.0  # s after a write in which a replica may not show it
BOOKINGS = get("/bookings").tagged("bookings")
CONTACTS = get("/contacts").tagged("contacts")
SLOTS = get("/availability", event_type_slug="intro").tagged("bookings").fresh()
BOOK = post("/bookings", invitee_name="Ada").tagged("bookings")
UNKNOWN = OutcomeUnknown("who knows", answered=False)


@dataclass
class Clock:
    """A clock that moves when told."""

    now: float = 100.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@dataclass
class Upstream:
    """What stands behind the cache: it numbers its answers, and holds each request while its gate is shut.

    As a mailbox does, it drops a request that is cancelled, unless it has *sent* it.
    """

    sent: bool = False
    failure: Exception | None = None
    asked: list[Request] = field(default_factory=list)
    ended: int = 0
    gates: list[asyncio.Event] = field(default_factory=list)

    async def __call__(self, request: Request) -> Reply:
        """Answer when the gate is open."""
        self.asked.append(request)
        number, gate = len(self.asked), self.gates[-1] if self.gates else None
        while gate and not gate.is_set():
            try:
                await gate.wait()
            except asyncio.CancelledError:
                if not self.sent:
                    raise
        self.ended += 1
        if self.failure:
            raise self.failure
        return Reply(200, number, Notes(budget_remaining=60 - number), Quota(60 - number))

    def shut(self) -> asyncio.Event:
        """Hold the requests to come, until the gate that is returned is opened; those held before have their own."""
        self.gates.append(asyncio.Event())
        return self.gates[-1]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    upstream = Upstream()
    yield upstream
    for gate in upstream.gates:  # or a test that failed would never end
        gate.set()


@pytest.fixture
def cache(upstream: Upstream, clock: Clock) -> Cache:
    return Cache(upstream, clock=clock, ttl=30, settle=10)


async def idle() -> None:
    """Let every task go on for as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def begun(call: Awaitable[Reply]) -> asyncio.Future[Reply]:
    task = asyncio.ensure_future(call)
    await idle()
    return task


async def left(task: asyncio.Future[Reply]) -> None:
    """Cancel a caller, who must be gone at once."""
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await idle()


async def outcome(call: Awaitable[Reply]) -> tuple[Any, Any] | type[BaseException]:
    """Answer's data and how the cache came by it, or the kind of failure."""
    try:
        reply = await call
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - which one it was is the outcome
        return type(error)
    return reply.data, reply.notes.cache


# What is kept


async def test_a_fresh_answer_is_served_again_with_its_age(cache: Cache, clock: Clock, upstream: Upstream) -> None:
    first = await cache(BOOKINGS)
    clock.now += 2.04
    second = await cache(replace(BOOKINGS, deadline=200.0, idempotency_key="another call"))

    assert first == Reply(200, 1, Notes(budget_remaining=59, cache="miss"), Quota(59))
    assert second == Reply(200, 1, Notes(cache="hit", age_seconds=2.0))
    assert len(upstream.asked) == 1


async def test_an_answer_is_asked_for_anew_when_its_time_is_over(cache: Cache, clock: Clock) -> None:
    await cache(BOOKINGS)
    clock.now += 29.9
    just_in_time = await outcome(cache(BOOKINGS))
    clock.now += 0.1

    assert [just_in_time, await outcome(cache(BOOKINGS))] == [(1, "hit"), (2, "miss")]


async def test_another_question_has_another_answer(cache: Cache) -> None:
    answers = [await outcome(cache(get("/bookings", page=page))) for page in (1, 2, 1)]

    assert answers == [(1, "miss"), (2, "miss"), (1, "hit")]


async def test_what_was_not_asked_for_longest_makes_room(upstream: Upstream, clock: Clock) -> None:
    cache = Cache(upstream, clock=clock, size=2)
    for page in (1, 2, 1, 3):
        await cache(get("/bookings", page=page))

    assert await outcome(cache(get("/bookings", page=1))) == (1, "hit")
    assert await outcome(cache(get("/bookings", page=2))) == (4, "miss")


async def test_a_failure_is_never_kept(cache: Cache, upstream: Upstream) -> None:
    upstream.failure = Rejected("not_found", "no such booking", status=404)
    assert await outcome(cache(BOOKINGS)) is Rejected
    upstream.failure = None

    assert await outcome(cache(BOOKINGS)) == (2, "miss")


async def test_equal_writes_are_neither_kept_nor_joined(cache: Cache, upstream: Upstream) -> None:
    gate = upstream.shut()
    calls = [await begun(cache(BOOK)) for _ in range(2)]
    gate.set()

    assert [await outcome(call) for call in calls] == [(1, None), (2, None)]
    assert await outcome(cache(BOOK)) == (3, None)


async def test_a_volatile_answer_is_joined_but_never_kept(cache: Cache, upstream: Upstream) -> None:
    gate = upstream.shut()
    calls = [await begun(cache(SLOTS)) for _ in range(2)]
    gate.set()

    assert [await outcome(call) for call in calls] == [(1, "miss"), (1, "coalesced")]
    assert await outcome(cache(SLOTS)) == (2, "miss")


async def test_a_volatile_answer_is_not_joined_in_the_moment_after_it_came(clock: Clock) -> None:
    calls: list[asyncio.Future[Reply]] = []

    async def send(_: Request) -> Reply:
        if not calls:
            await asyncio.sleep(0)
            calls.append(asyncio.ensure_future(cache(SLOTS)))
        return Reply(200)

    cache = Cache(send, clock=clock)
    await cache(SLOTS)

    assert (await calls[0]).notes == Notes(cache="miss")


async def test_with_no_ttl_every_call_is_a_request(upstream: Upstream, clock: Clock) -> None:
    cache = Cache(upstream, clock=clock, ttl=0)
    gate = upstream.shut()
    calls = [await begun(cache(request)) for request in (BOOKINGS, BOOKINGS, SLOTS, BOOK)]
    gate.set()

    assert [await outcome(call) for call in calls] == [(1, "off"), (2, "off"), (3, "off"), (4, None)]
    assert await outcome(cache(BOOKINGS)) == (5, "off")


async def test_its_state_is_told_in_one_line(cache: Cache, upstream: Upstream, clock: Clock) -> None:
    await cache(BOOKINGS)
    gate = upstream.shut()
    calls = [await begun(cache(request)) for request in (CONTACTS, CONTACTS, BOOK)]
    assert repr(cache) == "<Cache 1 kept | 2 under way>"
    gate.set()
    await asyncio.gather(*calls)
    await idle()
    assert repr(cache) == "<Cache 2 kept | 0 under way>"
    clock.now += 30

    assert repr(cache) == "<Cache 0 kept | 0 under way>"


# Who waits together


async def test_equal_reads_under_way_share_one_request(cache: Cache, upstream: Upstream) -> None:
    gate = upstream.shut()
    calls = [await begun(cache(BOOKINGS)) for _ in range(20)]
    gate.set()
    replies = await asyncio.gather(*calls)

    assert len(upstream.asked) == 1
    assert [reply.notes.cache for reply in replies] == ["miss"] + ["coalesced"] * 19
    assert {reply.notes.budget_remaining for reply in replies} == {59}


async def test_those_who_wait_together_fail_together(cache: Cache, upstream: Upstream) -> None:
    upstream.failure = Unavailable("LinkTime answered 502", sent=True)
    gate = upstream.shut()
    calls = [await begun(cache(BOOKINGS)) for _ in range(3)]
    gate.set()

    assert [await outcome(call) for call in calls] == [Unavailable] * 3
    assert len(upstream.asked) == 1


async def test_half_of_a_thousand_leave_and_the_others_are_answered(cache: Cache, upstream: Upstream) -> None:
    gate = upstream.shut()
    calls = [asyncio.ensure_future(cache(BOOKINGS)) for _ in range(1000)]
    await idle()
    for call in calls[:501]:  # the first of them is the one who asked
        call.cancel()
    await idle()
    gate.set()
    await asyncio.wait(calls)

    assert sum(call.cancelled() for call in calls) == 501
    assert {call.result().data for call in calls[501:]} == {1}
    assert len(upstream.asked) == 1


async def test_the_last_to_leave_cancels_what_was_not_sent(cache: Cache, upstream: Upstream) -> None:
    upstream.shut()
    calls = [await begun(cache(BOOKINGS)) for _ in range(2)]
    await left(calls[0])
    assert repr(cache) == "<Cache 0 kept | 1 under way>"
    await left(calls[1])

    assert repr(cache) == "<Cache 0 kept | 0 under way>"
    assert upstream.ended == 0


async def test_the_last_to_leave_lets_what_was_sent_end_and_its_answer_is_kept(
    cache: Cache, upstream: Upstream
) -> None:
    upstream.sent = True
    gate = upstream.shut()
    await left(await begun(cache(BOOKINGS)))
    assert repr(cache) == "<Cache 0 kept | 1 under way>"
    gate.set()
    await idle()

    assert await outcome(cache(BOOKINGS)) == (1, "hit")


async def test_what_was_sent_and_abandoned_can_be_joined_and_left_again(cache: Cache, upstream: Upstream) -> None:
    upstream.sent = True
    gate = upstream.shut()
    await left(await begun(cache(BOOKINGS)))
    await left(await begun(cache(BOOKINGS)))
    call = await begun(cache(BOOKINGS))
    gate.set()

    assert await outcome(call) == (1, "coalesced")


async def test_one_who_joins_what_was_abandoned_does_not_inherit_its_failure(cache: Cache, upstream: Upstream) -> None:
    upstream.sent, upstream.failure = True, Unavailable("LinkTime answered 502", sent=True)
    gate = upstream.shut()
    await left(await begun(cache(BOOKINGS)))
    call = await begun(cache(BOOKINGS))
    again = upstream.shut()
    gate.set()
    await idle()
    upstream.failure = None
    again.set()

    assert await outcome(call) == (2, "miss")


async def test_one_who_joins_what_was_abandoned_waits_until_its_deadline_only(cache: Cache, upstream: Upstream) -> None:
    upstream.sent = True
    upstream.shut()
    await left(await begun(cache(BOOKINGS)))

    assert await outcome(cache(replace(BOOKINGS, deadline=99.0))) is Unavailable


async def test_one_who_joins_as_the_last_leaves_asks_anew(cache: Cache, upstream: Upstream) -> None:
    upstream.shut()
    first = await begun(cache(BOOKINGS))
    upstream.shut().set()
    first.cancel()
    await asyncio.sleep(0)  # the first has left, its request doesn't know yet
    call = cache(BOOKINGS)

    assert await outcome(call) == (2, "miss")


async def test_several_who_ask_anew_share_one_request_again(cache: Cache, upstream: Upstream) -> None:
    upstream.failure = BudgetSpent(40)
    gate = upstream.shut()
    hurried = await begun(cache(replace(BOOKINGS, deadline=130.0)))
    calls = [await begun(cache(replace(BOOKINGS, deadline=150.0))) for _ in range(3)]
    again = upstream.shut()
    gate.set()
    await idle()
    upstream.failure = None
    again.set()

    assert await outcome(hurried) is BudgetSpent
    assert [await outcome(call) for call in calls] == [(2, "miss"), (2, "coalesced"), (2, "coalesced")]


@pytest.mark.parametrize("deadline", [120.0, 130.0])
async def test_a_refusal_holds_for_all_who_had_no_more_time(cache: Cache, upstream: Upstream, deadline: float) -> None:
    upstream.failure = BudgetSpent(40)
    gate = upstream.shut()
    await begun(cache(replace(BOOKINGS, deadline=130.0)))
    call = await begun(cache(replace(BOOKINGS, deadline=deadline)))
    gate.set()

    assert await outcome(call) is BudgetSpent
    assert len(upstream.asked) == 1


@pytest.mark.parametrize("request_", [BOOKINGS, SLOTS])
async def test_a_read_waits_until_its_own_deadline_only(cache: Cache, upstream: Upstream, request_: Request) -> None:
    gate = upstream.shut()
    patient = await begun(cache(replace(request_, deadline=200.0)))

    with pytest.raises(Unavailable, match=r"^unavailable: no answer came before this call's deadline"):
        await cache(replace(request_, deadline=99.0))
    gate.set()
    assert await outcome(patient) == (1, "miss")


async def test_a_read_that_was_given_up_at_its_deadline_is_cancelled(cache: Cache, upstream: Upstream) -> None:
    upstream.shut()
    assert await outcome(cache(replace(BOOKINGS, deadline=99.0))) is Unavailable
    await idle()

    assert repr(cache) == "<Cache 0 kept | 0 under way>"


async def test_an_answer_to_a_late_read_that_is_there_is_given(cache: Cache) -> None:
    await cache(BOOKINGS)

    assert await outcome(cache(replace(BOOKINGS, deadline=99.0))) == (1, "hit")


async def test_a_write_is_waited_for_past_its_deadline(cache: Cache, upstream: Upstream) -> None:
    gate = upstream.shut()
    call = await begun(cache(replace(BOOK, deadline=99.0)))
    gate.set()

    assert await outcome(call) == (1, None)


async def test_a_failure_that_nobody_waits_for_is_no_loose_end(cache: Cache, upstream: Upstream) -> None:
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    upstream.sent, upstream.failure = True, Unavailable("LinkTime answered 502", sent=True)
    gate = upstream.shut()
    for request in (BOOKINGS, BOOK):
        await left(await begun(cache(request)))
    gate.set()
    await idle()
    gc.collect()

    assert (upstream.ended, reported) == (2, [])


async def test_a_request_runs_in_the_context_of_who_asked_first(clock: Clock) -> None:
    who: ContextVar[str] = ContextVar("who")

    async def send(_: Request) -> Reply:
        return Reply(200, who.get())

    who.set("first")
    assert (await Cache(send, clock=clock)(BOOKINGS)).data == "first"


# What a write does to what is kept


async def test_a_write_puts_away_what_it_touched_and_nothing_else(cache: Cache, clock: Clock) -> None:
    for request in (BOOKINGS, CONTACTS, BOOK):
        await cache(request)
    clock.now += LAG

    assert await outcome(cache(BOOKINGS)) == (4, "miss")
    assert await outcome(cache(CONTACTS)) == (2, "hit")
    assert await outcome(cache(BOOKINGS)) == (4, "hit")


async def test_reads_just_after_a_write_are_shared_but_not_kept(cache: Cache, upstream: Upstream, clock: Clock) -> None:
    await cache(BOOK)
    clock.now += LAG - 0.1
    gate = upstream.shut()
    twins = [await begun(cache(BOOKINGS)) for _ in range(2)]
    gate.set()
    assert [await outcome(twin) for twin in twins] == [(2, "miss"), (2, "coalesced")]
    assert await outcome(cache(BOOKINGS)) == (3, "miss")

    clock.now += 0.1

    assert [await outcome(cache(BOOKINGS)) for _ in range(2)] == [(4, "miss"), (4, "hit")]


async def test_reads_of_other_tags_are_kept_after_a_write(cache: Cache) -> None:
    await cache(BOOK)

    assert [await outcome(cache(CONTACTS)) for _ in range(2)] == [(2, "miss"), (2, "hit")]


async def test_one_of_several_tags_is_enough(cache: Cache) -> None:
    contact = get("/contacts/{id}", "clx1").tagged("contact:clx1", "bookings")
    await cache(contact)
    await cache(post("/bookings").tagged("calendar", "bookings"))

    assert await outcome(cache(contact)) == (3, "miss")


async def test_a_read_that_began_before_a_write_is_neither_joined_nor_kept_after_it(
    cache: Cache, upstream: Upstream, clock: Clock
) -> None:
    old = upstream.shut()
    before = await begun(cache(BOOKINGS))
    upstream.shut().set()
    await cache(BOOK)
    clock.now += LAG
    new = upstream.shut()
    after = await begun(cache(BOOKINGS))
    old.set()
    assert await outcome(before) == (1, "miss")
    joined = await begun(cache(BOOKINGS))
    new.set()

    assert [await outcome(after), await outcome(joined)] == [(3, "miss"), (3, "coalesced")]
    assert await outcome(cache(BOOKINGS)) == (3, "hit")


async def test_a_read_that_ends_after_the_next_one_does_not_replace_it(
    cache: Cache, upstream: Upstream, clock: Clock
) -> None:
    old = upstream.shut()
    before = await begun(cache(BOOKINGS))
    upstream.shut().set()
    await cache(BOOK)
    clock.now += LAG
    await cache(BOOKINGS)
    old.set()
    await before

    assert await outcome(cache(BOOKINGS)) == (3, "hit")


async def test_a_read_during_a_write_is_served_until_the_write_ends(cache: Cache, upstream: Upstream) -> None:
    await cache(BOOKINGS)
    gate = upstream.shut()
    writing = await begun(cache(BOOK))
    during = [await outcome(cache(BOOKINGS))]
    gate.set()
    await writing

    assert [*during, await outcome(cache(BOOKINGS))] == [(1, "hit"), (3, "miss")]


@pytest.mark.parametrize(
    "failure",
    [Rejected("conflict", "taken", status=409), UNKNOWN, Unavailable("redirected", sent=True), RuntimeError("ours")],
)
async def test_a_write_that_failed_puts_away_what_it_may_have_touched(
    cache: Cache, upstream: Upstream, failure: Exception
) -> None:
    await cache(BOOKINGS)
    upstream.failure = failure
    assert await outcome(cache(BOOK)) is type(failure)
    upstream.failure = None

    assert await outcome(cache(BOOKINGS)) == (3, "miss")


@pytest.mark.parametrize("refusal", [BudgetSpent(9), Overloaded("256 calls wait"), ShuttingDown("leaving")])
async def test_a_write_that_was_not_sent_touches_nothing(cache: Cache, upstream: Upstream, refusal: Failure) -> None:
    await cache(BOOKINGS)
    upstream.failure = refusal
    assert await outcome(cache(BOOK)) is type(refusal)

    assert await outcome(cache(BOOKINGS)) == (1, "hit")


async def test_a_sent_write_whose_caller_left_puts_away_what_it_touched_when_it_ends(
    cache: Cache, upstream: Upstream
) -> None:
    await cache(BOOKINGS)
    upstream.sent = True
    writing = upstream.shut()
    await left(await begun(cache(BOOK)))
    assert await outcome(cache(BOOKINGS)) == (1, "hit")
    upstream.shut().set()
    writing.set()
    await idle()

    assert await outcome(cache(BOOKINGS)) == (3, "miss")


async def test_a_waiting_write_whose_caller_left_is_dropped_and_touches_nothing(
    cache: Cache, upstream: Upstream
) -> None:
    await cache(BOOKINGS)
    upstream.shut()
    await left(await begun(cache(BOOK)))

    assert upstream.ended == 1
    assert await outcome(cache(BOOKINGS)) == (1, "hit")


async def test_after_an_unknown_outcome_reads_are_joined_but_not_kept_for_a_while(
    cache: Cache, upstream: Upstream, clock: Clock
) -> None:
    upstream.failure = UNKNOWN
    assert await outcome(cache(BOOK)) is OutcomeUnknown
    upstream.failure = None
    clock.now += 9.9
    gate = upstream.shut()
    calls = [await begun(cache(BOOKINGS)) for _ in range(2)]
    clock.now += 0.1  # settled, but these began before
    gate.set()

    assert [await outcome(call) for call in calls] == [(2, "miss"), (2, "coalesced")]
    assert [await outcome(cache(BOOKINGS)) for _ in range(2)] == [(3, "miss"), (3, "hit")]


async def test_a_later_success_does_not_settle_an_unknown_outcome(cache: Cache, upstream: Upstream) -> None:
    upstream.failure = UNKNOWN
    assert await outcome(cache(BOOK)) is OutcomeUnknown
    upstream.failure = None
    await cache(BOOK)

    assert [await outcome(cache(BOOKINGS)) for _ in range(2)] == [(3, "miss"), (4, "miss")]
    assert [await outcome(cache(CONTACTS)) for _ in range(2)] == [(5, "miss"), (5, "hit")]


# Leaving


async def test_closing_drops_what_waits_and_begins_nothing_more(cache: Cache, upstream: Upstream) -> None:
    await cache(CONTACTS)
    upstream.shut()
    calls = [await begun(cache(request)) for request in (BOOKINGS, BOOKINGS, SLOTS, BOOK)]
    await cache.aclose()

    assert [await outcome(call) for call in calls] == [ShuttingDown] * 4
    assert await outcome(cache(BOOK)) is ShuttingDown
    assert await outcome(cache(BOOKINGS)) is ShuttingDown
    assert (len(upstream.asked), repr(cache)) == (4, "<Cache 1 kept | 0 under way>")


async def test_closing_waits_for_a_write_that_was_sent(cache: Cache, upstream: Upstream) -> None:
    upstream.sent = True
    gate = upstream.shut()
    write = await begun(cache(BOOK))
    closing = asyncio.ensure_future(cache.aclose())
    await idle()
    assert not closing.done()
    gate.set()
    await closing

    assert await outcome(write) == (1, None)


async def test_closing_does_not_wait_for_a_read_that_was_sent(cache: Cache, upstream: Upstream) -> None:
    upstream.sent = True
    gate = upstream.shut()
    read = await begun(cache(BOOKINGS))
    await cache.aclose()
    assert repr(cache) == "<Cache 0 kept | 1 under way>"
    gate.set()

    assert await outcome(read) == (1, "miss")


# All of it at once


class Store:
    """A service with a version for each tag, which takes its time before and after it reads or writes."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.version = dict.fromkeys("abc", 0)
        self.acknowledged = dict.fromkeys("abc", 0)

    async def __call__(self, request: Request) -> Reply:
        """Read or write, in the end; what was sent can't be cancelled."""
        done = asyncio.ensure_future(self._serve(request))
        while not done.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait((done,))
        if not request.is_read and not done.exception():
            self.acknowledged.update({tag: self.version[tag] for tag in request.tags})
        return done.result()

    async def _serve(self, request: Request) -> Reply:
        await self._dawdle()
        if not request.is_read:
            self.version.update({tag: self.version[tag] + 1 for tag in request.tags})
        data = {tag: self.version[tag] for tag in request.tags}
        await self._dawdle()
        if self.dice.random() < 0.2:
            raise UNKNOWN if self.dice.random() < 0.5 else Unavailable("LinkTime answered 502", sent=True)
        return Reply(200, data)

    async def _dawdle(self) -> None:
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


@pytest.mark.parametrize("seed", range(25))
async def test_no_read_is_older_than_a_write_that_was_acknowledged_before_it_began(seed: int) -> None:
    clock, replies = Clock(), list[Reply]()
    store = Store(random.Random(seed))
    cache = Cache(store, clock=clock, ttl=20, settle=3)

    await asyncio.gather(*(client(cache, store, clock, replies.append) for _ in range(8)))
    await cache.aclose()

    assert {reply.notes.cache for reply in replies} == {"miss", "hit", "coalesced", None}
