"""Equal writes after one in doubt: they carry its key, and their refusal is checked against it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from linktime.errors import BudgetSpent, Failure, NotCommitted, OutcomeUnknown, Rejected, Unavailable
from linktime.message import Reply, Request
from linktime.pipeline.departure import Departure
from linktime.pipeline.outcome import Outcome
from linktime.tools import TOOLS

from ..support.scripted_service import Fated, Service, call, keys, met
from ..support.write_cases import (
    ADA,
    ANSWERED,
    BOOK,
    BOOKING,
    CASES,
    HOOK,
    LOST,
    MISSING,
    NEW,
    OLD,
    SUCCESS,
    TAKEN,
    TYPE,
)

pytestmark = pytest.mark.timeout(10)

BOOK_IT = CASES[0].request
BOOKED = Reply(201, {"bookingId": "b1"})
NOWHERE = {"slots": [{"startTime": "2026-03-01T15:00:00Z"}]}


# Keys


@pytest.mark.parametrize("doubtful", [ANSWERED, LOST], ids=["not committed", "unknown"])
async def test_equal_write_after_doubt_carries_its_key(doubtful: Failure) -> None:
    service = Fated(fates=[doubtful, doubtful, BOOKED, BOOKED])
    for key in "abcd":
        await met(service, call(BOOK_IT, key))

    assert keys(service) == ["a", "a", "a", "d"]  # a success ends it


async def test_key_is_forgotten_after_ten_minutes() -> None:
    service = Fated(fates=[LOST, BOOKED])
    await met(service, call(BOOK_IT, "a"))
    service.now += 600.1
    await met(service, call(BOOK_IT, "b"))

    assert keys(service) == ["a", "b"]


@pytest.mark.parametrize(
    "refusal", [BudgetSpent(9), Unavailable("down", sent=False), Rejected("validation_error", "no", status=400), TAKEN]
)
async def test_certain_failure_leaves_no_key(refusal: Failure) -> None:
    service = Fated(fates=[refusal, BOOKED])
    await met(service, call(BOOK_IT, "a"))
    await met(service, call(BOOK_IT, "b"))

    assert keys(service) == ["a", "b"]


async def test_certain_failure_of_a_repetition_keeps_the_doubt() -> None:
    service = Fated(fates=[LOST, BudgetSpent(9), BOOKED])
    for key in "abc":
        await met(service, call(BOOK_IT, key))

    assert keys(service) == ["a", "a", "a"]


async def test_other_write_has_its_own_key() -> None:
    service = Fated(fates=[LOST, BOOKED])
    await met(service, call(BOOK_IT, "a"))
    await met(service, call(TOOLS["create_booking"].request(BOOK | {"notes": "x"}), "b"))

    assert keys(service) == ["a", "b"]


async def test_concurrent_equal_writes_share_a_key() -> None:
    service = Fated(fates=[BOOKED, TAKEN])
    replies = await asyncio.gather(service.send(call(BOOK_IT, "a")), service.send(call(BOOK_IT, "b")))

    assert keys(service) == ["a", "a"]
    assert [reply.data for reply in replies] == [{"bookingId": "b1"}] * 2


async def test_write_whose_caller_left_is_in_doubt() -> None:
    sent, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Fated):
        async def __call__(self, request: Request) -> Reply:
            if not request.is_read and not sent.is_set():
                sent.set()
                with suppress(asyncio.CancelledError):  # as a mailbox that has sent it
                    await go_on.wait()
            return await super().__call__(request)

    service = Slow(fates=[BOOKED, TAKEN], rows={"/bookings": [BOOKING]})
    leaving = asyncio.create_task(service.send(call(BOOK_IT, "a")))
    await sent.wait()
    leaving.cancel()
    await asyncio.wait({leaving})

    assert (await service.send(call(BOOK_IT, "b"))).data == {"bookingId": "b1"}
    assert keys(service) == ["a", "a"]


# Refusals


@pytest.mark.parametrize("first", [ANSWERED, LOST], ids=["not committed", "unknown"])
async def test_conflict_with_the_write_in_doubt_is_success(first: Failure) -> None:
    for case, answer in ((CASES[0], [BOOKING]), (CASES[3], [ADA | NEW]), (CASES[6], [TYPE | NEW])):
        service = Fated(fates=[first, TAKEN])
        await met(service, call(case.request, "a"))
        service.rows = {case.request.template: answer}

        reply = await service.send(call(case.request, "b"))

        assert reply.notes.outcome == "verified"
        assert reply.data == ({"bookingId": "b1"} if case is CASES[0] else answer[0])


async def test_conflict_with_another_names_free_times() -> None:
    service = Fated(fates=[LOST, TAKEN], rows={"/availability": NOWHERE})
    await met(service, call(BOOK_IT, "a"))
    service.rows["/bookings"] = [BOOKING | {"inviteeEmail": "bob@example.com"}]

    refusal = await service.failure(call(BOOK_IT, "b"))

    assert (refusal.word, "2026-03-01T15:00" in refusal.message) == ("conflict", True)


@pytest.mark.parametrize("rows", [None, [BOOKING | {"status": "PENDING"}], [{**BOOKING, "createdAt": None}]])
async def test_conflict_that_may_be_with_the_doubt_offers_nothing(rows: Any) -> None:
    service = Fated(fates=[LOST, TAKEN], rows={"/availability": NOWHERE, "/bookings": rows})
    await met(service, call(BOOK_IT, "a"))

    unknown = await service.failure(call(BOOK_IT, "b"))

    assert isinstance(unknown, OutcomeUnknown)
    assert "2026-03-01T15:00" not in unknown.message


async def test_conflict_of_another_wish_for_the_meeting_offers_nothing() -> None:
    service = Fated(fates=[LOST, TAKEN], rows={"/availability": NOWHERE})
    await met(service, call(BOOK_IT, "a"))

    refusal = await service.failure(TOOLS["create_booking"].request(BOOK | {"notes": "x"}))

    assert (refusal.word, "2026-03-01T15:00" in refusal.message) == ("conflict", False)


async def test_repeated_deletion_of_a_missing_row_is_success() -> None:
    delete = TOOLS["delete_webhook"].request({"webhookId": "w1"})
    service = Fated(fates=[LOST, MISSING, MISSING], rows={"/webhooks": [HOOK]})
    await met(service, delete)

    assert (await service.send(delete)).data == SUCCESS
    assert await service.failure(delete) is MISSING


async def test_repeated_cancellation_of_a_cancelled_one_is_success() -> None:
    cancel = TOOLS["cancel_booking"].request({"bookingId": "b1"})
    service = Fated(fates=[LOST, TAKEN], rows={"/bookings/{id}": BOOKING})
    await met(service, cancel)
    service.rows = {"/bookings/{id}": BOOKING | {"status": "CANCELLED"}}

    assert (await service.send(cancel)).data == SUCCESS


# Whose row


async def test_row_made_by_another_write_of_ours_is_not_taken() -> None:
    mine = TOOLS["create_webhook"].request(CASES[9].arguments)
    other = TOOLS["create_webhook"].request(CASES[9].arguments | {"name": "crm"})
    service = Fated(fates=[ANSWERED, Reply(201, HOOK)], rows={"/webhooks": [HOOK | NEW]})
    first = asyncio.create_task(met(service, mine))
    await asyncio.sleep(0)
    await met(service, other)

    assert isinstance(await first, NotCommitted)


async def test_row_of_an_earlier_success_is_not_taken() -> None:
    make = TOOLS["create_webhook"].request(CASES[9].arguments)
    service = Fated(fates=[Reply(201, HOOK), ANSWERED], rows={"/webhooks": [HOOK | NEW]})
    await met(service, make)
    service.now += 1

    assert isinstance(await met(service, make), NotCommitted)


async def test_lost_write_may_still_come_after_its_repetition() -> None:
    service = Fated(fates=[LOST, ANSWERED, ANSWERED])

    assert isinstance(await met(service, BOOK_IT), OutcomeUnknown)
    assert isinstance(await met(service, BOOK_IT), OutcomeUnknown)
    service.now += 60
    assert isinstance(await met(service, BOOK_IT), NotCommitted)


# What happens after the bytes went out


@pytest.mark.parametrize("fault", [RecursionError(), ValueError("ada"), MemoryError(), KeyError("ada"), TypeError()])
async def test_any_error_after_sending_is_read_back(fault: Exception) -> None:
    service = Service(fault, [[BOOKING]])
    service.outcome = Outcome(Departure(service), clock=lambda: service.now, wall=service.wall, sleep=service.sleep)

    assert (await service.send(BOOK_IT)).data == {"bookingId": "b1"}
    service.answers = [[]]
    assert isinstance(await service.failure(BOOK_IT), OutcomeUnknown)


async def test_any_error_before_sending_says_so() -> None:
    failure = await Service(ValueError("ada")).failure(BOOK_IT)

    assert failure.word == "internal_error"
    assert "nothing was sent" in failure.message


async def test_accepted_write_is_not_finished() -> None:
    accepted = Reply(202, {"status": "queued"})

    assert (await Service(accepted, [[BOOKING]]).send(BOOK_IT)).data == {"bookingId": "b1", "status": "queued"}
    assert isinstance(await Service(accepted, [[]]).failure(BOOK_IT), OutcomeUnknown)


async def test_secret_of_an_accepted_webhook_is_not_lost() -> None:
    make = TOOLS["create_webhook"].request(CASES[9].arguments)
    reply = await Service(Reply(202, {"secret": "whsec_1"}), [[HOOK | NEW]]).send(make)

    assert reply.data == {**HOOK, **NEW, "secret": "whsec_1"}
    assert OLD.keys() <= reply.data.keys()
