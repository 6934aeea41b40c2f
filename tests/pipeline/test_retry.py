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
    """A service that answers each attempt with the next of its *outcomes*, and repeats the last one."""

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
    """A clock that moves by sleep, or by *step* seconds at each look."""

    now: float = 100.0
    step: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        """Return the time in seconds."""
        self.now += self.step
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Move the clock."""
        self.slept.append(seconds)
        self.now += seconds


def retry(script: Script, time: Time) -> Retry:
    """Build a retry layer that always draws the longest pause."""
    return Retry(script, clock=time, sleep=time.sleep, uniform=lambda _, longest: longest)


def within(seconds: float, request: Request = READ) -> Request:
    return Request(request.method, request.template, body=request.body, deadline=100.0 + seconds)


@pytest.mark.parametrize("request_", [READ, WRITE])
async def test_first_answer_passes_unchanged(request_: Request) -> None:
    script, time = Script([ANSWER]), Time()

    assert await retry(script, time)(request_) is ANSWER
    assert (script.attempts, time.slept) == ([0], [])


@pytest.mark.parametrize("fault", [BROKEN, REFUSED])
async def test_read_is_retried_twice_with_growing_pauses(fault: Failure) -> None:
    script, time = Script([fault, fault, ANSWER]), Time()

    assert await retry(script, time)(READ) == Reply(200, {"id": "clx1"}, Notes(budget_remaining=7, retries=2))
    assert (script.attempts, time.slept) == ([0, 1, 2], [0.5, 1.0])


async def test_read_that_fails_three_times_raises_the_last_fault() -> None:
    script, time = Script([REFUSED, REFUSED, BROKEN]), Time()

    with pytest.raises(Unavailable) as failure:
        await retry(script, time)(READ)

    assert failure.value is BROKEN
    assert script.attempts == [0, 1, 2]


@pytest.mark.parametrize("request_", [READ, WRITE])
async def test_certain_fault_costs_one_request(request_: Request) -> None:
    script = Script([Unavailable("a redirect", sent=request_.is_read, repeat=False)])
    with pytest.raises(Unavailable):
        await retry(script, Time())(within(50, request_))
    assert script.attempts == [0]


async def test_short_retry_after_of_a_503_is_waited_out() -> None:
    script, time = Script([Unavailable("503", sent=True, status=503, retry_after=7.0), ANSWER]), Time()
    await retry(script, time)(within(50))
    assert script.attempts == [0, 1]
    assert 7.0 <= sum(time.slept) <= 8.0


async def test_long_retry_after_of_a_503_is_left_to_the_caller() -> None:
    script = Script([Unavailable("503", sent=True, status=503, retry_after=30.0)])
    with pytest.raises(Unavailable):
        await retry(script, Time())(within(50))
    assert script.attempts == [0]


async def test_pause_is_drawn_between_zero_and_the_longest() -> None:
    script, time, drawn = Script([BROKEN, BROKEN, ANSWER]), Time(), []

    def uniform(low: float, high: float) -> float:
        drawn.append((low, high))
        return 0.25

    await Retry(script, clock=time, sleep=time.sleep, uniform=uniform)(READ)

    assert drawn == [(0.0, 0.5), (0.0, 1.0)]
    assert time.slept == [0.25, 0.25]


async def test_unsent_write_is_retried() -> None:
    script, time = Script([REFUSED, RateLimited("slow down", retry_after=3), ANSWER]), Time()

    assert (await retry(script, time)(WRITE)).notes.retries == 2
    assert time.slept == [0.5]


@pytest.mark.parametrize("fault", [BROKEN, UNKNOWN, Rejected("conflict", "taken", status=409)])
async def test_write_that_may_have_been_made_is_never_repeated(fault: Failure) -> None:
    script = Script([fault, ANSWER])

    with pytest.raises(Failure) as failure:
        await retry(script, Time())(WRITE)

    assert failure.value is fault
    assert script.attempts == [0]


async def test_rejected_read_is_not_repeated() -> None:
    script = Script([Rejected("not_found", "no such booking", status=404), ANSWER])

    with pytest.raises(Rejected):
        await retry(script, Time())(READ)

    assert script.attempts == [0]


async def test_a_429_is_retried_without_a_pause() -> None:
    script, time = Script([*[RateLimited("slow down", retry_after=1)] * 30, ANSWER]), Time()

    assert (await retry(script, time)(within(50))).notes.retries == 30
    assert time.slept == []


async def test_endless_429_ends_at_the_deadline() -> None:
    script, time = Script([RateLimited("slow down", retry_after=1)]), Time(step=1)

    with pytest.raises(RateLimited):
        await retry(script, time)(within(20))

    assert len(script.attempts) == 20


@pytest.mark.parametrize("wait", [None, 0.0])
async def test_endless_429_without_a_wait_ends_after_ten_attempts(wait: float | None) -> None:
    script = Script([RateLimited("slow down", retry_after=wait)])

    with pytest.raises(RateLimited):
        await retry(script, Time())(within(50))

    assert len(script.attempts) == 10


async def test_a_429_does_not_count_as_a_fault() -> None:
    script, time = Script([BROKEN, RateLimited("slow down", retry_after=1), BROKEN, ANSWER]), Time()

    assert (await retry(script, time)(READ)).notes.retries == 3
    assert time.slept == [0.5, 1.0]


async def test_pause_past_the_deadline_is_not_begun() -> None:
    script, time = Script([BROKEN, BROKEN, ANSWER]), Time()

    with pytest.raises(Unavailable):
        await retry(script, time)(within(1.5))

    assert (script.attempts, time.slept) == ([0, 1], [0.5])


REFUSALS = [BudgetSpent(12), Overloaded("256 calls wait"), ShuttingDown("leaving")]


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_refusal_of_the_first_attempt_is_raised(refusal: Failure) -> None:
    with pytest.raises(Failure) as failure:
        await retry(Script([refusal]), Time())(READ)

    assert failure.value is refusal


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_refusal_of_a_retry_leaves_the_fault_before_it(refusal: Failure) -> None:
    with pytest.raises(Unavailable) as failure:
        await retry(Script([BROKEN, refusal]), Time())(READ)

    assert failure.value is BROKEN


async def test_refusal_with_a_wait_replaces_a_429() -> None:
    with pytest.raises(BudgetSpent) as failure:
        await retry(Script([RateLimited("slow down", retry_after=60), BudgetSpent(60)]), Time())(WRITE)

    assert failure.value.retry_after == 60


@pytest.mark.parametrize("refusal", REFUSALS[1:])
async def test_refusal_without_a_wait_leaves_a_429(refusal: Failure) -> None:
    with pytest.raises(RateLimited):
        await retry(Script([RateLimited("slow down", retry_after=60), refusal]), Time())(READ)


async def test_cancelled_caller_ends_the_pause() -> None:
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
async def test_cancelled_caller_ends_the_retries_of_a_sent_request(fault: Failure) -> None:
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
