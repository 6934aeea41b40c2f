"""The estimates of when a queued request is sent."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from linktime.errors import BudgetSpent
from linktime.message import Reply, Request
from linktime.pipeline.limiter import Lease, Limiter, MemoryStore
from linktime.pipeline.mailbox import Mailbox
from tests.support.mailbox_setup import answer, mailbox, queue, read, write
from tests.support.virtual_time import Network, clock, virtual


@virtual
async def test_only_a_request_that_waits_has_a_turn_to_come() -> None:
    async with mailbox(spent=60) as box:
        calls = await queue(box, read("a"), write("b"))

        assert box.eta(read("a")) == pytest.approx(60.05)
        assert box.eta(read("z")) is None
        await asyncio.gather(*calls)
        assert box.eta(read("a")) is None


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
@virtual
async def test_requests_are_sent_when_the_forecast_says(seed: int) -> None:
    random = Random(seed)
    network = Network()
    async with mailbox(network, limit=random.choice([1, 5, 20, 60])) as box:
        history = [(random.uniform(0, 70), random.choice([read, read, read, write])(f"h{n}")) for n in range(60)]
        calls = [asyncio.create_task(_call_at(box, *event)) for event in history]
        await asyncio.sleep(70)
        requests = [random.choice([read, read, read, write])(n) for n in range(60)]
        calls += await queue(box, *requests)
        forecast = {request: clock() + wait for request in requests if (wait := box.eta(request)) is not None}

        await asyncio.gather(*calls)

    happened = {request: at for at, request in network.sent}
    assert forecast
    assert {request: happened[request] for request in forecast} == pytest.approx(forecast, abs=0.02)


@pytest.mark.parametrize("seed", range(20))
@virtual
async def test_retry_after_of_a_refusal_is_the_time_of_its_turn(seed: int) -> None:
    random = Random(seed)
    network = Network()
    async with mailbox(network, limit=20, spent=20) as box:
        calls = await queue(box, *(random.choice([read, write])(n) for n in range(random.randrange(80))))
        last = random.choice([read, write])
        with pytest.raises(BudgetSpent) as refusal:
            await box(last("last", within=50.0))
        forecast = clock() + refusal.value.retry_after

        calls += await queue(box, last("last", within=forecast - clock() + 0.1))
        await asyncio.gather(*calls)

    assert [at for at, request in network.sent if request.ident == "last"] == pytest.approx([forecast], abs=0.02)


async def _call_at(box: Mailbox, at: float, request: Request) -> Reply:
    await asyncio.sleep(at)
    return await box(request)


@virtual
async def test_permit_freed_during_sleep_of_the_machine_is_soon_used() -> None:
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
        """A store that asks for a minimal wait at first."""

        async def take(self, spare: int, soon: float) -> Lease | float:
            """Take a permit after half a second."""
            return 1e-30 if clock() < 0.5 else await super().take(spare, soon)

    limiter = Limiter(Almost(60, clock=clock), 60.0, clock=clock)
    async with Mailbox(answer, limiter, clock=clock) as box:
        assert (await box(read())).status == 200
