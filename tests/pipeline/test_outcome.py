from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from linktime.errors import BudgetSpent, Failure, NotCommitted, OutcomeUnknown, ShuttingDown
from linktime.message import Reply, Request, get, post
from linktime.pipeline.outcome.outcome import UNREAD
from linktime.pipeline.outcome.verification import Verification
from linktime.tools import TOOLS

from ..support.scripted_service import Service
from ..support.tool_requests import REQUESTS
from ..support.write_cases import (
    ADA,
    ANSWERED,
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
    NEW,
    OLD,
    PARTIAL,
    TAKEN,
    TOUCHED,
    TYPE,
    UNREADABLE,
    Case,
)

pytestmark = pytest.mark.timeout(20)

each_write = pytest.mark.parametrize("case", CASES, ids=[case.tool for case in CASES])
BOOK_IT = CASES[0].request
_BY_DATE = [
    *([row | OLD] for row in (BOOKING, ADA, TYPE, HOOK, FLOW)),
    *(answer for case in CASES for answer in case.disproofs if isinstance(answer, dict) and "updatedAt" in answer),
]
LOOKS = [0.5, 2.5, 10.0]  # s after the write
LASTING = {f"create_{kind}" for kind in ("booking", "contact", "event_type", "webhook", "workflow")} | {
    "cancel_booking"
}
"""The writes whose effect no older state is like. The others are proved by a read that no replica is behind for."""


def looks(service: Service) -> list[float]:
    """Return the distinct moments of the reads: a second way or page is read at once."""
    return sorted(set(service.looks))


# Every write by every kind of evidence


@each_write
@pytest.mark.parametrize("fate", [ANSWERED, LOST], ids=["answered", "lost"])
async def test_state_as_requested_is_success(case: Case, fate: Failure) -> None:
    for proof in case.proofs:
        service = Service(fate, [proof])

        reply = await service.send(case.request)

        assert (reply.status, reply.notes.outcome) == (200, "verified"), proof
        assert service.reads[0] == case.read
        assert looks(service) == (LOOKS[:1] if case.tool in LASTING else LOOKS)
        if proof is case.proofs[0]:
            assert reply.data == case.answer


@each_write
async def test_state_before_is_not_committed_after_the_last_read(case: Case) -> None:
    for disproof in case.disproofs:
        service = Service(ANSWERED, [disproof])

        assert isinstance(await service.failure(case.request), NotCommitted), disproof
        assert looks(service) == LOOKS


@each_write
async def test_known_former_state_is_not_committed(case: Case) -> None:
    for answer in case.as_former:
        assert case.former
        unknown, known = Service(ANSWERED, [answer]), await Service(ANSWERED, [answer]).knowing(case.former)

        assert isinstance(await unknown.failure(case.request), OutcomeUnknown), answer
        assert isinstance(await known.failure(case.request), NotCommitted), answer


@each_write
async def test_anything_else_is_unknown(case: Case) -> None:
    for answer in (*case.open, *UNREADABLE, PARTIAL):
        service = Service(ANSWERED, [answer])

        assert isinstance(await service.failure(case.request), OutcomeUnknown), answer
        assert looks(service) == LOOKS


@each_write
async def test_lost_write_that_is_not_there_may_still_come(case: Case) -> None:
    for disproof in case.disproofs:
        failure = await Service(LOST, [disproof]).failure(case.request)

        assert isinstance(failure, OutcomeUnknown)
        assert failure.answered is False
        assert "on its way" in failure.message


@each_write
async def test_failed_reads_leave_it_unknown(case: Case) -> None:
    for met, word in (
        (BROKEN, "(unavailable)"),
        (BudgetSpent(9), "(rate_limited)"),
        (DENIED, "(forbidden)"),
        (ValueError("odd"), ""),
    ):
        service = Service(ANSWERED, [met])
        failure = await service.failure(case.request)

        assert isinstance(failure, OutcomeUnknown)
        assert word in failure.message
        assert looks(service) == LOOKS


@each_write
async def test_proof_after_failed_reads_counts(case: Case) -> None:
    verification = case.request.verification
    assert isinstance(verification, Verification)
    ways = len(verification.ways)
    service = Service(ANSWERED, [*[BROKEN] * 2 * ways, case.proofs[0]])

    assert (await service.send(case.request)).notes.outcome == "verified"
    assert looks(service) == LOOKS


@each_write
async def test_without_a_date_no_time_is_early(case: Case) -> None:
    stamped = [answer for answer in case.disproofs if answer in _BY_DATE]
    for answer in stamped:
        assert isinstance(await Service(ANSWERED, [answer], dated=False).failure(case.request), OutcomeUnknown)


@each_write
async def test_no_error_names_a_guest(case: Case) -> None:
    for fate, answers in ((LOST, case.open), (ANSWERED, case.disproofs), (LOST, [None]), (LOST, [BROKEN])):
        for answer in answers:
            words = str(await Service(fate, [answer]).failure(case.request)).lower()

            assert not {"ada", "example.com", "b1", "c1"} & set(words.replace(".", " ").split())
            assert "@" not in words


# Time


@pytest.mark.parametrize("behind", [1, 2], ids=["by 1 s", "by 6 s"])
async def test_lagging_replica_is_waited_for(behind: int) -> None:
    service = Service(ANSWERED, [*[CASES[0].disproofs[0]] * behind, CASES[0].proofs[0]])

    assert (await service.send(BOOK_IT)).data == {"bookingId": "b1"}
    assert looks(service) == LOOKS[: behind + 1]


@pytest.mark.parametrize(
    ("left", "expected"), [(50.0, LOOKS), (10.1, LOOKS), (10.0, LOOKS[:2]), (3.0, LOOKS[:2]), (0.1, LOOKS[:2])]
)
async def test_deadline_without_ten_seconds_leaves_it_unknown(left: float, expected: list[float]) -> None:
    service = Service(ANSWERED, [[]])
    failure = await service.failure(replace(BOOK_IT, deadline=100.0 + left))

    assert looks(service) == expected
    assert isinstance(failure, NotCommitted if expected == LOOKS else OutcomeUnknown)
    assert {read.deadline for read in service.reads} == {100.0 + max(left, 5.0)}


async def test_shutdown_ends_the_wait_and_proves_no_absence() -> None:
    for answer, kind in ((CASES[0].proofs[0], Reply), ([], OutcomeUnknown)):
        service = Service(ANSWERED, [answer])
        service.outcome.hurry()

        met = await service.send(BOOK_IT) if kind is Reply else await service.failure(BOOK_IT)

        assert isinstance(met, kind)
        assert len(service.reads) == 1


async def test_state_before_an_earlier_write_proves_nothing_at_once() -> None:
    pause, go_on = (TOOLS["update_webhook"].request({"webhookId": "w1", "isActive": on}) for on in (False, True))
    service = Service(Reply(200, HOOK | {"isActive": False}), [[HOOK | {"isActive": True}]])
    await service.send(pause)
    service.fate = ANSWERED  # and the replica still shows the state before the pause
    service.answers = [*[[HOOK | {"isActive": True}]] * 2, [HOOK | {"isActive": False}]]

    assert isinstance(await service.failure(go_on), NotCommitted)


@pytest.mark.parametrize(("age", "expected"), [(3.0, LOOKS), (8.0, LOOKS[:2]), (10.0, LOOKS[:1])])
async def test_row_known_for_ten_seconds_is_gone_at_once(age: float, expected: list[float]) -> None:
    delete = TOOLS["delete_webhook"].request({"webhookId": "w1"})
    service = await Service(LOST, [[]]).knowing((get("/webhooks"), [HOOK]))
    service.now -= 30.0 - age

    assert (await service.send(delete)).data == {"success": True}
    assert [seconds + 30.0 - age for seconds in looks(service)] == expected


@pytest.mark.parametrize(
    ("case", "row"),
    [
        (CASES[2], BOOKING | TOUCHED),
        (CASES[4], ADA | TOUCHED),
        (CASES[7], CASES[7].answer | TOUCHED),
        (CASES[12], [DAY_OFF | NEW]),
        (CASES[15], CASES[15].answer | TOUCHED),
    ],
)
async def test_state_with_a_time_after_the_start_is_proved_at_once(case: Case, row: Any) -> None:
    service = Service(ANSWERED, [row])

    assert (await service.send(case.request)).notes.outcome == "verified"
    assert looks(service) == LOOKS[:1]


@pytest.mark.parametrize("case", [case for case in CASES if case.former and case.tool not in LASTING])
async def test_equal_state_before_the_write_proves_nothing(case: Case) -> None:
    assert case.former
    replaced = case.former[1]  # by another agent, and a replica still shows the equal state before it
    service = Service(ANSWERED, [*[case.proofs[0]] * 2, replaced])

    assert isinstance(await service.failure(case.request), OutcomeUnknown)


async def test_new_row_that_a_replica_lacks_is_not_gone() -> None:
    service = Service(Reply(201, HOOK), [[], [], [HOOK]])
    await service.send(TOOLS["create_webhook"].request(CASES[9].arguments))
    service.fate = ANSWERED

    assert isinstance(await service.failure(TOOLS["delete_webhook"].request({"webhookId": "w1"})), NotCommitted)


@pytest.mark.parametrize("ahead", [-3600.0, -30.0, 30.0, 3600.0])
async def test_clock_of_this_machine_may_be_wrong(ahead: float) -> None:
    def row_after(seconds: float) -> list[dict[str, Any]]:
        stamp = Service(LOST, now=100.0 + ahead + seconds).wall().isoformat()
        return [BOOKING | {"createdAt": stamp}]

    made_after = Service(ANSWERED, [row_after(1.5)], ahead=ahead)
    made_before = Service(ANSWERED, [row_after(-1.5)], ahead=ahead)

    assert (await made_after.send(BOOK_IT)).data == {"bookingId": "b1"}
    assert isinstance(await made_before.failure(BOOK_IT), NotCommitted)


# What passes


@pytest.mark.parametrize("request_", [get("/me"), BOOK_IT, post("/elsewhere")])
async def test_answer_passes_untouched(request_: Request) -> None:
    answer = Reply(201, {"id": "x"})
    service = Service(answer, [answer])

    assert await service.send(request_) is answer
    assert service.requests == [request_]


@pytest.mark.parametrize(
    ("request_", "met"),
    [
        (get("/bookings"), BROKEN),
        (get("/bookings"), TAKEN),
        (BOOK_IT, BROKEN),
        (BOOK_IT, MISSING),
        (BOOK_IT, ShuttingDown("leaving")),
        (CASES[9].request, TAKEN),
        (post("/elsewhere"), LOST),
        (post("/elsewhere"), TAKEN),
    ],
)
async def test_other_failures_pass_untouched(request_: Request, met: Failure) -> None:
    service = Service(met, [met])

    assert await service.failure(request_) is met
    assert service.requests == [request_]


# The declarations


def test_every_write_carries_its_verification() -> None:
    requests = {expected.tool: TOOLS[expected.tool].request(expected.arguments) for expected in REQUESTS}

    verified = {name for name, request in requests.items() if isinstance(request.verification, Verification)}
    assert verified == {name for name, request in requests.items() if request.method != "GET"}
    assert {case.tool for case in CASES} == verified == {name for name, tool in TOOLS.items() if not tool.reads}


def test_verifications_read_the_routes_of_the_tools() -> None:
    reads = {
        TOOLS[expected.tool].request(expected.arguments).template for expected in REQUESTS if expected.method == "GET"
    }

    assert {case.read.template for case in CASES} - reads == {"/event-types/{id}"}  # the API has it, and no tool
    hints = [tool.verification.hint for tool in TOOLS.values() if tool.verification]
    named = {name for hint in hints for name in re.findall(r"(?:get|list)_\w+", hint)}
    assert named <= {tool.name for tool in TOOLS.values() if tool.reads}


NAMES = sorted({name for row in (BOOKING, ADA, TYPE, HOOK, DAY_OFF, HOURS, FLOW, OLD) for name in row})
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


@pytest.mark.slow
@given(answer=JSON, former=JSON)
async def test_no_answer_breaks_a_check(answer: Any, former: Any) -> None:
    for case in CASES:
        service = await Service(LOST, [answer]).knowing((case.read, former))
        try:
            await service.send(case.request)
        except OutcomeUnknown as unknown:
            assert UNREAD not in unknown.message or "calendar" in unknown.message
