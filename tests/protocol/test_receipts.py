"""The answers of writes show the changed data without a further request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from linktime.message import Reply, Request, delete, get, post
from linktime.pipeline.receipts import Receipts
from linktime.sandbox import Sandbox
from tests.support.app_user import User, user_of
from tests.support.process import Child
from tests.support.sandbox_client import MONDAY, paths, visiting

START = "2026-03-03T15:00:00.000Z"
LATER = "2026-03-03T20:00:00.000Z"
GUEST = {"inviteeName": "Ada Lovelace", "inviteeEmail": "ada@example.com", "inviteeTimezone": "Europe/London"}
BOOKING = {"eventTypeSlug": "30min", "startTime": START, **GUEST}
AT = {
    "startTime": START,
    "startTimeLocal": "Tue 2026-03-03 10:00 -05:00",
    "startTimeGuest": "Tue 2026-03-03 15:00 +00:00",
}
WISH = post("/bookings", event_type_slug="30min", start_time=START, **GUEST)


@pytest.fixture
async def account() -> AsyncIterator[Sandbox]:
    async with Sandbox(limit=0, now=lambda: MONDAY) as sandbox:
        yield sandbox


async def replicated(user: User) -> None:
    """Skip the seconds after a write, in which no answer is kept."""
    user.skipped += 4


async def test_new_booking_says_for_whom_and_when(account: Sandbox) -> None:
    async with user_of(account) as user:
        booked = await user.answer("create_booking", BOOKING)

    assert booked == {"bookingId": booked["bookingId"], "eventType": {"slug": "30min"}, **AT, **GUEST}
    assert user.writes == ["POST /bookings"]
    assert set(user.sent) <= {"POST /bookings", "GET /settings"}  # the lookup of the zone


async def test_new_booking_names_its_event_type_if_that_is_kept(account: Sandbox) -> None:
    async with user_of(account) as user:
        await user.answer("list_event_types")
        before = len(user.sent)
        booked = await user.answer("create_booking", BOOKING)

    assert booked["eventType"] == {"slug": "30min", "name": "30-Minute Call", "durationMinutes": 30}
    assert user.sent[before:] == ["POST /bookings"]


async def test_moved_booking_says_for_whom_and_when(account: Sandbox) -> None:
    async with user_of(account) as user:
        booked = await user.answer("create_booking", {**BOOKING, "startTime": LATER})
        ident = booked["bookingId"]
        unknown = await user.answer("reschedule_booking", bookingId=ident, newStartTime="2026-03-03T20:30:00Z")
        await replicated(user)
        await user.answer("get_booking", bookingId=ident)
        known = await user.answer("reschedule_booking", bookingId=ident, newStartTime=START)

    assert unknown == {
        "success": True,
        "bookingId": ident,
        "startTime": "2026-03-03T20:30:00.000Z",
        "startTimeLocal": "Tue 2026-03-03 15:30 -05:00",
    }
    assert known.pop("eventType")["name"] == "30-Minute Call"
    assert known == {"success": True, "bookingId": ident, **AT, **GUEST}


async def test_cancelled_booking_is_named_if_it_is_kept(account: Sandbox) -> None:
    async with user_of(account) as user:
        ident = (await user.answer("create_booking", BOOKING))["bookingId"]
        await replicated(user)
        await user.answer("list_bookings", from_="2026-03-03", to="2026-03-03")
        before = len(user.sent)
        cancelled = await user.answer("cancel_booking", bookingId=ident)

    removed = cancelled["removed"]
    assert removed.pop("eventType")["slug"] == "30min"
    assert cancelled == {"success": True, "removed": {"id": ident, **AT, **GUEST}}
    assert user.sent[before:] == [f"POST /bookings/{ident}/cancel"]


@pytest.mark.parametrize(
    ("tool", "lists", "argument", "fields"),
    [
        ("delete_contact", "list_contacts", "contactId", {"name", "email"}),
        ("delete_event_type", "list_event_types", "eventTypeId", {"name", "slug"}),
        ("delete_webhook", "list_webhooks", "webhookId", {"name", "url"}),
        ("delete_availability_override", "list_availability_overrides", "overrideId", {"date", "isBlocked", "reason"}),
    ],
)
async def test_deleted_row_is_named_if_it_is_kept(
    account: Sandbox, tool: str, lists: str, argument: str, fields: set[str]
) -> None:
    async with user_of(account) as user:
        await user.answer("create_availability_override", date="2026-03-10", reason="Vacation")
        await replicated(user)
        row = (await user.answer(lists))["data"][0]
        before = len(user.sent)
        deleted = await user.answer(tool, {argument: row["id"]})

    assert deleted == {"success": True, "removed": {name: row[name] for name in ("id", *fields)}}
    assert len(user.sent) == before + 1


async def test_removed_row_that_is_not_kept_is_not_named(account: Sandbox) -> None:
    async with user_of(account) as user:
        row = (await user.answer("list_contacts"))["data"][0]
        user.skipped += 31
        assert await user.answer("delete_contact", contactId=row["id"]) == {"success": True}


async def test_row_of_a_stale_answer_is_not_named(account: Sandbox) -> None:
    async with user_of(account) as user:
        [row, other] = (await user.answer("list_contacts", limit=2))["data"]
        await user.answer("update_contact", contactId=other["id"], company="Acme")
        assert await user.answer("delete_contact", contactId=row["id"]) == {"success": True}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, {"success": True, "startTime": START}),
        ({"bookingId": "b1", "startTime": LATER}, {"bookingId": "b1", "startTime": LATER}),
        ({"id": "b1", "startTime": None}, {"id": "b1", "bookingId": "b1", "startTime": START}),
        ({"data": {"bookingId": "b1", "inviteeName": "A. L."}}, {"bookingId": "b1", "inviteeName": "A. L."}),
        ({"bookingId": "b1", "eventType": "call", "new": 1}, {"eventType": "call", "new": 1}),
    ],
)
async def test_words_of_the_service_win(data: Any, expected: dict[str, Any]) -> None:
    reply = await receipts(data)(WISH)

    assert expected.items() <= reply.data.items()
    assert reply.data["inviteeEmail"] == GUEST["inviteeEmail"]


@pytest.mark.parametrize("data", [[], [1], "done", 7])
async def test_answer_of_another_kind_stays(data: Any) -> None:
    assert (await receipts(data)(WISH)).data == data


@pytest.mark.parametrize("request_", [get("/bookings"), delete("/contacts/{id}", "c1"), post("/workflows", name="x")])
async def test_other_answers_stay(request_: Request) -> None:
    assert (await receipts({"success": True})(request_)).data == {"success": True}


def receipts(data: Any) -> Receipts:
    async def send(_: Request) -> Reply:
        return Reply(200, data)

    return Receipts(send, kept=lambda _: [])


async def test_receipt_of_a_cancellation_shows_the_booking(server: Child, sandbox: Sandbox) -> None:
    async with visiting(sandbox) as visitor:
        booking = next(each for each in (await visitor.get("/bookings?limit=100"))["data"])
    await server.result(server.call("list_bookings", limit=100))
    result = await server.result(server.call("cancel_booking", bookingId=booking["id"]))

    assert result["structuredContent"]["removed"]["startTime"] == booking["startTime"]
    assert result["structuredContent"]["removed"]["inviteeName"] == booking["inviteeName"]
    assert paths(sandbox)[-1] == f"POST /bookings/{booking['id']}/cancel"
