from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings, strategies as st

from tests.support.sandbox_client import Visitor, visitor

TUESDAY: Final = "2026-03-03"
NINE: Final = "2026-03-03T14:00:00.000Z"  # in New York
HALF_PAST: Final = "2026-03-03T14:30:00.000Z"
ALL_DAY: Final = [{"dayOfWeek": day, "startTime": "00:00", "endTime": "04:00"} for day in range(7)]


@pytest.fixture
async def maya() -> AsyncIterator[Visitor]:
    async with visitor() as maya:
        yield maya


async def booked(maya: Visitor, start: str = NINE, slug: str = "30min", **more: Any) -> str:
    answer = await maya.book(start, slug, **more)
    assert answer.status == 201, answer
    assert list(answer.data) == ["bookingId"]
    return str(answer.data["bookingId"])


async def test_new_booking_has_contact_and_email_log(maya: Visitor) -> None:
    ident = await booked(maya, notes="Bring cake")

    booking = await maya.get(f"/bookings/{ident}")

    event_type = (await maya.get("/event-types"))["data"][0]
    contact = (await maya.get("/contacts?search=robin@hale.example"))["data"][0]
    mails = booking.pop("emailLogs")
    assert booking == {
        "id": ident,
        "startTime": NINE,
        "endTime": HALF_PAST,
        "status": "CONFIRMED",
        "inviteeName": "Robin Hale",
        "inviteeEmail": "robin@hale.example",
        "inviteeTimezone": "Europe/Berlin",
        "notes": "Bring cake",
        "location": "ZOOM",
        "meetingLink": f"https://zoom.example/j/{ident[-10:]}",
        "cancelReason": None,
        "isRecurring": False,
        "recurringGroupId": None,
        "createdAt": "2026-03-02T13:00:00.000Z",
        "updatedAt": "2026-03-02T13:00:00.000Z",
        "eventType": {name: event_type[name] for name in ("id", "name", "slug", "durationMinutes", "locationType")},
        "contact": {name: contact[name] for name in ("id", "name", "email", "company")},
    }
    assert [(mail["type"], mail["recipient"]) for mail in mails] == [("CONFIRMATION", "robin@hale.example")]


async def test_known_guest_keeps_the_contact(maya: Visitor) -> None:
    ident = await booked(maya, inviteeEmail="Sarah.Chen@ACME.example")

    assert (await maya.get(f"/bookings/{ident}"))["contact"]["name"] == "Sarah Chen"
    assert (await maya.get("/contacts"))["pagination"]["total"] == 5


async def test_one_of_eight_concurrent_bookings_wins(maya: Visitor) -> None:
    answers = await asyncio.gather(*(maya.book(NINE, inviteeEmail=f"g{number}@x.example") for number in range(8)))

    assert sorted(answer.status for answer in answers) == [201, *[409] * 7]
    assert {answer.error for answer in answers if answer.status == 409} == {(409, "conflict")}
    listed = (await maya.get(f"/bookings?from={TUESDAY}&to={TUESDAY}"))["data"]
    assert [booking["startTime"] for booking in listed] == [NINE, "2026-03-03T19:00:00.000Z"]
    assert (await maya.get("/contacts"))["pagination"]["total"] == 6


async def test_two_servers_on_one_file_book_a_slot_once(tmp_path: Path) -> None:
    async with (
        visitor(db=str(tmp_path / "db")) as one,
        visitor(db=str(tmp_path / "db")) as other,
    ):
        assert one.sandbox.key == other.sandbox.key
        answers = await asyncio.gather(*(visitor.book(NINE) for visitor in (one, other) * 4))

    assert sorted(answer.status for answer in answers) == [201, *[409] * 7]


@pytest.mark.parametrize(
    ("start", "slug", "error"),
    [
        ("2026-03-03T14:10:00.000Z", "30min", (409, "conflict")),  # no slot starts there
        ("2026-03-03T13:30:00.000Z", "30min", (409, "conflict")),  # before hours
        ("2026-02-24T14:00:00.000Z", "30min", (409, "conflict")),  # past
        ("2026-03-03T19:00:00.000Z", "30min", (409, "conflict")),  # taken
        (NINE, "office-hours", (404, "not_found")),
        (NINE, "nothing", (404, "not_found")),
    ],
)
async def test_only_offered_slots_can_be_booked(maya: Visitor, start: str, slug: str, error: tuple[int, str]) -> None:
    assert (await maya.book(start, slug)).error == error


async def test_start_is_accepted_with_any_offset(maya: Visitor) -> None:
    ident = await booked(maya, "2026-03-03T15:00:00+01:00")

    assert (await maya.get(f"/bookings/{ident}"))["startTime"] == NINE


async def test_cancellation_frees_the_slot_and_is_final(maya: Visitor) -> None:
    ident = await booked(maya)
    assert NINE not in await maya.slots(TUESDAY)

    assert (await maya.ask("POST", f"/bookings/{ident}/cancel", {"reason": "Ill"})).data == {"success": True}

    booking = await maya.get(f"/bookings/{ident}")
    assert (booking["status"], booking["cancelReason"]) == ("CANCELLED", "Ill")
    assert [mail["type"] for mail in booking["emailLogs"]] == ["CONFIRMATION", "CANCELLATION"]
    assert NINE in await maya.slots(TUESDAY)
    assert (await maya.ask("POST", f"/bookings/{ident}/cancel")).error == (409, "conflict")
    again = await maya.ask("POST", f"/bookings/{ident}/reschedule", {"newStartTime": HALF_PAST})
    assert again.error == (409, "conflict")


async def test_moved_booking_keeps_its_id_and_ignores_itself(maya: Visitor) -> None:
    ident = await booked(maya, "2026-03-06T14:00:00.000Z", "product-demo")  # an hour, with a buffer after it
    for start in ("2026-03-06T15:00:00.000Z", "2026-03-06T15:00:00.000Z", "2026-03-06T14:00:00.000Z"):
        moved = await maya.ask("POST", f"/bookings/{ident}/reschedule", {"newStartTime": start})

        assert moved.data == {"success": True}
        assert (await maya.get(f"/bookings/{ident}"))["startTime"] == start
    booking = await maya.get(f"/bookings/{ident}")
    assert booking["endTime"] == "2026-03-06T15:00:00.000Z"
    assert [mail["type"] for mail in booking["emailLogs"]] == ["CONFIRMATION", *["RESCHEDULE"] * 3]

    onto_another = await maya.ask("POST", f"/bookings/{ident}/reschedule", {"newStartTime": "2026-03-06T20:00:00Z"})
    assert onto_another.error == (409, "conflict")


async def test_unknown_booking_is_not_found(maya: Visitor) -> None:
    for method, path, body in [
        ("GET", "/bookings/clx1", None),
        ("POST", "/bookings/clx1/cancel", {}),
        ("POST", "/bookings/clx1/reschedule", {"newStartTime": NINE}),
    ]:
        assert (await maya.ask(method, path, body)).error == (404, "not_found")


async def test_bookings_filter_by_status_and_time(maya: Visitor) -> None:
    ident = await booked(maya)
    await maya.ask("POST", f"/bookings/{ident}/cancel")

    async def starts(query: str) -> list[str]:
        return [booking["startTime"][:13] for booking in (await maya.get(f"/bookings?{query}"))["data"]]

    week = "from=2026-03-02&to=2026-03-06"
    assert await starts(f"{week}&status=CANCELLED") == ["2026-03-03T14"]
    assert await starts(f"{week}&status=CONFIRMED") == [
        "2026-03-02T15",
        "2026-03-03T19",
        "2026-03-04T16",
        "2026-03-06T20",
    ]
    assert len(await starts(f"{week}&status=all")) == len(await starts(week)) == 5
    assert await starts("from=2026-03-06T20:00:00Z&to=2026-03-06T20:00:00.000Z") == ["2026-03-06T20"]
    assert await starts("from=2026-03-06T20:00:00.001Z&to=2026-03-07") == []


async def test_list_dates_are_days_of_the_account_zone(maya: Visitor) -> None:
    await maya.ask("PUT", "/availability/rules", {"rules": [{**ALL_DAY[0], "startTime": "20:00", "endTime": "24:00"}]})
    await booked(maya, "2026-03-09T03:30:00.000Z")  # Sunday 23:30 in New York

    assert len((await maya.get("/bookings?from=2026-03-08&to=2026-03-08"))["data"]) == 1


async def test_deleted_event_types_and_contacts_keep_bookings(maya: Visitor) -> None:
    ident = await booked(maya)
    booking = await maya.get(f"/bookings/{ident}")
    await maya.ask("DELETE", f"/event-types/{booking['eventType']['id']}")
    await maya.ask("DELETE", f"/contacts/{booking['contact']['id']}")

    assert await maya.get(f"/bookings/{ident}") == {**booking, "contact": None}
    assert (await maya.book(HALF_PAST)).error == (404, "not_found")
    moved = await maya.ask("POST", f"/bookings/{ident}/reschedule", {"newStartTime": HALF_PAST})
    assert moved.data == {"success": True}


async def test_contact_has_past_and_upcoming_meetings(maya: Visitor) -> None:
    sarah = (await maya.get("/contacts?search=sarah chen"))["data"][0]
    profile = await maya.get(f"/contacts/{sarah['id']}")

    assert sarah["meetingCount"] == len(profile["pastMeetings"]) == 4
    assert profile["pastMeetings"][0]["eventType"]["name"] == "Product Demo"
    assert [meeting["startTime"] for meeting in profile["upcomingMeetings"]] == ["2026-03-03T19:00:00.000Z"]


@pytest.mark.parametrize(
    ("day", "starts"),
    [
        ("2026-03-08", ["05:00", "06:00", "07:00"]),  # spring: the clocks of New York leave 2:00 out
        ("2026-11-01", ["04:00", "05:00", "06:00", "07:00", "08:00"]),  # autumn: they show 1:00 twice
        ("2026-06-01", ["04:00", "05:00", "06:00", "07:00"]),
    ],
)
async def test_slots_around_a_clock_change_can_be_booked(maya: Visitor, day: str, starts: list[str]) -> None:
    await maya.ask("PUT", "/availability/rules", {"rules": ALL_DAY})
    await maya.make("/event-types", name="Hour", slug="hour", durationMinutes=60, locationType="PHONE")
    expected = [f"{day}T{start}:00.000Z" for start in starts]

    assert await maya.slots(day, "hour") == expected
    for start in expected:
        await booked(maya, start, "hour")
    assert await maya.slots(day, "hour") == []


async def test_availability_dates_are_days_of_the_queried_zone(maya: Visitor) -> None:
    await maya.ask("PUT", "/availability/rules", {"rules": [{**ALL_DAY[0], "startTime": "23:00", "endTime": "24:00"}]})
    sunday = ["2026-03-16T03:00:00.000Z", "2026-03-16T03:30:00.000Z"]

    assert await maya.slots("2026-03-15") == sunday
    assert await maya.slots("2026-03-15", zone="Asia/Tokyo") == []
    assert await maya.slots("2026-03-16", zone="Asia/Tokyo") == sunday
    answer = await maya.get("/availability?eventTypeSlug=30min&from=2026-03-16&to=2026-03-16&timezone=Asia/Tokyo")
    assert answer == {
        "eventTypeSlug": "30min",
        "timezone": "Asia/Tokyo",
        "slots": [
            {"startTime": sunday[0], "endTime": sunday[1]},
            {"startTime": sunday[1], "endTime": "2026-03-16T04:00:00.000Z"},
        ],
    }


@pytest.mark.parametrize(
    ("account", "event_type", "free"),
    [
        ({}, {}, ["15:00", "17:00"]),
        ({"bufferAfter": 1}, {}, []),
        ({"bufferBefore": 60}, {}, []),
        ({"bufferAfter": 60, "bufferBefore": 60}, {"bufferBefore": 0, "bufferAfter": 0}, ["15:00", "17:00"]),
        ({"minGapMinutes": 5}, {"bufferBefore": 0, "bufferAfter": 0}, []),
        ({}, {"minimumNotice": 26 * 60 + 1}, ["17:00"]),
        ({"maxMeetingsPerDay": 2}, {}, []),
        ({"maxMeetingsPerDay": 3}, {}, ["15:00", "17:00"]),
        ({}, {"maxBookingsPerDay": 1}, []),
        ({"focusTimeBlocks": [{"dayOfWeek": 2, "startTime": "10:30", "endTime": "10:45"}]}, {}, ["15:00", "17:00"]),
        (
            {"focusTimeEnabled": True, "focusTimeBlocks": [{"dayOfWeek": 2, "startTime": "10:30", "endTime": "10:45"}]},
            {},
            ["17:00"],
        ),
    ],
)
async def test_every_rule_limits_the_slots(
    maya: Visitor, account: dict[str, Any], event_type: dict[str, Any], free: list[str]
) -> None:
    await maya.ask(
        "PUT", "/availability/rules", {"rules": [{"dayOfWeek": 2, "startTime": "10:00", "endTime": "13:00"}]}
    )
    made = await maya.make("/event-types", name="Hour", slug="hour", durationMinutes=60, locationType="PHONE")
    await booked(maya, "2026-03-03T16:00:00.000Z", "hour")  # and a seeded call is at 19:00
    if account:
        await maya.ask("PATCH", "/settings", account)
    if event_type:
        await maya.ask("PATCH", f"/event-types/{made['id']}", event_type)

    starts = await maya.slots(TUESDAY, "hour")

    assert [start[11:16] for start in starts] == free
    for hour in ("15:00", "17:00"):
        if hour not in free:
            assert (await maya.book(f"{TUESDAY}T{hour}:00Z", "hour")).error == (409, "conflict")


@pytest.mark.parametrize(
    ("own", "existing", "free"),
    [
        ({}, {}, ["15:00", "17:00"]),
        ({}, {"bufferAfter": 15}, ["15:00"]),  # directly behind a meeting with a buffer after it
        ({}, {"bufferBefore": 15}, ["17:00"]),  # directly in front of a meeting with a buffer before it
        ({"bufferBefore": 15}, {}, ["15:00"]),
        ({"bufferAfter": 15}, {}, ["17:00"]),
        ({"bufferBefore": 15, "bufferAfter": 15}, {"bufferBefore": 15, "bufferAfter": 15}, []),
    ],
)
async def test_buffers_of_both_meetings_limit_the_slots(
    maya: Visitor, own: dict[str, int], existing: dict[str, int], free: list[str]
) -> None:
    window = {"dayOfWeek": 2, "startTime": "10:00", "endTime": "13:00"}
    await maya.ask("PUT", "/availability/rules", {"rules": [window]})
    for slug, buffers in (("hour", own), ("other", existing)):
        fields = {"name": slug, "slug": slug, "durationMinutes": 60, "locationType": "PHONE"}
        await maya.make("/event-types", **fields, **buffers)
    await booked(maya, "2026-03-03T16:00:00.000Z", "other")

    assert [start[11:16] for start in await maya.slots(TUESDAY, "hour")] == free
    for hour in ("15:00", "17:00"):
        status = (await maya.book(f"{TUESDAY}T{hour}:00Z", "hour")).status
        assert (status == 201) == (hour in free)


async def test_buffers_overlap_instead_of_adding_up(maya: Visitor) -> None:
    window = {"dayOfWeek": 2, "startTime": "10:00", "endTime": "13:15"}
    await maya.ask("PUT", "/availability/rules", {"rules": [window]})
    await maya.make("/event-types", name="A", slug="a", durationMinutes=60, locationType="PHONE", bufferAfter=15)
    await maya.make("/event-types", name="B", slug="b", durationMinutes=15, locationType="PHONE", bufferBefore=15)
    await booked(maya, "2026-03-03T16:00:00.000Z", "a")

    assert "2026-03-03T17:15:00.000Z" in await maya.slots(TUESDAY, "b")
    assert "2026-03-03T17:00:00.000Z" not in await maya.slots(TUESDAY, "b")


Minutes = st.integers(0, 90)


@settings(max_examples=15)
@given(
    account=st.fixed_dictionaries({"bufferBefore": Minutes, "bufferAfter": Minutes, "minGapMinutes": Minutes}),
    event_type=st.fixed_dictionaries(
        {
            "durationMinutes": st.integers(30, 90),
            "bufferBefore": st.none() | Minutes,
            "bufferAfter": st.none() | Minutes,
        }
    ),
    picks=st.lists(st.integers(0, 99), min_size=1, max_size=5),
)
def test_offered_slots_can_be_booked_and_keep_distance(
    account: dict[str, int], event_type: dict[str, Any], picks: list[int]
) -> None:
    async def play() -> None:
        async with visitor() as maya:
            await maya.ask("PATCH", "/settings", account)
            made = {"name": "Any", "slug": "any", "locationType": "PHONE"}
            await maya.make("/event-types", **made, **event_type)
            for pick in picks:
                if starts := await maya.slots("2026-03-04", "any", to="2026-03-05"):
                    await booked(maya, starts[pick % len(starts)], "any")
            await keeps_distance(maya, account, event_type)

    asyncio.run(play())


async def keeps_distance(maya: Visitor, account: dict[str, int], event_type: dict[str, Any]) -> None:
    def buffers(row: dict[str, Any]) -> list[int]:
        return [account[name] if row[name] is None else row[name] for name in ("bufferBefore", "bufferAfter")]

    types = {row["slug"]: row for row in (await maya.get("/event-types"))["data"]}
    before, after = buffers(event_type)
    bookings = (await maya.get("/bookings?from=2026-03-04&to=2026-03-05"))["data"]
    for text in await maya.slots("2026-03-04", "any", to="2026-03-05"):
        start = datetime.fromisoformat(text)
        end = start + timedelta(minutes=event_type["durationMinutes"])
        for booking in bookings:
            first, last = (datetime.fromisoformat(booking[name]) for name in ("startTime", "endTime"))
            its_before, its_after = buffers(types[booking["eventType"]["slug"]])
            gap = account["minGapMinutes"]
            assert (
                end + timedelta(minutes=max(after, its_before, gap)) <= first
                or start - timedelta(minutes=max(before, its_after, gap)) >= last
            )
