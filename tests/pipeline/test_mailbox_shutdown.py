"""The mailbox at the end of a session."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from linktime.errors import Failure, OutcomeUnknown, RateLimited, ShuttingDown, Unavailable
from linktime.message import Reply, Request
from linktime.pipeline.limiter import Limiter, MemoryStore
from linktime.pipeline.mailbox import Mailbox
from tests.support.mailbox_setup import idents, mailbox, queue, read, write
from tests.support.virtual_time import Network, clock, virtual


@virtual
async def test_close_sends_the_queued_calls_that_have_a_permit() -> None:
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
async def test_later_calls_after_close_are_sent_if_they_need_not_wait() -> None:
    async with mailbox(limit=2) as box:
        box.close(finish=True)

        assert [(await box(write(n))).status for n in range(2)] == [200, 200]
        with pytest.raises(ShuttingDown, match="not sent"):
            await box(write("later"))


@virtual
async def test_later_call_after_close_fails_if_the_budget_is_gone() -> None:
    async with mailbox(Network(fate=lambda: RateLimited("slow down")), workers=1) as box:
        calls = await queue(box, write("a"))
        box.close(finish=True)
        calls += await queue(box, write("b"))

        outcomes = await asyncio.gather(*calls, return_exceptions=True)

        assert [type(outcome) for outcome in outcomes] == [RateLimited, ShuttingDown]


@virtual
async def test_close_fails_the_calls_that_lose_their_permit() -> None:
    fates: Iterator[Failure | None] = iter([RateLimited("slow down")])
    async with mailbox(Network(latency=lambda: 1.0, fate=lambda: next(fates, None)), workers=1) as box:
        calls = await queue(box, *map(write, range(3)))
        box.close(finish=True)

        outcomes = await asyncio.gather(*calls, return_exceptions=True)

        assert clock() == pytest.approx(2.0)
        assert [type(outcome) for outcome in outcomes] == [RateLimited, ShuttingDown, ShuttingDown]


@virtual
async def test_signal_fails_queued_calls_and_awaits_sent_ones() -> None:
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
async def test_exit_fails_all_queued_calls() -> None:
    async with mailbox(spent=60) as box:
        calls = await queue(box, *map(read, range(5)))

    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ShuttingDown] * 5
    with pytest.raises(ShuttingDown):
        await box(read("later"))


@virtual
async def test_exit_sends_the_calls_to_finish() -> None:
    async with mailbox(Network(latency=lambda: 1.0), workers=1) as box:
        calls = await queue(box, *map(read, range(3)))
        box.close(finish=True)

    assert [(await call).status for call in calls] == [200] * 3


@virtual
async def test_cancelled_exit_answers_all_calls_and_loses_no_permit() -> None:
    limiter = Limiter(MemoryStore(60, clock=clock), 60.0, clock=clock)
    calls: list[asyncio.Task[Reply]] = []
    cancelled = []

    async def stall(request: Request) -> Reply:
        try:
            return await Network(latency=lambda: 100.0)(request)
        except asyncio.CancelledError:
            cancelled.append(request.ident)
            raise

    async def serve() -> None:
        async with limiter, Mailbox(stall, limiter, workers=2, clock=clock) as box:
            calls.extend(await queue(box, read("a"), write("b")))

    serving = asyncio.create_task(serve())
    await asyncio.sleep(1)
    serving.cancel()
    outcomes = await asyncio.gather(serving, *calls, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError, Unavailable, OutcomeUnknown]
    assert sorted(cancelled) == ["a", "b"]
    await asyncio.sleep(60.55)
    assert repr(limiter) == "<Limiter 60 of 60 permits free | 0 leased | breaker closed>"
