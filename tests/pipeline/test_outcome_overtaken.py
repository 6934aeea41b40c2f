"""Equal writes after one in doubt, if another write has changed the row since, or a row that may be the new one."""

from __future__ import annotations

from typing import Any

import pytest

from linktime.errors import Failure, OutcomeUnknown
from linktime.message import Reply, Request, get
from linktime.tools import TOOLS

from ..support.scripted_service import Fated, call, keys, met
from ..support.write_cases import ANSWERED, BOOKING, CASES, DAY_OFF, ELSEWHERE, HOOK, LOST, NEW, SUCCESS, TAKEN, without

pytestmark = pytest.mark.timeout(10)

BOOK_IT = CASES[0].request
BOOKED = Reply(201, {"bookingId": "b1"})
DONE = Reply(200, SUCCESS)
FREE = {"slots": [{"startTime": "2026-03-01T15:00:00Z"}]}
CANCEL = TOOLS["cancel_booking"].request({"bookingId": "b1"})
SUBSCRIBE = TOOLS["create_webhook"].request(CASES[9].arguments)
RENAME = TOOLS["update_webhook"].request({"webhookId": "w1", "name": "crm"})


def moved(to: str) -> Request:
    return TOOLS["reschedule_booking"].request({"bookingId": "b1", "newStartTime": to})


def closed(start: str) -> Request:
    day = {"date": "2026-03-01", "isBlocked": False, "startTime": start, "endTime": "17:00"}
    return TOOLS["create_availability_override"].request(day)


@pytest.mark.parametrize(
    ("there", "back"),
    [
        (moved("2026-03-01T14:00:00Z"), moved("2026-03-01T16:00:00Z")),
        (closed("09:00"), closed("10:00")),
    ],
    ids=["booking", "override"],
)
async def test_other_write_to_the_row_ends_the_key(there: Request, back: Request) -> None:
    service = Fated(fates=[LOST, DONE, DONE])
    for key, request in (("a", there), ("b", back), ("c", there)):
        await met(service, call(request, key))

    assert keys(service) == ["a", "b", "c"]  # by "a" LinkTime could answer that it is done


@pytest.mark.parametrize(("seen", "expected"), [(False, "a"), (True, "c")])
async def test_deleted_override_is_not_made_by_an_old_answer(*, seen: bool, expected: str) -> None:
    block = TOOLS["create_availability_override"].request({"date": "2026-03-01"})
    service = Fated(fates=[LOST, DONE, Reply(201, DAY_OFF)])
    await met(service, call(block, "a"))
    service.rows = {"/availability/overrides": [{"id": "o1"}]}
    if seen:
        await service.send(get("/availability/overrides"))
    await met(service, call(TOOLS["delete_availability_override"].request({"overrideId": "o1"}), "b"))
    service.rows = {}

    assert isinstance(await met(service, call(block, "c")), Reply if seen else OutcomeUnknown)
    assert keys(service) == ["a", "b", expected]


async def overtaken(*fates: Reply | Failure, seen: str, rows: Any) -> Fated:
    """Return a service where a booking is in doubt and another booking is cancelled, which was *seen* at some time."""
    service = Fated(fates=[LOST, DONE, *fates], rows={"/bookings": [BOOKING], "/availability": FREE})
    if seen == "before":
        await service.knowing((get("/bookings"), None))
    service.rows["/bookings"] = []
    await met(service, call(BOOK_IT, "a"))
    service.rows["/bookings"] = [BOOKING]
    if seen == "since":
        await service.send(get("/bookings"))
    await met(service, call(CANCEL, "b"))
    service.rows["/bookings"] = rows
    return service


@pytest.mark.parametrize(("seen", "expected"), [("before", "a"), ("since", "c"), ("never", "a")])
async def test_write_to_a_row_that_may_be_the_new_one_ends_the_key(seen: str, expected: str) -> None:
    service = await overtaken(BOOKED, seen=seen, rows=[BOOKING])
    await met(service, call(BOOK_IT, "c"))

    assert keys(service) == ["a", "b", expected]


@pytest.mark.parametrize("seen", ["since", "never"])
async def test_conflict_after_it_is_checked_against_the_doubt(seen: str) -> None:
    for rows in (without(BOOKING, "inviteeEmail"), without(BOOKING, "createdAt", "status"), BOOKING | {"status": "?"}):
        service = await overtaken(TAKEN, TAKEN, seen=seen, rows=[rows])
        for key in "cd":  # the first check must not end the guard
            failure = await service.failure(call(BOOK_IT, key))

            assert isinstance(failure, OutcomeUnknown)
            assert "15:00" not in failure.message


async def test_conflict_after_it_with_the_booking_in_doubt_is_success() -> None:
    service = await overtaken(TAKEN, seen="since", rows=[BOOKING | NEW | {"id": "b7"}])

    assert (await service.send(call(BOOK_IT, "c"))).data == {"bookingId": "b7"}


async def test_replica_that_lags_does_not_revive_a_cancelled_booking() -> None:
    service = await overtaken(TAKEN, seen="since", rows=[])
    cancelled = service.now

    def lagging() -> Any:
        return [BOOKING | NEW | ({} if service.now < cancelled + 6 else {"status": "CANCELLED"})]

    service.rows["/bookings"] = lagging

    assert isinstance(await met(service, call(BOOK_IT, "c")), OutcomeUnknown)


async def test_conflict_after_it_with_another_offers_free_times() -> None:
    service = await overtaken(TAKEN, seen="since", rows=ELSEWHERE)
    failure = await service.failure(call(BOOK_IT, "c"))

    assert (failure.word, "15:00" in failure.message) == ("conflict", True)


async def test_fault_after_it_does_not_allow_a_repetition() -> None:
    service = await overtaken(ANSWERED, seen="since", rows=[])
    service.now += 60.0

    assert isinstance(await service.failure(call(BOOK_IT, "c")), OutcomeUnknown)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([BOOKING | {"status": "CANCELLED"}], "d"),
        ([], "d"),
        ([without(BOOKING, "status")], "a"),
        ([BOOKING | {"startTime": "2026-03-01T18:00:00Z"}], "a"),
        ([{"id": 7}], "a"),
        (None, "a"),
    ],
)
async def test_success_with_an_old_key_needs_the_row(rows: Any, expected: str) -> None:
    service = await overtaken(BOOKED, BOOKED, seen="never", rows=rows)

    assert isinstance(await service.failure(call(BOOK_IT, "c")), OutcomeUnknown)
    await met(service, call(BOOK_IT, "d"))
    assert keys(service) == ["a", "b", "a", expected]


async def test_success_whose_row_is_there_keeps_its_answer() -> None:
    made = Reply(201, HOOK | {"secret": "whsec_1"})
    service = Fated(fates=[LOST, DONE, made], rows={"/webhooks": [without(HOOK, "url", "events")]})
    for request in (SUBSCRIBE, RENAME):
        await met(service, request)

    assert await service.send(SUBSCRIBE) is made
