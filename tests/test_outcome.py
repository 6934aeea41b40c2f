from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from linktime.errors import BudgetSpent, Failure, NotCommitted, OutcomeUnknown, ShuttingDown
from linktime.message import Reply, Request, get, post
from linktime.outcome import EVIDENCE
from linktime.outcome.judges import Write
from linktime.tools import TOOLS

from .requests import REQUESTS
from .writes import (
    ADA,
    ANSWERED,
    AROUND,
    BOOK,
    BOOKING,
    BROKEN,
    CASES,
    DAY_OFF,
    DENIED,
    FLOW,
    HOOK,
    HOURS,
    LOST,
    MISSING,
    NEARBY,
    TAKEN,
    TYPE,
    Case,
    Service,
)

pytestmark = pytest.mark.timeout(20)

each_write = pytest.mark.parametrize("case", CASES, ids=[case.tool for case in CASES])
BOOK_IT = CASES[0].request


@each_write
async def test_a_write_that_linktime_shows_is_told_as_success(case: Case) -> None:
    for fate in (ANSWERED, LOST):
        service = Service(fate, [case.proof])

        reply = await service.send(case.request)

        assert (reply.status, reply.data, reply.notes["outcome"]) == (200, case.answer, "verified")
        assert service.asked == [case.request, case.read]
        assert service.slept == [0.5]


@each_write
async def test_a_write_that_linktime_answered_and_does_not_show_is_safe_to_repeat(case: Case) -> None:
    service = Service(ANSWERED, [case.disproof])

    failure = await service.failure(case.request)

    assert isinstance(failure, NotCommitted)
    assert str(failure) == (
        "not_committed: LinkTime met a fault and, read back, this was not committed, so it is safe to call again."
    )
    assert (service.reads, service.slept) == ([case.read] * 2, [0.5, 2.0])


@each_write
async def test_a_lost_write_that_linktime_does_not_show_may_still_come(case: Case) -> None:
    service = Service(LOST, [case.disproof])

    failure = await service.failure(case.request)

    assert isinstance(failure, OutcomeUnknown)
    assert failure.answered is False
    assert "connection broke. Read back, it is not there, but it may still be on its way: use " in str(failure)
    assert service.reads == [case.read] * 2


@each_write
async def test_what_leaves_it_open_proves_nothing(case: Case) -> None:
    for answer in case.open:
        failure = await Service(ANSWERED, [answer]).failure(case.request)

        assert isinstance(failure, OutcomeUnknown), answer
        assert "LinkTime answered 500. Read back, what is there does not tell: use " in str(failure), answer


@each_write
async def test_a_look_that_fails_leaves_it_unknown(case: Case) -> None:
    for met, word in (
        (BROKEN, " (unavailable)"),
        (BudgetSpent(9), " (rate_limited)"),
        (DENIED, " (forbidden)"),
        (ValueError("odd"), ""),
    ):
        failure = await Service(ANSWERED, [met]).failure(case.request)

        assert isinstance(failure, OutcomeUnknown)
        assert f"LinkTime answered 500. It could not be read back{word}: use " in str(failure)


@each_write
async def test_no_error_names_a_guest(case: Case) -> None:
    for fate, told in ((LOST, case.disproof), (ANSWERED, case.disproof), (LOST, None), (LOST, BROKEN)):
        words = str(await Service(fate, [told]).failure(case.request)).lower()

        assert not {"ada", "example.com", "b1", "c1"} & set(words.replace(".", " ").split())
        assert "@" not in words


async def test_a_service_that_is_briefly_behind_is_looked_at_twice() -> None:
    service = Service(LOST, [CASES[0].disproof, CASES[0].proof])

    assert (await service.send(BOOK_IT)).data == {"bookingId": "b1"}
    assert service.slept == [0.5, 2.0]


async def test_the_notes_of_the_look_stay() -> None:
    reply = await Service(LOST, [CASES[0].proof]).send(BOOK_IT)

    assert reply.notes == {"budgetRemaining": 7, "outcome": "verified"}


@pytest.mark.parametrize(
    "guest",
    [
        {"contact": {"email": "ADA@example.com"}},
        {"invitee": {"email": "ada@example.com"}, "contact": {"email": "other@example.com"}},
        {"guest": {"email": "ada@example.com"}, "contact": "c1"},
        {"inviteeEmail": "ada@example.com", "eventType": None, "eventTypeSlug": "intro"},
        {"inviteeEmail": "ada@example.com", "eventType": None},
    ],
)
async def test_a_booking_is_known_however_it_shows_its_guest_and_type(guest: dict[str, Any]) -> None:
    shown = {name: value for name, value in BOOKING.items() if name != "inviteeEmail"} | guest

    assert (await Service(LOST, [[shown]]).send(BOOK_IT)).data == {"bookingId": "b1"}


async def test_a_list_of_few_pages_is_read_whole() -> None:
    pages = [{"data": [row], "pagination": {"totalPages": 3}} for row in (NEARBY[0], NEARBY[1], BOOKING)]
    service = Service(LOST, pages)

    assert (await service.send(BOOK_IT)).data == {"bookingId": "b1"}
    read = CASES[0].read
    assert service.reads == [read, *(replace(read, query=(*read.query, ("page", number))) for number in "23")]


@pytest.mark.parametrize("second", [None, {"data": 7}, "<html>"])
async def test_a_list_that_breaks_off_proves_nothing(second: Any) -> None:
    service = Service(ANSWERED, [{"data": [], "pagination": {"totalPages": 2}}, second])

    assert isinstance(await service.failure(BOOK_IT), OutcomeUnknown)


async def test_the_days_around_a_time_hold_it_in_every_zone() -> None:
    for start, first, last in (
        ("2026-03-01T11:59:00Z", "2026-02-28", "2026-03-02"),
        ("2026-03-01T09:00:00Z", "2026-02-28", "2026-03-01"),
    ):
        service = Service(LOST, [[]])
        await service.failure(TOOLS["create_booking"].request(BOOK | {"startTime": start}))

        assert service.reads[0] == get("/bookings", **AROUND | {"from_": first, "to": last})


async def test_a_time_at_the_edge_of_the_calendar_is_unknown_too() -> None:
    edge = TOOLS["create_booking"].request(BOOK | {"startTime": "0001-01-01T00:00:00Z"})

    assert "could not be read back: use" in str(await Service(LOST, [[]]).failure(edge))


async def test_a_look_has_the_calls_deadline_or_ten_seconds_if_that_is_later() -> None:
    for deadline, expected in ((150.0, 150.0), (101.0, 110.0)):
        service = Service(LOST, [[]])
        await service.failure(replace(BOOK_IT, deadline=deadline))

        assert [read.deadline for read in service.reads] == [expected, expected]


@pytest.mark.parametrize("request_", [get("/me"), BOOK_IT, post("/elsewhere")])
async def test_an_answer_passes_untouched(request_: Request) -> None:
    answer = Reply(201, {"id": "x"})
    service = Service(answer, [answer])

    assert await service.send(request_) is answer
    assert service.asked == [request_]


@pytest.mark.parametrize(
    ("request_", "met"),
    [
        (get("/bookings"), BROKEN),
        (get("/bookings"), TAKEN),
        (BOOK_IT, BROKEN),
        (BOOK_IT, MISSING),
        (BOOK_IT, ShuttingDown("leaving")),
        (CASES[3].request, TAKEN),
        (post("/elsewhere"), LOST),
        (post("/elsewhere"), TAKEN),
    ],
)
async def test_other_failures_pass_untouched(request_: Request, met: Failure) -> None:
    service = Service(met, [met])

    assert await service.failure(request_) is met
    assert service.asked == [request_]


def test_every_write_of_the_tools_can_be_read_back_and_nothing_else() -> None:
    writes = [TOOLS[expected.tool].request(expected.arguments) for expected in REQUESTS if expected.method != "GET"]

    assert {(write.method, write.template) for write in writes} == set(EVIDENCE)
    assert {case.tool for case in CASES} == {tool.name for tool in TOOLS.values() if not tool.reads}


def test_what_is_read_back_is_what_the_tools_read() -> None:
    reads = {
        TOOLS[expected.tool].request(expected.arguments).template for expected in REQUESTS if expected.method == "GET"
    }

    assert {case.read.template for case in CASES} - reads == {"/event-types/{id}"}  # the API has it, and no tool
    named = {name for evidence in EVIDENCE.values() for name in re.findall(r"(?:get|list)_\w+", evidence.look)}
    assert named <= {tool.name for tool in TOOLS.values() if tool.reads}


NAMES = sorted({name for case in CASES for shown in (BOOKING, ADA, TYPE, HOOK, DAY_OFF, HOURS, FLOW) for name in shown})
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
LEAVES |= st.sampled_from(["b1", "2026-03-01T14:00:00Z", "ada@example.com", "intro", "CONFIRMED", "09:00", "Ada"])
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*NAMES, "data", "pagination", "totalPages", "total"]), inner, max_size=6)
    ),
    max_leaves=20,
)


@given(answer=JSON)
def test_no_answer_upsets_its_reading(answer: Any) -> None:
    for case in CASES:
        finding = EVIDENCE[case.request.method, case.request.template].judge(Write.of(case.request), Reply(200, answer))

        assert finding.committed in {True, False, None}
