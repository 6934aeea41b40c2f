"""A call with one request for each date."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from linktime.errors import BudgetSpent, Failure, NotCommitted, OutcomeUnknown, Rejected
from linktime.message import Notes, Reply, Request
from linktime.protocol.session import Session
from linktime.protocol.session.course import WAITING
from linktime.tools import TOOLS
from tests.support.sdk_client import connected
from tests.support.sessions import upstream_of

BOUND = 10.0  # s
WEEK = {"date": "2026-12-21", "to": "2026-12-25"}
DAYS = [f"2026-12-{day}" for day in range(21, 26)]
DENIED = Rejected("forbidden", "no.", status=403)
LOST = OutcomeUnknown("The connection broke: use list_availability_overrides for that date.", answered=False)


class Service:
    """A `Send` whose writes meet the fate of their date. A date without one is blocked."""

    def __init__(self, fates: Mapping[str, Exception] | None = None) -> None:
        self.fates = fates or {}
        self.sent: list[Request] = []

    @property
    def days(self) -> list[str]:
        """The dates of the requests, in order."""
        return [body(request)["date"] for request in self.sent]

    async def __call__(self, request: Request) -> Reply:
        """Answer, or raise the fate."""
        self.sent.append(request)
        day = body(request)["date"]
        if fate := self.fates.get(day):
            raise fate
        row = {"id": f"o{day[-2:]}", "date": f"{day}T00:00:00Z", "isBlocked": True, "reason": None}
        return Reply(201, row, Notes(queue_seconds=float(len(self.sent))))


def body(request: Request) -> dict[str, Any]:
    parsed: dict[str, Any] = orjson.loads(request.body or b"{}")
    return parsed


async def block(service: Any, *, progress: Any = None, arguments: Any = WEEK, **options: Any) -> Any:
    session = Session(upstream_of(service, **options), TOOLS)
    async with asyncio.timeout(BOUND), connected(session.server, mode="legacy") as client:
        return await client.call_tool("create_availability_override", arguments, progress_callback=progress)


def text(result: Any) -> str:
    block: str = result.content[0].text
    return block


async def test_each_date_is_a_request_of_its_own() -> None:
    service = Service()

    result = await block(service, arguments=WEEK | {"reason": "Vacation"})

    assert service.days == DAYS
    assert all(body(request)["reason"] == "Vacation" and "to" not in body(request) for request in service.sent)
    assert {request.deadline for request in service.sent} == {1050.0}
    assert len({request.idempotency_key for request in service.sent}) == len(DAYS)
    assert len({id(request.delivery) for request in service.sent}) == len(DAYS)
    assert all(request.verification is TOOLS["create_availability_override"].verification for request in service.sent)
    assert [row["id"] for row in result.structured_content["data"]] == ["o21", "o22", "o23", "o24", "o25"]
    assert result.meta["linktime/queueSeconds"] == 5.0


async def test_row_of_a_date_has_its_date_and_no_nulls() -> None:
    async def silent(_: Request) -> Reply:
        return Reply(204)

    rows = (await block(Service())).structured_content["data"]
    bare = (await block(silent)).structured_content["data"]

    assert rows[0] == {"date": "2026-12-21T00:00:00Z", "id": "o21", "isBlocked": True}
    assert bare == [{"date": day} for day in DAYS]


async def test_single_date_keeps_its_answer() -> None:
    one = await block(Service(), arguments={"date": "2026-12-21"})
    range_of_one = await block(Service(), arguments={"date": "2026-12-21", "to": "2026-12-21"})

    assert one.structured_content["id"] == "o21"
    assert [row["id"] for row in range_of_one.structured_content["data"]] == ["o21"]


@pytest.mark.parametrize("fate", [DENIED, LOST, NotCommitted("not made."), BudgetSpent(9.0)])
async def test_first_failure_spares_the_other_dates(fate: Failure) -> None:
    service = Service({DAYS[0]: fate})

    result = await block(service)

    assert service.days == DAYS[:1]
    assert result.is_error
    assert text(result).startswith(f"{fate.word}: ")
    assert fate.message in text(result)
    assert "Not sent: 2026-12-22 to 2026-12-25." in text(result)


async def test_partial_failure_says_which_dates_stand() -> None:
    service = Service({DAYS[1]: DENIED, DAYS[3]: BudgetSpent(8.2), DAYS[4]: BudgetSpent(9.2)})

    result = await block(service)

    assert service.days == DAYS
    assert result.is_error
    assert result.structured_content is None
    assert text(result).startswith("forbidden: 2 of 5 dates are changed: 2026-12-21, 2026-12-23.")
    assert "Not changed: 2026-12-22, forbidden: no." in text(result)
    assert "Not changed: 2026-12-24 to 2026-12-25, rate_limited: " in text(result)
    assert "Call again in 10 s" in text(result)
    assert "call again for 2026-12-22, 2026-12-24 to 2026-12-25 only." in text(result)


async def test_dates_in_doubt_differ_from_unchanged_ones() -> None:
    result = await block(Service({DAYS[1]: LOST, DAYS[2]: DENIED}))

    assert text(result).startswith("outcome_unknown: 3 of 5 dates are changed: 2026-12-21, 2026-12-24 to 2026-12-25.")
    assert "In doubt: 2026-12-22, outcome_unknown: " in text(result)
    assert "list_availability_overrides" in text(result).rpartition("2026-12-22")[2]
    assert "call again for 2026-12-23 only." in text(result)


async def test_unexpected_fault_of_one_date_leaves_the_others() -> None:
    async def send(request: Request) -> Reply:
        if body(request)["date"] in DAYS[1:3]:
            assert request.delivery is not None
            request.delivery.possible = body(request)["date"] == DAYS[1]
            raise KeyError("odd")
        return Reply(201, {"id": "o"})

    result = await block(send)

    assert text(result).startswith("outcome_unknown: 3 of 5 dates are changed: 2026-12-21, 2026-12-24 to 2026-12-25.")
    assert "In doubt: 2026-12-22, outcome_unknown: " in text(result)
    assert "Not changed: 2026-12-23, internal_error: " in text(result)


async def test_progress_has_the_dates_done_and_the_longest_wait() -> None:
    reported = asyncio.Event()
    messages: list[str | None] = []
    service = Service()

    async def send(request: Request) -> Reply:
        if len(service.sent) >= 2:
            await reported.wait()
        return await service(request)

    async def progress(_: float, __: float | None, message: str | None) -> None:
        messages.append(message)
        reported.set()

    def eta(request: Request) -> float | None:
        return None if body(request)["date"] < DAYS[2] else float(body(request)["date"][-2:])

    async def at_once(_: float) -> None:
        await asyncio.sleep(0)

    await block(send, progress=progress, eta=eta, sleep=at_once)

    assert [each for each in messages if each and WAITING in each and {"2", "5", "25"} <= set(each.split())]


async def test_cancelled_call_withdraws_every_date() -> None:
    started, withdrawn = asyncio.Semaphore(0), []

    async def send(request: Request) -> Reply:
        day = body(request)["date"]
        if day == DAYS[0]:
            return Reply(201, {})
        started.release()
        try:
            await asyncio.Event().wait()
        finally:
            withdrawn.append(day)
        raise AssertionError

    session = Session(upstream_of(send), TOOLS)
    async with asyncio.timeout(BOUND), connected(session.server, mode="legacy") as client:
        call = asyncio.create_task(client.call_tool("create_availability_override", WEEK))
        for _ in DAYS[1:]:
            await started.acquire()
        call.cancel()
        await asyncio.wait((call,))
        while len(withdrawn) < len(DAYS) - 1:
            await asyncio.sleep(0)

    assert sorted(withdrawn) == DAYS[1:]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"date": "2026-12-21", "to": "2026-12-20"}, ["to:", "2026-12-20", "before date"]),
        ({"date": "2026-12-21", "to": "2027-01-21"}, ["to:", "31", "2027-01-20"]),
        ({"date": "2026-12-21", "to": "soon"}, ["to:"]),
        ({"date": "2026-12-21", "to": "2026-12-22", "startTime": "09:00", "isBlocked": False}, ["endTime"]),
    ],
)
async def test_wrong_range_is_refused_without_a_request(arguments: dict[str, Any], words: list[str]) -> None:
    service = Service()

    result = await block(service, arguments=arguments)

    assert text(result).startswith("invalid_arguments: ")
    assert [word for word in words if word not in text(result)] == []
    assert service.sent == []


async def test_longest_range_has_31_dates() -> None:
    service = Service()

    await block(service, arguments={"date": "2026-12-21", "to": "2027-01-20"})

    assert len(service.days) == 31
