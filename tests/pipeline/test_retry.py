from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from linktime.errors import (
    BudgetSpent,
    Failure,
    OutcomeUnknown,
    Overloaded,
    RateLimited,
    Rejected,
    ShuttingDown,
    Unavailable,
)
from linktime.message import Notes, Reply, Request, get, post
from linktime.pipeline.retry import Retry

pytestmark = pytest.mark.timeout(10)

READ = get("/me")
WRITE = post("/bookings", invitee_name="Ada")
ANSWER = Reply(200, {"id": "clx1"}, Notes(budget_remaining=7))
BROKEN = Unavailable("LinkTime answered 502", sent=True)
REFUSED = Unavailable("no connection", sent=False)
UNKNOWN = OutcomeUnknown("who knows", answered=True)


@dataclass
class Script:
    """A service that meets each try with the next of its *outcomes*, over and over with the last."""

    outcomes: list[Reply | Failure]
    attempts: list[int] = field(default_factory=list)

    async def __call__(self, request: Request) -> Reply:
        """Answer or fail."""
        outcome = self.outcomes[min(len(self.attempts), len(self.outcomes) - 1)]
        self.attempts.append(request.attempt)
        if isinstance(outcome, Failure):
            raise outcome
        return outcome


@dataclass
class Time:
    """A clock that moves by being slept on, or *step* by step."""

    now: float = 100.0
    step: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        """Tell the time."""
        self.now += self.step
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Pass the time."""
        self.slept.append(seconds)
        self.now += seconds


def retry(script: Script, time: Time) -> Retry:
    """Draw the longest pause there may be."""
    return Retry(script, clock=time, sleep=time.sleep, uniform=lambda _, longest: longest)


def within(seconds: float, request: Request = READ) -> Request:
    return Request(request.method, request.template, body=request.body, deadline=100.0 + seconds)


@pytest.mark.parametrize("request_", [READ, WRITE])
async def test_an_answer_at_the_first_try_passes_untouched(request_: Request) -> None:
    script, time = Script([ANSWER]), Time()

    assert await retry(script, time)(request_) is ANSWER
    assert (script.attempts, time.slept) == ([0], [])


@pytest.mark.parametrize("fault", [BROKEN, REFUSED])
async def test_a_read_is_tried_twice_more_after_faults_with_growing_pauses(fault: Failure) -> None:
    script, time = Script([fault, fault, ANSWER]), Time()

    assert await retry(script, time)(READ) == Reply(200, {"id": "clx1"}, Notes(budget_remaining=7, retries=2))
    assert (script.attempts, time.slept) == ([0, 1, 2], [0.5, 1.0])


async def test_a_read_that_fails_three_times_fails_with_the_last_fault() -> None:
    script, time = Script([REFUSED, REFUSED, BROKEN]), Time()

    with pytest.raises(Unavailable) as failure:
        await retry(script, time)(READ)

    assert failure.value is BROKEN
    assert script.attempts == [0, 1, 2]


@pytest.mark.parametrize("request_", [READ, WRITE])
async def test_a_fault_that_recurs_for_certain_costs_one_request(request_: Request) -> None:
    script = Script([Unavailable("a redirect", sent=request_.is_read, repeat=False)])
    with pytest.raises(Unavailable):
        await retry(script, Time())(within(50, request_))
    assert script.attempts == [0]


async def test_a_short_retry_after_of_a_503_is_waited_out() -> None:
    script, time = Script([Unavailable("503", sent=True, status=503, retry_after=7.0), ANSWER]), Time()
    await retry(script, time)(within(50))
    assert script.attempts == [0, 1]
    assert 7.0 <= sum(time.slept) <= 8.0


async def test_a_long_retry_after_of_a_503_is_left_to_the_caller() -> None:
    script = Script([Unavailable("503", sent=True, status=503, retry_after=30.0)])
    with pytest.raises(Unavailable):
        await retry(script, Time())(within(50))
    assert script.attempts == [0]


async def test_a_pause_is_drawn_from_between_nothing_and_the_longest() -> None:
    script, time, drawn = Script([BROKEN, BROKEN, ANSWER]), Time(), []

    def uniform(low: float, high: float) -> float:
        drawn.append((low, high))
        return 0.25

    await Retry(script, clock=time, sleep=time.sleep, uniform=uniform)(READ)

    assert drawn == [(0.0, 0.5), (0.0, 1.0)]
    assert time.slept == [0.25, 0.25]


async def test_a_write_is_tried_again_when_certainly_nothing_was_sent_or_done() -> None:
    script, time = Script([REFUSED, RateLimited("slow down", retry_after=3), ANSWER]), Time()

    assert (await retry(script, time)(WRITE)).notes.retries == 2
    assert time.slept == [0.5]


@pytest.mark.parametrize("fault", [BROKEN, UNKNOWN, Rejected("conflict", "taken", status=409)])
async def test_a_write_that_may_have_been_done_or_was_refused_is_never_repeated(fault: Failure) -> None:
    script = Script([fault, ANSWER])

    with pytest.raises(Failure) as failure:
        await retry(script, Time())(WRITE)

    assert failure.value is fault
    assert script.attempts == [0]


async def test_a_read_that_linktime_refused_is_not_repeated() -> None:
    script = Script([Rejected("not_found", "no such booking", status=404), ANSWER])

    with pytest.raises(Rejected):
        await retry(script, Time())(READ)

    assert script.attempts == [0]


async def test_a_429_is_sent_again_at_once_since_what_stands_behind_holds_it() -> None:
    script, time = Script([*[RateLimited("slow down", retry_after=1)] * 30, ANSWER]), Time()

    assert (await retry(script, time)(within(50))).notes.retries == 30
    assert time.slept == []


async def test_a_service_that_says_429_for_ever_is_left_at_the_deadline() -> None:
    script, time = Script([RateLimited("slow down", retry_after=1)]), Time(step=1)

    with pytest.raises(RateLimited):
        await retry(script, time)(within(20))

    assert len(script.attempts) == 20


@pytest.mark.parametrize("told", [None, 0.0])
async def test_a_service_that_says_429_but_not_for_how_long_is_left_after_ten_tries(told: float | None) -> None:
    script = Script([RateLimited("slow down", retry_after=told)])

    with pytest.raises(RateLimited):
        await retry(script, Time())(within(50))

    assert len(script.attempts) == 10


async def test_a_429_between_two_faults_does_not_count_as_one() -> None:
    script, time = Script([BROKEN, RateLimited("slow down", retry_after=1), BROKEN, ANSWER]), Time()

    assert (await retry(script, time)(READ)).notes.retries == 3
    assert time.slept == [0.5, 1.0]


async def test_a_pause_that_would_pass_the_deadline_is_not_begun() -> None:
    script, time = Script([BROKEN, BROKEN, ANSWER]), Time()

    with pytest.raises(Unavailable):
        await retry(script, time)(within(1.5))

    assert (script.attempts, time.slept) == ([0, 1], [0.5])


REFUSALS = [BudgetSpent(12), Overloaded("256 calls wait"), ShuttingDown("leaving")]


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_call_refused_at_once_learns_of_the_refusal(refusal: Failure) -> None:
    with pytest.raises(Failure) as failure:
        await retry(Script([refusal]), Time())(READ)

    assert failure.value is refusal


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_further_try_that_is_refused_leaves_the_fault_before_it(refusal: Failure) -> None:
    with pytest.raises(Unavailable) as failure:
        await retry(Script([BROKEN, refusal]), Time())(READ)

    assert failure.value is BROKEN


async def test_after_a_429_our_own_refusal_knows_when_to_call_again() -> None:
    with pytest.raises(BudgetSpent) as failure:
        await retry(Script([RateLimited("slow down", retry_after=60), BudgetSpent(60)]), Time())(WRITE)

    assert failure.value.retry_after == 60


@pytest.mark.parametrize("refusal", REFUSALS[1:])
async def test_after_a_429_a_refusal_that_knows_no_time_leaves_the_429(refusal: Failure) -> None:
    with pytest.raises(RateLimited):
        await retry(Script([RateLimited("slow down", retry_after=60), refusal]), Time())(READ)


async def test_a_caller_who_leaves_during_the_pause_ends_it() -> None:
    script, pausing = Script([BROKEN, ANSWER]), asyncio.Event()

    async def sleep(_: float) -> None:
        pausing.set()
        await asyncio.Event().wait()

    call = asyncio.ensure_future(Retry(script, clock=Time(), sleep=sleep)(READ))
    await pausing.wait()
    call.cancel()

    with pytest.raises(asyncio.CancelledError):
        await call
    assert script.attempts == [0]


@pytest.mark.parametrize("fault", [BROKEN, REFUSED, RateLimited("slow down", retry_after=1)])
async def test_no_further_try_follows_when_the_caller_left_while_one_was_on_the_wire(fault: Failure) -> None:
    script, sent = Script([fault, ANSWER]), asyncio.Event()

    async def send(request: Request) -> Reply:
        sent.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return await script(request)

    call = asyncio.ensure_future(Retry(send, clock=Time(), sleep=Time().sleep)(READ))
    await sent.wait()
    call.cancel()

    with pytest.raises(Failure) as failure:
        await call
    assert failure.value is fault
    assert script.attempts == [0]
