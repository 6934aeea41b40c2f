from __future__ import annotations

from typing import Any

import pytest

from linktime.errors import BudgetSpent, Rejected
from linktime.message import get

from ..support.scripted_service import Service
from ..support.write_cases import BOOKING, BROKEN, CASES, ELSEWHERE, OLD, TAKEN, without

pytestmark = pytest.mark.timeout(10)

BOOK_IT = CASES[0].request


def slots(*times: str) -> dict[str, Any]:
    return {"slots": [{"startTime": f"2026-03-0{time}:00Z"} for time in times]}


OPEN = slots("1T14:00", "1T20:00", "2T01:00", "1T15:00", "1T13:30", "1T12:00", "1T16:00")
OFFER = (
    'conflict: LinkTime says "taken". Look. Nearest free times: 2026-03-01T12:00:00.000Z, 2026-03-01T13:30:00.000Z, '
    "2026-03-01T15:00:00.000Z, 2026-03-01T16:00:00.000Z, 2026-03-01T20:00:00.000Z."
)
SLOTS = get("/availability", event_type_slug="intro", from_="2026-03-01", to="2026-03-02")
MOVE = CASES[2].request


async def test_a_taken_time_is_refused_with_the_nearest_free_ones() -> None:
    service = Service(TAKEN, [ELSEWHERE, OPEN])

    failure = await service.failure(BOOK_IT)

    assert str(failure) == OFFER
    assert isinstance(failure, Rejected)
    assert failure.status == 409
    assert service.reads == [CASES[0].read, SLOTS]
    assert [read.deadline for read in service.reads] == [102.0, 102.0]


async def test_guest_who_has_that_time_is_offered_no_other() -> None:
    for shown in (BOOKING | OLD, without(BOOKING, "createdAt", "eventType"), BOOKING | {"status": "PENDING"}):
        service = Service(TAKEN, [[shown], OPEN])

        failure = await service.failure(BOOK_IT)

        assert failure.word == "conflict"
        assert "b1" in failure.message
        assert "Nearest" not in failure.message
        assert service.reads == [CASES[0].read]


async def test_free_times_are_also_in_the_zone_that_the_answer_names() -> None:
    for zone, told in [("America/New_York", " (Sun 2026-03-01 10:00 -05:00)"), ("Mars/Phobos", ""), (7, "")]:
        failure = await Service(TAKEN, [[], slots("1T15:00") | {"timezone": zone}]).failure(BOOK_IT)

        assert str(failure).endswith(f"Nearest free times: 2026-03-01T15:00:00.000Z{told}.")


async def test_a_move_to_a_taken_time_looks_up_its_event_type_first() -> None:
    service = Service(TAKEN, [BOOKING, {"data": OPEN}])

    assert str(await service.failure(MOVE)) == OFFER
    assert service.reads == [get("/bookings/{id}", "b1"), SLOTS]
    assert [read.deadline for read in service.reads] == [102.0, 102.0]


async def test_full_day_has_no_free_time() -> None:
    for full in (slots(), slots("1T14:00"), {"slots": [{}, None, {"startTime": "<b>soon</b>"}]}):
        failure = await Service(TAKEN, [[], full]).failure(BOOK_IT)

        assert "no free time" in str(failure)
        assert "Nearest" not in str(failure)


@pytest.mark.parametrize("met", [BROKEN, BudgetSpent(9), TypeError("odd"), None, {"slots": 7}, []])
async def test_help_that_fails_leaves_the_refusal_as_it_was(met: Any) -> None:
    assert await Service(TAKEN, [met]).failure(BOOK_IT) is TAKEN
    assert await Service(TAKEN, [[], met]).failure(BOOK_IT) is TAKEN


@pytest.mark.parametrize("booking", [BOOKING | {"eventType": None}, None])
async def test_a_move_that_no_other_time_would_help_is_not_helped(booking: Any) -> None:
    service = Service(TAKEN, [booking])

    assert await service.failure(MOVE) is TAKEN
    assert len(service.reads) == 1
