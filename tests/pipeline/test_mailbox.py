"""The mailbox: workers, priorities, capacity, cancellation and deadlines."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextvars import ContextVar

import pytest

from linktime.errors import BudgetSpent, Failure, OutcomeUnknown, Overloaded, RateLimited, Unavailable
from linktime.message import Notes, Reply, Request
from linktime.pipeline.limiter import Lease, Limiter, MemoryStore
from linktime.pipeline.mailbox import Mailbox
from tests.support.mailbox_setup import FAULTS, answer, idents, mailbox, queue, read, write
from tests.support.virtual_time import Network, SlowStore, clock, virtual

CALLER: ContextVar[str] = ContextVar("CALLER", default="none")


@virtual
async def test_call_returns_its_reply_and_costs_one_permit() -> None:
    async with mailbox() as box:
        assert await box(read("7")) == Reply(200, {"ident": "7"})
        assert repr(box) == "<Mailbox 0 waiting | 0 of 8 workers busy | 59 of 60 permits free>"


@virtual
async def test_reply_has_the_seconds_in_the_queue() -> None:
    async with mailbox(spent=60) as box:
        await asyncio.sleep(50)

        reply = await box(write())

        assert reply.notes == Notes(queue_seconds=10.0)


@virtual
async def test_repr_has_the_state() -> None:
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
async def test_cancelled_send_fails_its_call_alone() -> None:
    async def cancelled(request: Request) -> Reply:
        raise asyncio.CancelledError

    async with mailbox(cancelled, workers=1) as box:
        with pytest.raises(Unavailable) as lost:
            await box(read())
        with pytest.raises(OutcomeUnknown) as unknown:
            await box(write())

        assert lost.value.sent
        assert not unknown.value.answered


@virtual
async def test_broken_limiter_fails_the_waiting_calls_and_not_the_pool() -> None:
    class Broken(MemoryStore):
        """A store that fails for a second."""

        async def take(self, spare: int, soon: float) -> Lease | float:
            """Raise an error in the first second."""
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
async def test_request_runs_in_the_context_of_its_caller() -> None:
    callers = []

    async def look(request: Request) -> Reply:
        callers.append(CALLER.get())
        return Reply(200)

    async with mailbox(look) as box:
        CALLER.set("the assistant")
        await box(read())

    assert callers == ["the assistant"]


@virtual
async def test_twenty_calls_of_200_ms_on_twenty_workers_take_one_round() -> None:
    network = Network(latency=lambda: 0.1)
    async with mailbox(network, workers=20) as box:
        await asyncio.gather(*(box(read(n)) for n in range(20)))

        assert clock() == pytest.approx(0.2)


@virtual
async def test_after_a_429_one_probe_is_sent_first() -> None:
    fates: Iterator[Failure | None] = iter([None, RateLimited("slow down", retry_after=9.0)])
    network = Network(latency=lambda: 0.5, fate=lambda: next(fates, None))
    async with mailbox(network, workers=20) as box:
        await box(read("first"))
        with pytest.raises(RateLimited):
            await box(read("second"))
        await asyncio.gather(*await queue(box, *map(read, range(10))))

    assert [round(at, 2) for at, _ in network.sent] == [0.0, 1.0, 11.05] + [12.05] * 9


# Priorities


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
async def test_no_permit_is_held_while_all_workers_are_busy() -> None:
    network = Network(latency=lambda: 30.0)
    async with mailbox(network, workers=1) as box:
        calls = await queue(box, *map(read, range(3)))
        await asyncio.sleep(1)

        assert repr(box) == "<Mailbox 2 waiting | 1 of 1 workers busy | 59 of 60 permits free>"
        await asyncio.gather(*calls)


# Capacity, cancellation and deadlines


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
async def test_cancelled_waiting_calls_spend_no_permit() -> None:
    async with mailbox(spent=60) as box:
        [call] = await queue(box, write())
        call.cancel()
        await asyncio.sleep(60.1)

        assert repr(box) == "<Mailbox 0 waiting | 0 of 8 workers busy | 60 of 60 permits free>"


@virtual
async def test_permit_is_returned_if_the_last_message_has_left() -> None:
    limiter = Limiter(SlowStore(60, clock=clock), 60.0, clock=clock)
    async with limiter, Mailbox(answer, limiter, clock=clock) as box:
        [call] = await queue(box, write())
        await asyncio.sleep(0.015)
        call.cancel()
        await asyncio.sleep(0.05)

        assert repr(box) == "<Mailbox 0 waiting | 0 of 8 workers busy | 60 of 60 permits free>"


@virtual
async def test_call_that_is_cancelled_after_sending_returns_its_reply() -> None:
    async with mailbox(Network(latency=lambda: 1.0)) as box:
        [call] = await queue(box, write("9"))

        call.cancel()

        assert (await call).data == {"ident": "9"}
        assert call.cancelling() == 1  # a retry thus knows that its caller has left


@virtual
async def test_call_beyond_its_deadline_is_refused_with_retry_after() -> None:
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
async def test_deadline_while_all_workers_are_busy_spends_no_permit() -> None:
    network = Network(latency=lambda: 1.0)
    async with mailbox(network, workers=1) as box:
        first, second, third = await queue(box, read("a"), read("b", within=2.0), read("c"))
        await asyncio.gather(first, third)

        with pytest.raises(BudgetSpent):
            await second

    assert idents(network) == ["a", "c"]


@virtual
async def test_a_message_that_is_taken_past_its_deadline_is_not_sent() -> None:
    """The machine sleeps. The clock advances, and the timers do not."""
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
