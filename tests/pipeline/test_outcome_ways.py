"""How a write is found again: the reads that are made, and the rows that they show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from linktime.errors import Failure, NotCommitted, OutcomeUnknown
from linktime.message import Notes, get
from linktime.tools import TOOLS

from ..support.scripted_service import Service
from ..support.write_cases import (
    ADA,
    ANSWERED,
    AROUND,
    BOOK,
    BOOKING,
    BROKEN,
    CASES,
    ELSEWHERE,
    LOST,
    NEW,
    OLD,
    TYPE,
    without,
)

pytestmark = pytest.mark.timeout(20)

BOOK_IT = CASES[0].request


async def test_second_way_proves_a_deletion() -> None:
    delete = TOOLS["delete_contact"].request({"contactId": "c1"})
    whole = {"data": [ADA | {"id": "c2"}]}

    assert (await Service(ANSWERED, [BROKEN, whole] * 3).send(delete)).data == {"success": True}
    assert isinstance(await Service(ANSWERED, [BROKEN, {"data": [ADA]}] * 3).failure(delete), NotCommitted)


async def test_list_of_active_rows_proves_deletion_of_an_active() -> None:
    delete = TOOLS["delete_event_type"].request({"eventTypeId": "e1"})
    known = await Service(ANSWERED, [BROKEN, []] * 3).knowing((get("/event-types"), [TYPE]))

    assert (await known.send(delete)).data == {"success": True}
    assert isinstance(await Service(ANSWERED, [BROKEN, []] * 3).failure(delete), OutcomeUnknown)
    assert isinstance(await Service(ANSWERED, [BROKEN, [TYPE]] * 3).failure(delete), NotCommitted)


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (NEW, "verified"),
        (OLD, "not_committed"),
        ({"emailLogs": [{"sentAt": "2026-03-01T12:00:00.200Z"}]}, "verified"),
        ({"emailLogs": [{"sentAt": OLD["createdAt"]}, {"sentAt": NEW["createdAt"]}]}, "not_committed"),
        ({"emailLogs": []}, "outcome_unknown"),
        ({"emailLogs": [{"sentAt": "soon"}]}, "outcome_unknown"),
        ({}, "outcome_unknown"),
        (NEW | {"inviteeName": "Grace"}, "outcome_unknown"),
        (NEW | {"id": "b2"}, "outcome_unknown"),
    ],
)
async def test_age_that_a_list_hides_is_read_from_the_row(row: dict[str, Any], word: str) -> None:
    brief = without(BOOKING, "createdAt")
    service = Service(ANSWERED, [[brief], brief | row] * 3)
    try:
        outcome: str | None = (await service.send(BOOK_IT)).notes.outcome
    except Failure as failure:
        outcome = failure.word

    assert outcome == word
    assert service.reads[1] == get("/bookings/{id}", "b1")


async def test_notes_of_the_read_stay() -> None:
    reply = await Service(LOST, [CASES[0].proofs[0]]).send(BOOK_IT)

    assert reply.notes == Notes(budget_remaining=7, outcome="verified")


@pytest.mark.parametrize(
    "guest",
    [
        {"contact": {"email": "ADA@example.com"}},
        {"invitee": {"email": "ada@example.com"}, "contact": {"email": "other@example.com"}},
        {"guest": {"email": "ada@example.com"}, "contact": "c1"},
        {"inviteeEmail": "ada@example.com", "eventType": None, "eventTypeSlug": "Intro"},
        {"inviteeEmail": "ada@example.com", "eventType": None},
    ],
)
async def test_booking_is_known_however_it_shows_guest_and_type(guest: dict[str, Any]) -> None:
    row = {name: value for name, value in BOOKING.items() if name != "inviteeEmail"} | guest

    assert (await Service(LOST, [[row]]).send(BOOK_IT)).data == {"bookingId": "b1"}


async def test_list_of_few_pages_is_read_whole() -> None:
    pages = [{"data": [row], "pagination": {"totalPages": 3}} for row in (ELSEWHERE[0], ELSEWHERE[1], BOOKING)]
    service = Service(LOST, pages)

    assert (await service.send(BOOK_IT)).data == {"bookingId": "b1"}
    read = CASES[0].read
    assert service.reads == [read, *(replace(read, query=(*read.query, ("page", number))) for number in "23")]


@pytest.mark.parametrize("second", [None, {"data": 7}, "<html>"])
async def test_list_that_breaks_off_proves_nothing(second: Any) -> None:
    service = Service(ANSWERED, [{"data": [], "pagination": {"totalPages": 2}}, second] * 3)

    assert isinstance(await service.failure(BOOK_IT), OutcomeUnknown)


async def test_contact_is_searched_without_the_tag_of_its_address() -> None:
    tagged = TOOLS["create_contact"].request({"name": "Ada", "email": "ada+x@example.com"})
    service = Service(ANSWERED, [[ADA]])

    assert isinstance(await service.failure(tagged), OutcomeUnknown)
    assert service.reads[0] == get("/contacts", search="ada", limit=100)


async def test_days_around_a_time_hold_it_in_every_zone() -> None:
    for start, first, last in (
        ("2026-03-01T11:59:00Z", "2026-02-28", "2026-03-02"),
        ("2026-03-01T09:00:00Z", "2026-02-28", "2026-03-01"),
    ):
        service = Service(LOST, [[]])
        await service.failure(TOOLS["create_booking"].request(BOOK | {"startTime": start}))

        assert service.reads[0] == get("/bookings", **AROUND | {"from_": first, "to": last})


async def test_time_at_the_edge_of_the_calendar_is_unknown() -> None:
    edge = TOOLS["create_booking"].request(BOOK | {"startTime": "0001-01-01T00:00:00Z"})

    assert isinstance(await Service(LOST, [[]]).failure(edge), OutcomeUnknown)
