from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from math import inf
from random import Random

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
from linktime.message import Notes, Reply, Request, Send, get, post
from linktime.pipeline.limiter import Lease, Limiter, MemoryStore, Store
from linktime.pipeline.mailbox import Mailbox
from tests.support.virtual_time import (
    TIMEOUT,
    Bucket,
    Fixed,
    Network,
    Service,
    Sliding,
    SlowStore,
    clock,
    peak,
    virtual,
)

ASKED: ContextVar[str] = ContextVar("ASKED", default="nobody")
FAULTS: tuple[Failure, ...] = (
    Unavailable("no connection", sent=False),
    Unavailable("timeout", sent=True),
    OutcomeUnknown("timeout", answered=False),
    OutcomeUnknown("500", answered=True),
    Rejected("conflict", "taken", status=409),
    RateLimited("slow down", retry_after=3.0),
)


def read(name: object = "1", *, within: float = inf) -> Request:
    return replace(get("/bookings/{id}", str(name)), deadline=clock() + within)


def write(name: object = "1", *, within: float = inf) -> Request:
    return replace(post("/bookings/{id}/cancel", str(name)), deadline=clock() + within)


async def answer(request: Request) -> Reply:
    return Reply(200, {"ident": request.ident})


@asynccontextmanager
async def mailbox(
    send: Send = answer, *, limit: int = 60, places: int = 256, workers: int = 8, spent: int = 0
) -> AsyncIterator[Mailbox]:
    """Open a mailbox whose budget has so many slots *spent* just now."""
    async with (
        Limiter(MemoryStore(limit, clock=clock), 60.0, clock=clock) as limiter,
        Mailbox(send, limiter, capacity=places, workers=workers, clock=clock) as mailbox,
    ):
        for n in range(spent):
            await mailbox(write(f"spent{n}"))
        yield mailbox


async def queue(mailbox: Mailbox, *requests: Request) -> list[asyncio.Task[Reply]]:
    """Call with each of these, and give them time to get in line or to be sent."""
    calls = [asyncio.create_task(mailbox(request)) for request in requests]
    await asyncio.sleep(1e-6)
    return calls


def idents(network: Network) -> list[str]:
    return [request.ident for _, request in network.sent if not request.ident.startswith("spent")]


@virtual
async def test_a_call_is_sent_and_its_reply_told_with_what_is_left_of_the_budget() -> None:
    async with mailbox() as box:
        assert await box(read("7")) == Reply(200, {"ident": "7"})
        assert repr(box) == "<Mailbox 0 waiting | 0 of 8 workers busy | 59 of 60 permits free>"


@virtual
async def test_a_call_that_waited_tells_for_how_long() -> None:
    async with mailbox(spent=60) as box:
        await asyncio.sleep(50)

        reply = await box(write())

        assert reply.notes == Notes(queue_seconds=10.0)


@virtual
async def test_its_repr_tells_the_state() -> None:
    network = Network(latency=lambda: 1.0)
    async with mailbox(network, workers=4) as box:
        calls = await queue(box, *map(read, range(7)))

        assert repr(box) == "<Mailbox 3 waiting | 4 of 4 workers busy | 56 of 60 permits free>"
        await asyncio.gather(*calls)


@virtual
async def test_failures_reach_the_caller_and_leave_the_pool_alive() -> None:
    faults: Iterator[Exception] = iter([*FAULTS[:5], ValueError("a fault of ours")])

    async def fail(request: Request) -> Reply:
        raise next(faults)

    async with mailbox(fail, workers=2) as box:
        outcomes = await asyncio.gather(*(box(write(n)) for n in range(6)), return_exceptions=True)

        assert outcomes[:5] == list(FAULTS[:5])
        assert isinstance(outcomes[5], ValueError)
        assert repr(box) == "<Mailbox 0 waiting | 0 of 2 workers busy | 55 of 60 permits free>"


@virtual
async def test_a_send_that_is_cancelled_from_within_fails_its_call_alone() -> None:
    async def cancelled(request: Request) -> Reply:
        raise asyncio.CancelledError

    async with mailbox(cancelled, workers=1) as box:
        with pytest.raises(Unavailable, match="given up before its answer came"):
            await box(read())
        with pytest.raises(OutcomeUnknown, match="may or may not have been made") as unknown:
            await box(write())

        assert not unknown.value.answered


@virtual
async def test_a_limiter_that_breaks_fails_who_waits_and_not_the_pool() -> None:
    class Broken(MemoryStore):
        """A store on a bad day."""

        async def take(self, spare: int, soon: float) -> Lease | float:
            """Break, in the first second."""
            if clock() < 1:
                raise OSError("disk full")
            return await super().take(spare, soon)

    limiter = Limiter(Broken(60, clock=clock), 60.0, clock=clock)
    async with Mailbox(answer, limiter, clock=clock) as box:
        outcomes = await asyncio.gather(*(box(read(n)) for n in range(3)), return_exceptions=True)
        assert [str(outcome) for outcome in outcomes] == ["disk full"] * 3
        await asyncio.sleep(1)

        assert (await box(read())).status == 200


@virtual
async def test_what_is_sent_runs_in_the_context_of_its_caller() -> None:
    askers = []

    async def look(request: Request) -> Reply:
        askers.append(ASKED.get())
        return Reply(200)

    async with mailbox(look) as box:
        ASKED.set("the assistant")
        await box(read())

    assert askers == ["the assistant"]


@virtual
async def test_twenty_calls_of_200_ms_on_twenty_workers_take_one_round() -> None:
    network = Network(latency=lambda: 0.1)
    async with mailbox(network, workers=20) as box:
        await asyncio.gather(*(box(read(n)) for n in range(20)))

        assert clock() == pytest.approx(0.2)


# Who goes first


@virtual
async def test_a_write_queued_last_goes_out_first() -> None:
    network = Network()
    async with mailbox(network, spent=60) as box:
        calls = await queue(box, *map(read, range(12)), write("urgent"))
        await asyncio.gather(*calls)

    assert idents(network) == ["urgent", *map(str, range(12))]


@virtual
async def test_a_write_goes_at_once_while_reads_are_paced() -> None:
    network = Network()
    async with mailbox(network) as box:
        await box(write("first"))
        calls = await queue(box, *map(read, range(40)))
        assert repr(box) == "<Mailbox 10 waiting | 0 of 8 workers busy | 29 of 60 permits free>"

        await asyncio.sleep(1)
        await box(write("second"))

        assert network.sent[-1][0] == pytest.approx(1.0, abs=1e-3)
        await asyncio.gather(*calls)


@virtual
async def test_writes_never_starve_reads() -> None:
    network = Network()
    async with mailbox(network, limit=20, spent=20) as box:
        reads = [read(f"r{n}") for n in range(4)]
        writes = [write(f"w{n}") for n in range(20)]
        await asyncio.gather(*await queue(box, *writes, *reads))

    expected = [f"w{n}" for n in range(20)]
    for n in range(4):
        expected.insert(5 * n + 4, f"r{n}")
    assert idents(network) == expected


@virtual
async def test_no_slot_is_held_while_every_worker_is_busy() -> None:
    network = Network(latency=lambda: 30.0)
    async with mailbox(network, workers=1) as box:
        calls = await queue(box, *map(read, range(3)))
        await asyncio.sleep(1)

        assert repr(box) == "<Mailbox 2 waiting | 1 of 1 workers busy | 59 of 60 permits free>"
        await asyncio.gather(*calls)


# Who doesn't get in, or leaves


@virtual
async def test_a_full_mailbox_refuses_at_once() -> None:
    async with mailbox(places=2, spent=60) as box:
        calls = await queue(box, write("a"), write("b"), write("c"))

        assert [call.done() for call in calls] == [False, False, True]
        with pytest.raises(Overloaded, match="2 calls"):
            await calls[2]
        calls[0].cancel()
        await asyncio.gather(*calls[:1], return_exceptions=True)
        await box(read())


@virtual
async def test_three_cancelled_calls_never_reach_the_service() -> None:
    network = Network()
    async with mailbox(network, spent=60) as box:
        calls = await queue(box, *map(write, range(5)))

        for call in calls[1:4]:
            call.cancel()
        await asyncio.gather(*calls[1:4], return_exceptions=True)

        assert all(call.cancelled() for call in calls[1:4])
        assert repr(box) == "<Mailbox 2 waiting | 0 of 8 workers busy | 0 of 60 permits free>"
        await asyncio.gather(calls[0], calls[4])
        assert repr(box) == "<Mailbox 0 waiting | 0 of 8 workers busy | 58 of 60 permits free>"

    assert idents(network) == ["0", "4"]


@virtual
async def test_when_all_that_wait_are_cancelled_no_slot_is_spent() -> None:
    async with mailbox(spent=60) as box:
        [call] = await queue(box, write())
        call.cancel()
        await asyncio.sleep(60.1)

        assert repr(box) == "<Mailbox 0 waiting | 0 of 8 workers busy | 60 of 60 permits free>"


@virtual
async def test_a_permit_that_comes_after_the_last_message_left_goes_back() -> None:
    limiter = Limiter(SlowStore(60, clock=clock), 60.0, clock=clock)
    async with limiter, Mailbox(answer, limiter, clock=clock) as box:
        [call] = await queue(box, write())
        await asyncio.sleep(0.015)
        call.cancel()
        await asyncio.sleep(0.05)

        assert repr(box) == "<Mailbox 0 waiting | 0 of 8 workers busy | 60 of 60 permits free>"


@virtual
async def test_a_call_that_is_cancelled_after_it_was_sent_returns_its_reply() -> None:
    async with mailbox(Network(latency=lambda: 1.0)) as box:
        [call] = await queue(box, write("9"))

        call.cancel()

        assert (await call).data == {"ident": "9"}
        assert call.cancelling() == 1  # so that a retry knows that nobody waits


@virtual
async def test_a_call_whose_turn_comes_too_late_is_refused_with_the_seconds_to_wait() -> None:
    network = Network()
    async with mailbox(network, spent=60) as box:
        await asyncio.sleep(5)
        with pytest.raises(BudgetSpent) as refusal:
            await box(write(within=55.0))

        assert clock() == 5.0
        assert refusal.value.retry_after == pytest.approx(55.05)
        assert (await box(write(within=55.1))).status == 200

    assert idents(network) == ["1"]


@virtual
async def test_a_message_ends_when_its_deadline_passes_in_line() -> None:
    async with mailbox(Network(), limit=2, spent=2) as box:
        await asyncio.sleep(50)
        late, *urgent = await queue(box, read(within=11.0), *map(write, range(3)))
        await asyncio.sleep(10.9)
        assert repr(box) == "<Mailbox 2 waiting | 0 of 8 workers busy | 0 of 2 permits free>"

        with pytest.raises(BudgetSpent) as refusal:
            await late

        assert clock() == pytest.approx(61.0, abs=1e-3)
        assert refusal.value.retry_after == pytest.approx(120.1 - 61, abs=1e-3)
        await asyncio.gather(*urgent)


@virtual
async def test_a_deadline_that_passed_while_everybody_was_busy_spends_no_slot() -> None:
    network = Network(latency=lambda: 1.0)
    async with mailbox(network, workers=1) as box:
        first, second, third = await queue(box, read("a"), read("b", within=2.0), read("c"))
        await asyncio.gather(first, third)

        with pytest.raises(BudgetSpent):
            await second

    assert idents(network) == ["a", "c"]


@virtual
async def test_a_message_that_is_taken_past_its_deadline_is_not_sent() -> None:
    """The machine slept: the clock went on, and the timers did not."""
    skipped = 0.0
    network = Network(latency=lambda: 1.0)
    limiter = Limiter(MemoryStore(60, clock=clock), 60.0, clock=clock)
    async with limiter, Mailbox(network, limiter, workers=1, clock=lambda: clock() + skipped) as box:
        first, second, third = await queue(box, read("a"), read("b", within=4.0), read("c"))
        skipped = 100.0
        await asyncio.gather(first, third)

        with pytest.raises(BudgetSpent):
            await second

    assert idents(network) == ["a", "c"]


# What is told beforehand


@virtual
async def test_only_a_request_that_waits_has_a_turn_to_come() -> None:
    async with mailbox(spent=60) as box:
        calls = await queue(box, read("a"), write("b"))

        assert box.eta(read("a")) == pytest.approx(60.05)
        assert box.eta(read("z")) is None
        await asyncio.gather(*calls)
        assert box.eta(read("a")) is None


@pytest.mark.parametrize("seed", range(20))
@virtual
async def test_turns_come_when_it_was_told(seed: int) -> None:
    random = Random(seed)
    network = Network()
    async with mailbox(network, limit=random.choice([1, 5, 20, 60])) as box:
        history = [(random.uniform(0, 70), random.choice([read, read, read, write])(f"h{n}")) for n in range(60)]
        calls = [asyncio.create_task(_call_at(box, *event)) for event in history]
        await asyncio.sleep(70)
        requests = [random.choice([read, read, read, write])(n) for n in range(60)]
        calls += await queue(box, *requests)
        told = {request: clock() + wait for request in requests if (wait := box.eta(request)) is not None}

        await asyncio.gather(*calls)

    happened = {request: at for at, request in network.sent}
    assert told
    assert {request: happened[request] for request in told} == pytest.approx(told, abs=0.02)


@pytest.mark.parametrize("seed", range(20))
@virtual
async def test_who_is_refused_is_told_the_seconds_after_which_the_turn_would_have_come(seed: int) -> None:
    random = Random(seed)
    network = Network()
    async with mailbox(network, limit=20, spent=20) as box:
        calls = await queue(box, *(random.choice([read, write])(n) for n in range(random.randrange(80))))
        last = random.choice([read, write])
        with pytest.raises(BudgetSpent) as refusal:
            await box(last("last", within=50.0))
        told = clock() + refusal.value.retry_after

        calls += await queue(box, last("last", within=told - clock() + 0.1))
        await asyncio.gather(*calls)

    assert [at for at, request in network.sent if request.ident == "last"] == pytest.approx([told], abs=0.02)


async def _call_at(box: Mailbox, at: float, request: Request) -> Reply:
    await asyncio.sleep(at)
    return await box(request)


@virtual
async def test_budget_that_came_back_while_the_machine_slept_is_seen_within_seconds() -> None:
    skipped = 0.0
    limiter = Limiter(MemoryStore(1, clock=lambda: clock() + skipped), 60.0, clock=lambda: clock() + skipped)
    async with limiter, Mailbox(answer, limiter, clock=lambda: clock() + skipped) as box:
        await box(write())
        [call] = await queue(box, write())
        skipped = 3600.0
        await call

        assert clock() <= 5.1


@virtual
async def test_a_wait_too_short_for_the_clock_to_show_passes_too() -> None:
    class Almost(MemoryStore):
        """A store that is nearly ready."""

        async def take(self, spare: int, soon: float) -> Lease | float:
            """Take a slot, in the second half of the second."""
            return 1e-30 if clock() < 0.5 else await super().take(spare, soon)

    limiter = Limiter(Almost(60, clock=clock), 60.0, clock=clock)
    async with Mailbox(answer, limiter, clock=clock) as box:
        assert (await box(read())).status == 200


# The 429 gate


@virtual
async def test_after_a_429_nothing_is_sent_until_it_is_over_and_then_one_probe() -> None:
    fates: Iterator[Failure | None] = iter([None, RateLimited("slow down", retry_after=9.0)])
    network = Network(latency=lambda: 0.5, fate=lambda: next(fates, None))
    async with mailbox(network, workers=20) as box:
        await box(read("first"))
        with pytest.raises(RateLimited):
            await box(read("second"))
        await asyncio.gather(*await queue(box, *map(read, range(10))))

    assert [round(at, 2) for at, _ in network.sent] == [0.0, 1.0, 11.05] + [12.05] * 9


# Taking leave


@virtual
async def test_at_the_end_of_input_what_need_not_wait_for_budget_is_still_sent() -> None:
    network = Network(latency=lambda: 1.0)
    async with mailbox(network, limit=10, workers=2) as box:
        calls = await queue(box, *(write(n) for n in range(12)))

        box.close(finish=True)
        await asyncio.sleep(0.1)

        assert [call.done() for call in calls] == [False] * 10 + [True] * 2
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert [isinstance(outcome, ShuttingDown) for outcome in outcomes] == [False] * 10 + [True] * 2
        with pytest.raises(ShuttingDown):
            await box(write("later"))

    assert idents(network) == [str(n) for n in range(10)]


@virtual
async def test_at_the_end_of_input_calls_that_come_later_are_sent_if_they_need_not_wait() -> None:
    async with mailbox(limit=2) as box:
        box.close(finish=True)

        assert [(await box(write(n))).status for n in range(2)] == [200, 200]
        with pytest.raises(ShuttingDown, match="not sent"):
            await box(write("later"))


@virtual
async def test_at_the_end_of_input_nobody_waits_for_budget_that_turned_out_to_be_missing() -> None:
    async with mailbox(Network(fate=lambda: RateLimited("slow down")), workers=1) as box:
        calls = await queue(box, write("a"))
        box.close(finish=True)
        calls += await queue(box, write("b"))

        outcomes = await asyncio.gather(*calls, return_exceptions=True)

        assert [type(outcome) for outcome in outcomes] == [RateLimited, ShuttingDown]


@virtual
async def test_finishing_fails_who_loses_the_budget_meanwhile() -> None:
    fates: Iterator[Failure | None] = iter([RateLimited("slow down")])
    async with mailbox(Network(latency=lambda: 1.0, fate=lambda: next(fates, None)), workers=1) as box:
        calls = await queue(box, *map(write, range(3)))
        box.close(finish=True)

        outcomes = await asyncio.gather(*calls, return_exceptions=True)

        assert clock() == pytest.approx(2.0)
        assert [type(outcome) for outcome in outcomes] == [RateLimited, ShuttingDown, ShuttingDown]


@virtual
async def test_a_signal_fails_all_that_is_queued_and_waits_for_what_was_sent() -> None:
    network = Network(latency=lambda: 1.0)
    async with mailbox(network, workers=2) as box:
        calls = await queue(box, *map(read, range(5)))
        box.close(finish=True)
        box.close(finish=False)
        box.close(finish=True)
        await asyncio.sleep(0.1)
        assert [call.done() for call in calls] == [False, False, True, True, True]
        with pytest.raises(ShuttingDown):
            await box(read("later"))

    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert clock() == pytest.approx(2.0)
    assert [type(outcome) for outcome in outcomes] == [Reply] * 2 + [ShuttingDown] * 3


@virtual
async def test_leaving_answers_everybody() -> None:
    async with mailbox(spent=60) as box:
        calls = await queue(box, *map(read, range(5)))

    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ShuttingDown] * 5
    with pytest.raises(ShuttingDown):
        await box(read("later"))


@virtual
async def test_leaving_sends_what_was_to_be_finished() -> None:
    async with mailbox(Network(latency=lambda: 1.0), workers=1) as box:
        calls = await queue(box, *map(read, range(3)))
        box.close(finish=True)

    assert [(await call).status for call in calls] == [200] * 3


@virtual
async def test_who_is_not_let_finish_answers_everybody_too_and_loses_no_slot() -> None:
    limiter = Limiter(MemoryStore(60, clock=clock), 60.0, clock=clock)
    calls: list[asyncio.Task[Reply]] = []
    given_up = []

    async def stall(request: Request) -> Reply:
        try:
            return await Network(latency=lambda: 100.0)(request)
        except asyncio.CancelledError:
            given_up.append(request.ident)
            raise

    async def serve() -> None:
        async with limiter, Mailbox(stall, limiter, workers=2, clock=clock) as box:
            calls.extend(await queue(box, read("a"), write("b")))

    serving = asyncio.create_task(serve())
    await asyncio.sleep(1)
    serving.cancel()
    outcomes = await asyncio.gather(serving, *calls, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError, Unavailable, OutcomeUnknown]
    assert sorted(given_up) == ["a", "b"]
    await asyncio.sleep(60.55)
    assert repr(limiter) == "<Limiter 60 of 60 permits free | 0 leased | breaker closed>"


# Whatever happens


@dataclass
class Scenario:
    """Minutes of trouble, drawn from a *seed*: bursts of calls, deadlines, cancellations, faults and a slow network."""

    seed: int
    admitted: dict[bool, list[str]] = field(default_factory=lambda: {True: [], False: []})

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.trouble = self.random.choice([0.0, 0.05, 0.2])
        services: list[Service] = [Sliding(60, 60.0), Fixed(60, 60.0, self.random.uniform(0, 60)), Bucket(60, 60.0)]
        self.network = Network(
            latency=lambda: self.random.lognormvariate(-2.8, 0.6) + (self.random.random() < 0.01) * 3,
            fate=lambda: self.random.choice(FAULTS) if self.random.random() < self.trouble else None,
            lost=lambda: self.random.uniform(0.0, TIMEOUT + 0.5),
            services=services,
        )

    async def call(self, box: Mailbox, number: int) -> tuple[str, Reply | BaseException]:
        """Make one call, at a time of its own."""
        await asyncio.sleep(self.random.choice([0.0, 60.0, self.random.uniform(0, 150)]))
        kind = self.random.choices([read, write], [5, 1])[0]
        request = kind(number, within=self.random.choice([inf, 50.0, 150.0]))
        self.admitted[request.is_read].append(request.ident)
        try:
            return request.ident, await box(request)
        except (Failure, asyncio.CancelledError) as failure:
            return request.ident, failure

    async def play(self, box: Mailbox) -> list[tuple[str, Reply | BaseException]]:
        """Make all calls, and cancel some."""
        calls = [asyncio.create_task(self.call(box, n)) for n in range(self.random.randint(60, 150))]
        for call in calls:
            if self.random.random() < 0.15:
                asyncio.get_running_loop().call_later(self.random.uniform(0, 200), call.cancel)
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        return [outcome for outcome in outcomes if isinstance(outcome, tuple)]


@virtual
async def test_requests_that_arrive_after_they_were_given_up_overfill_no_window() -> None:
    fates: Iterator[Failure | None] = iter([Unavailable("timeout", sent=True)] * 20)
    network = Network(fate=lambda: next(fates, None))
    async with mailbox(network, limit=20, workers=20) as box:
        await asyncio.gather(*(box(write(n)) for n in range(40)), return_exceptions=True)

    assert len(network.arrivals) == 40
    assert peak(network.arrivals, 60.0) == 20


@pytest.mark.parametrize("store", [MemoryStore, SlowStore])
@pytest.mark.parametrize("seeds", [range(start, start + 25) for start in range(0, 100, 25)])
def test_no_window_is_ever_overfull_no_slot_is_lost_and_nobody_forgotten(
    seeds: range, store: Callable[..., Store]
) -> None:
    for seed in seeds:
        _play(seed, store)


@virtual
async def _play(seed: int, make: Callable[..., Store]) -> None:
    scenario = Scenario(seed)
    store = make(60, clock=clock)
    workers = scenario.random.choice([1, 8, 20])
    async with (
        Limiter(store, 60.0, clock=clock) as limiter,
        Mailbox(scenario.network, limiter, capacity=250, workers=workers, clock=clock) as box,
    ):
        outcomes = await scenario.play(box)
        await asyncio.sleep(61)

        idle = f"<Mailbox 0 waiting | 0 of {workers} workers busy | 60 of 60 permits free>"
        assert repr(box) == idle, f"seed {seed}"
    assert peak(scenario.network.arrivals, 60.0) <= 60, f"seed {seed}"
    assert scenario.network.refusals == 0, f"seed {seed}"
    _check_order(scenario, dict(outcomes))


def _check_order(scenario: Scenario, outcomes: dict[str, Reply | BaseException]) -> None:
    sent = [request.ident for _, request in scenario.network.sent]
    for admitted in scenario.admitted.values():
        places = [admitted.index(ident) for ident in sent if ident in admitted]
        assert places == sorted(places), f"seed {scenario.seed}"
    unsent = (asyncio.CancelledError, BudgetSpent, Overloaded)
    assert not {ident for ident, outcome in outcomes.items() if isinstance(outcome, unsent)} & set(sent)
