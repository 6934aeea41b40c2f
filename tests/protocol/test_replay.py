"""Calls of assistants that knew only the tool list, replayed on the real program.

One assistant was in a hurry, and one was careful. Each call was refused though its meaning is clear, or its answer led
to a wrong next call.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from linktime.sandbox import Sandbox
from linktime.tools import TOOLS
from tests.support.process import Child
from tests.support.sandbox_client import paths

TODAY = datetime.now(UTC).date()
GUEST = {
    "inviteeName": "Robin Hale",
    "inviteeEmail": "robin@hale.example",
    "inviteeTimezone": "Europe/Berlin",
}
MAIL = [{"type": "SEND_EMAIL", "config": {"subject": "Soon", "body": "See you"}}]
HOURS = [{"dayOfWeek": "Wednesday", "startTime": "9am", "endTime": "1pm"}]
WEBHOOK = {"url": "https://hooks.example.com/in", "events": ["booking.created"]}


def next_day(weekday: int) -> str:
    """Return the next date of a weekday (Monday is 0), at least three days ahead."""
    day = TODAY + timedelta(3)
    return str(day + timedelta((weekday - day.weekday()) % 7))


async def call(server: Child, name: str, /, **arguments: Any) -> dict[str, Any]:
    """Return the result of a call. `from_` is the argument `from`."""
    sent = {argument.rstrip("_"): value for argument, value in arguments.items()}
    return await server.result(server.ask("tools/call", name=name, arguments=sent))


async def done(server: Child, name: str, /, **arguments: Any) -> Any:
    """Return the answer of a call that must succeed."""
    result = await call(server, name, **arguments)
    assert not result["isError"], text(result)
    return result["structuredContent"]


async def refused(server: Child, name: str, /, **arguments: Any) -> str:
    """Return the error of a call that must fail."""
    result = await call(server, name, **arguments)
    assert result["isError"], text(result)
    return text(result)


def text(result: dict[str, Any]) -> str:
    """Return the text of a result."""
    words: str = result["content"][0]["text"]
    return words


async def slot(server: Child, index: int = 0, **arguments: Any) -> dict[str, Any]:
    """Return a free slot of a Wednesday."""
    day = next_day(2)
    answer = await done(server, "check_availability", eventTypeSlug="30min", from_=day, to=day, **arguments)
    free: dict[str, Any] = answer["slots"][index]
    return free


# Refused though clear


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tool", "arguments", "field", "value"),
    [
        ("list_bookings", {"status": "cancelled"}, "", None),
        ("list_bookings", {"status": "Canceled"}, "", None),
        ("list_conversations", {"channel": "sms"}, "", None),
        ("list_bookings", {"limit": 500}, "", None),
        (
            "create_event_type",
            {"name": "Q", "slug": "q", "durationMinutes": 15, "locationType": "Google Meet"},
            "locationType",
            "GOOGLE_MEET",
        ),
        (
            "create_workflow",
            {"name": "W", "trigger": "before meeting", "triggerOffsetMinutes": 60, "actions": MAIL},
            "trigger",
            "BEFORE_MEETING",
        ),
        (
            "create_workflow",
            {"name": "W", "trigger": "before_meeting", "triggerOffsetMinutes": 60, "actions": MAIL},
            "triggerOffsetMinutes",
            60,
        ),
        ("create_webhook", WEBHOOK | {"events": "booking.cancelled"}, "events", ["booking.cancelled"]),
        (
            "update_availability_rules",
            {"rules": HOURS},
            "data",
            [{"dayOfWeek": 3, "startTime": "09:00", "endTime": "13:00"}],
        ),
        (
            "check_availability",
            {"eventTypeSlug": "30min", "from": next_day(2), "to": next_day(2), "timezone": "America/new_york"},
            "timezone",
            "America/New_York",
        ),
        (
            "check_availability",
            {"eventTypeSlug": "30min", "from": next_day(2), "to": next_day(2), "timeFrom": "1pm", "timeTo": "5 pm"},
            "",
            None,
        ),
        ("create_availability_override", {"date": f"{next_day(2)}T00:00:00-05:00"}, "date", next_day(2)),
        (
            "create_availability_override",
            {"date": next_day(2), "startTime": "10:00", "endTime": "12:00"},
            "isBlocked",
            False,
        ),
    ],
)
async def test_clear_call_is_understood(
    server: Child, tool: str, arguments: dict[str, Any], field: str, value: Any
) -> None:
    await done(server, "list_bookings")  # a date with a time of day needs the account's zone

    answer = await done(server, tool, **arguments)

    assert not field or answer[field] == value


async def test_own_local_time_is_an_instant(server: Child) -> None:
    free = await slot(server)

    booked = await done(server, "create_booking", eventTypeSlug="30min", startTime=free["startTimeLocal"], **GUEST)

    assert (await done(server, "get_booking", bookingId=booked["bookingId"]))["startTime"] == free["startTime"]


# Wrong (M1 to M8)


async def test_new_zone_drops_kept_lists(server: Child, sandbox: Sandbox) -> None:
    day = next_day(2)
    await done(server, "list_bookings", from_=day, to=day)
    await done(server, "update_settings", timezone="Asia/Tokyo")
    before = len(paths(sandbox))

    result = await call(server, "list_bookings", from_=day, to=day)

    assert result["_meta"]["linktime/cache"] == "miss"
    assert "GET /bookings" in paths(sandbox)[before:]


async def test_booking_shows_its_guest_time_and_time_zones(server: Child) -> None:
    free, other = await slot(server), await slot(server, 3)

    booked = await done(server, "create_booking", eventTypeSlug="30min", startTime=free["startTime"], **GUEST)
    moved = await done(server, "reschedule_booking", bookingId=booked["bookingId"], newStartTime=other["startTime"])

    assert booked["startTimeLocal"] == free["startTimeLocal"]
    assert booked["startTimeGuest"]
    assert booked["inviteeEmail"] == GUEST["inviteeEmail"]
    assert moved["startTimeLocal"] == other["startTimeLocal"]


async def test_same_write_again_is_not_done_twice(server: Child, sandbox: Sandbox) -> None:
    free, other = await slot(server), await slot(server, 3)
    wish = {"eventTypeSlug": "30min", "startTime": free["startTime"], **GUEST}

    first, second = [await done(server, "create_booking", **wish) for _ in range(2)]
    move = {"bookingId": first["bookingId"], "newStartTime": other["startTime"]}
    moves = [await done(server, "reschedule_booking", **move) for _ in range(2)]
    hook = await done(server, "create_webhook", **WEBHOOK)
    again = await refused(server, "create_webhook", **WEBHOOK)
    flow = {"name": "W", "trigger": "BOOKING_CREATED", "actions": MAIL}
    flows = [await done(server, "create_workflow", **flow) for _ in range(2)]

    assert second["bookingId"] == first["bookingId"]
    assert "alreadyDone" in second
    assert "alreadyDone" in moves[1]
    assert hook["id"] in again
    assert hook["secret"] not in again
    assert flows[0]["id"] == flows[1]["id"]
    writes = [path for path in paths(sandbox) if path.startswith("POST")]
    assert writes == [
        "POST /bookings",
        f"POST /bookings/{first['bookingId']}/reschedule",
        "POST /webhooks",
        "POST /workflows",
    ]


async def test_conflict_tells_of_the_guests_own_booking(server: Child) -> None:
    free = await slot(server)
    wish = {"eventTypeSlug": "30min", "startTime": free["startTime"], **GUEST}
    booked = await done(server, "create_booking", **wish)

    error = await refused(server, "create_booking", **wish, notes="Bring the plan")

    assert error.startswith("conflict: ")
    assert booked["bookingId"] in error
    assert "Nearest" not in error


async def test_suggestion_keeps_the_verb(server: Child) -> None:
    frame = await server.answer(server.call("delete_workflow"))

    assert frame["error"]["code"] == -32602
    assert "create_workflow" not in frame["error"]["message"]


@pytest.mark.parametrize("trigger", ["BEFORE_MEETING", "after meeting"])
async def test_trigger_around_a_meeting_needs_its_offset(server: Child, trigger: str) -> None:
    error = await refused(server, "create_workflow", name="W", trigger=trigger, actions=MAIL)

    assert error.startswith("invalid_arguments: ")
    assert "triggerOffsetMinutes" in error


async def test_local_time_of_slots_is_always_the_accounts(server: Child) -> None:
    own, guests = await slot(server), await slot(server, timezone="America/Los_Angeles")

    assert guests["startTime"] == own["startTime"]
    assert guests["startTimeLocal"] == own["startTimeLocal"]
    assert guests["startTimeGuest"] != own["startTimeLocal"]


async def test_time_of_day_is_that_of_local_times(server: Child) -> None:
    own = await slot(server, timeFrom="13:00", timeTo="15:00")
    guests = await slot(server, timeFrom="13:00", timeTo="15:00", timezone="America/Los_Angeles")

    assert own["startTimeLocal"][15:17] == "13"
    assert guests["startTimeLocal"][15:17] == "13"


async def test_empty_text_clears_and_null_keeps(server: Child) -> None:
    made = await done(
        server, "create_contact", name="R", email="r@hale.example", phone="+1 212 555 0100", company="Hale"
    )

    await done(server, "update_contact", contactId=made["id"], phone="", company=None)

    kept = await done(server, "get_contact", contactId=made["id"])
    assert not kept.get("phone")
    assert kept["company"] == "Hale"
    described = TOOLS["update_contact"].input_schema["properties"]
    assert all('""' in described[name]["description"] for name in ("phone", "company", "notes"))


async def test_cap_of_an_event_type_can_be_removed(server: Child) -> None:
    kind = {"name": "Q", "slug": "q", "durationMinutes": 15, "locationType": "ZOOM", "maxBookingsPerDay": 3}
    made = await done(server, "create_event_type", **kind)

    changed = await done(server, "update_event_type", eventTypeId=made["id"], maxBookingsPerDay=0)

    assert changed.get("maxBookingsPerDay") is None


# Errors without a next step


async def test_unknown_slug_lists_the_active_ones(server: Child) -> None:
    error = await refused(server, "check_availability", eventTypeSlug="30-min", from_=next_day(2), to=next_day(2))

    assert "Did you mean 30min?" in error
    assert "quick-call" in error


@pytest.mark.parametrize(
    ("tool", "arguments", "word"),
    [
        ("get_contact", {"contactId": "Sarah Chen"}, "has the id"),
        ("get_booking", {"bookingId": str(TODAY)}, "date"),
        ("update_event_type", {"eventTypeId": "30min", "name": "X"}, "has the id"),
        ("delete_webhook", {"webhookId": "CRM sync"}, "has the id"),
        ("delete_availability_override", {"date": next_day(2)}, "override"),
    ],
)
async def test_name_or_date_in_place_of_an_id_is_recognized(
    server: Child, tool: str, arguments: dict[str, Any], word: str
) -> None:
    error = await refused(server, tool, **arguments)

    assert error.startswith("not_found: ")
    assert word in error


async def test_contact_conflict_leads_to_the_update(server: Child) -> None:
    made = await done(server, "create_contact", name="R", email="r@hale.example")

    error = await refused(server, "create_contact", name="Robin", email="R@hale.example")

    assert f"update_contact with contactId {made['id']}" in error


async def test_past_and_closed_times_are_distinguished(server: Child) -> None:
    past = await refused(
        server, "create_booking", eventTypeSlug="30min", startTime=f"{TODAY - timedelta(9)}T15:00:00Z", **GUEST
    )
    closed = await refused(
        server, "create_booking", eventTypeSlug="30min", startTime=f"{next_day(6)}T15:00:00Z", **GUEST
    )

    assert "in the past" in past
    assert "Sunday" in closed
    assert "Nearest free times" in closed


# Dead ends that the descriptions name


@pytest.mark.parametrize(
    ("tool", "words"),
    [
        ("create_workflow", ["switches off", "deletes", "config"]),
        ("update_event_type", ["keep its id", "account's default"]),
        ("list_event_types", ["switched off"]),
        ("create_availability_override", ["only window", "part of a day"]),
        ("update_availability_rules", ["at once"]),
        ("create_event_type", ["account's default"]),
        ("update_settings", ["do nothing without focusTimeEnabled"]),
        ("create_booking", ["recurring"]),
        ("cancel_booking", ["reason", "guest"]),
    ],
)
def test_dead_end_is_described(tool: str, words: list[str]) -> None:
    schema = TOOLS[tool].input_schema["properties"]
    described = " ".join([TOOLS[tool].description, *(str(field) for field in schema.values()), *schema])

    assert [word for word in words if word not in described] == []
