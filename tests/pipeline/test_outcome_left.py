from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from linktime.errors import OutcomeUnknown
from linktime.message import Reply, Request, get
from linktime.pipeline.cache import Cache
from linktime.pipeline.outcome import Outcome
from linktime.pipeline.outcome.verification import Verification

from ..support.scripted_service import Service
from ..support.write_cases import CASES, LOST, TAKEN

pytestmark = pytest.mark.timeout(10)

BOOK_IT = CASES[0].request


@dataclass
class Held(Service):
    """A service that holds the request that *holds* names, as a mailbox does where it waits for budget."""

    holds: str = ""
    held: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, request: Request) -> Reply:
        """Hold it, or answer."""
        if request.template == self.holds and request.is_read:
            await self.hold()
        return await super().__call__(request)

    async def hold(self, _: float = 0.0) -> None:
        """Wait for ever."""
        self.held.set()
        await asyncio.Event().wait()

    async def left(self, outcome: Outcome, request: Request) -> BaseException | None:
        """Return the result of a call that is cancelled while it is held."""
        async with asyncio.timeout(5):
            call = asyncio.create_task(outcome(request))
            await self.held.wait()
            call.cancel()
            await asyncio.wait({call})
        return None if call.cancelled() else call.exception()


async def test_write_left_before_it_is_read_back_stays_unknown() -> None:
    pausing, looking = Held(LOST), Held(LOST, holds="/bookings")
    unknown = [
        await pausing.left(Outcome(pausing, clock=lambda: 0.0, sleep=pausing.hold), BOOK_IT),
        await looking.left(Outcome(looking, clock=lambda: 0.0, sleep=looking.sleep), BOOK_IT),
    ]

    for end in unknown:
        assert isinstance(end, OutcomeUnknown)
        assert isinstance(BOOK_IT.verification, Verification)
        assert BOOK_IT.verification.hint in str(end)


async def test_refusal_left_before_it_is_helped_stays_a_refusal() -> None:
    service = Held(TAKEN, holds="/bookings")

    assert await service.left(Outcome(service, clock=lambda: 0.0), BOOK_IT) is TAKEN


async def test_a_call_that_is_left_before_it_is_sent_is_cancelled() -> None:
    service = Held(LOST, holds="/bookings")

    assert await service.left(Outcome(service, clock=lambda: 0.0), get("/bookings")) is None


async def test_cache_does_not_report_a_write_without_caller_as_unsent() -> None:
    service = Held(LOST, [["old"]])
    cache = Cache(Outcome(service, clock=lambda: 0.0, sleep=service.hold), clock=lambda: service.now)
    look = get("/bookings").tagged("bookings")
    await cache(look)

    async with asyncio.timeout(5):
        call = asyncio.create_task(cache(BOOK_IT))
        await service.held.wait()
        call.cancel()
        await asyncio.wait({call})
        while " 0 in flight" not in repr(cache):
            await asyncio.sleep(0)
    service.answers = [["new"]]

    seen = [await cache(look) for _ in range(2)]
    assert [(reply.data, reply.notes.cache) for reply in seen] == [(["new"], "miss")] * 2  # nor is it kept yet


async def test_write_in_flight_when_the_cache_closes_is_unknown() -> None:
    service = Held(LOST)
    cache = Cache(Outcome(service, clock=lambda: 0.0, sleep=service.hold), clock=lambda: service.now)

    async with asyncio.timeout(5):
        call = asyncio.create_task(cache(BOOK_IT))
        await service.held.wait()
        await cache.aclose()
        with pytest.raises(OutcomeUnknown):
            await call
