"""A conflict names its reason and the next call."""

from __future__ import annotations

from typing import Any

import pytest

from linktime.errors import Rejected
from linktime.message import Request
from linktime.pipeline.outcome.free_times import FULL
from linktime.tools import TOOLS

from ..support.scripted_service import Service
from ..support.write_cases import BOOKING, BROKEN, CASES, TAKEN

pytestmark = pytest.mark.timeout(10)

BOOK_IT = CASES[0].request
CANCEL = CASES[1].request
MOVE = CASES[2].request
NEIGHBOURS = {"slots": [{"startTime": "2026-03-02T15:00:00Z"}], "timezone": "America/New_York"}  # none on the 1st
BLOCK = {"id": "o1", "date": "2026-03-01", "isBlocked": True}
HOURS = {"id": "o1", "date": "2026-03-01", "isBlocked": False, "startTime": "18:00", "endTime": "19:00"}
SUNDAY = [{"dayOfWeek": 0, "startTime": "09:00", "endTime": "17:00"}]
MONDAY = [{"dayOfWeek": 1, "startTime": "09:00", "endTime": "17:00"}]


def request(tool: str, **arguments: Any) -> Request:
    return TOOLS[tool].request(arguments)


@pytest.mark.parametrize("write", [BOOK_IT, MOVE])
async def test_past_time_is_named_as_past(write: Request) -> None:
    service = Service(TAKEN, [BOOKING])
    service.now += 10 * 86_400.0

    failure = await service.failure(write)

    assert "in the past" in failure.message
    assert "check_availability" in failure.message
    assert "/availability" not in [read.path for read in service.reads]


@pytest.mark.parametrize(
    ("ahead", "dated", "is_past"), [(864e3, True, True), (864e3, False, False), (0.0, True, False)]
)
async def test_past_is_judged_by_the_clock_of_the_service(ahead: float, *, dated: bool, is_past: bool) -> None:
    service = Service(TAKEN, [[], NEIGHBOURS, {"data": []}], ahead=ahead, dated=dated)

    assert ("in the past" in (await service.failure(BOOK_IT)).message) is is_past


@pytest.mark.parametrize(
    ("overrides", "rules", "words"),
    [
        ([BLOCK], MONDAY, ["2026-03-01", "blocked", "delete_availability_override"]),
        ([HOURS], MONDAY, ["2026-03-01", "18:00-19:00", "list_availability_overrides"]),
        ([], MONDAY, ["Sunday", "get_availability_rules"]),
        ([], [], ["Sunday", "get_availability_rules"]),
        ([], SUNDAY, [FULL.format("2026-03-01")]),
    ],
)
async def test_day_without_free_time_has_its_reason(overrides: Any, rules: Any, words: list[str]) -> None:
    service = Service(TAKEN, [[], NEIGHBOURS, {"data": overrides}, {"data": rules}])

    failure = await service.failure(BOOK_IT)

    assert [word for word in words if word not in failure.message] == []
    assert "2026-03-02T15:00:00.000Z" in failure.message


@pytest.mark.parametrize("unknown", [BROKEN, {"data": [{}]}, {"data": 7}, "odd"])
async def test_unknown_reason_leaves_the_free_times(unknown: Any) -> None:
    service = Service(TAKEN, [[], NEIGHBOURS, {"data": []}, unknown])

    failure = await service.failure(BOOK_IT)

    assert "Nearest free times: 2026-03-02T15:00:00.000Z" in failure.message
    assert "hours" not in failure.message


async def test_free_time_on_that_day_needs_no_reason() -> None:
    service = Service(TAKEN, [[], NEIGHBOURS | {"slots": [{"startTime": "2026-03-01T20:00:00Z"}]}])

    assert "Nearest free times: 2026-03-01T20" in (await service.failure(BOOK_IT)).message
    assert len(service.reads) == 2


async def test_cancelled_booking_leads_to_a_new_one() -> None:
    cancelled = BOOKING | {"status": "CANCELLED"}

    moved = await Service(TAKEN, [cancelled]).failure(MOVE)
    again = await Service(TAKEN, [cancelled]).failure(CANCEL)
    other = Service(TAKEN, [BOOKING])

    assert "create_booking" in moved.message
    assert "cancelled already" in again.message
    assert await other.failure(CANCEL) is TAKEN


async def test_contact_conflict_names_the_id_and_the_tool() -> None:
    known = {"data": [{"id": "c1", "email": "ADA@example.com"}, {"id": "c2", "email": "ada@example.com.au"}]}

    added = await Service(TAKEN, [known]).failure(request("create_contact", name="Ada", email="Ada@example.com"))
    changed = await Service(TAKEN, [known]).failure(request("update_contact", contactId="c9", email="ada@example.com"))
    unknown = Service(TAKEN, [{"data": []}])

    assert "update_contact" in added.message
    assert " c1" in added.message
    assert " c1" in changed.message
    assert "get_contact" in changed.message
    assert await unknown.failure(request("create_contact", name="Ada", email="ada@example.com")) is TAKEN


@pytest.mark.parametrize(
    "write",
    [
        request("create_event_type", name="A", slug="Intro", durationMinutes=30, locationType="ZOOM"),
        request("update_event_type", eventTypeId="e9", slug="intro"),
    ],
)
async def test_slug_conflict_names_the_event_type(write: Request) -> None:
    active = await Service(TAKEN, [{"data": [{"id": "e1", "slug": "intro"}]}]).failure(write)
    hidden = await Service(TAKEN, [{"data": []}]).failure(write)

    assert " e1" in active.message
    assert "inactive" in hidden.message


async def test_advice_replaces_the_general_one() -> None:
    refusal = Rejected("conflict", 'LinkTime says "taken".', "Look again.", status=409)

    failure = await Service(refusal, [BOOKING | {"status": "CANCELLED"}]).failure(MOVE)

    assert failure.message.startswith('LinkTime says "taken". This booking')
