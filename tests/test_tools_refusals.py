from __future__ import annotations

from typing import Any

import pytest

from linktime.errors import InvalidArguments
from linktime.tools import TOOLS

BOOKING: dict[str, Any] = {
    "eventTypeSlug": "intro-call",
    "startTime": "2026-03-01T14:00:00Z",
    "inviteeName": "Sarah Chen",
    "inviteeEmail": "sarah.chen@acme.example",
    "inviteeTimezone": "America/New_York",
}
SLOTS: dict[str, Any] = {"eventTypeSlug": "intro-call", "from": "2026-03-02", "to": "2026-03-06"}
EVENT_TYPE: dict[str, Any] = {"name": "Chat", "slug": "chat", "durationMinutes": 15, "locationType": "ZOOM"}
WINDOW: dict[str, Any] = {"dayOfWeek": 1, "startTime": "09:00", "endTime": "17:00"}
ACTION: dict[str, Any] = {"type": "SEND_EMAIL", "config": {}}
WORKFLOW: dict[str, Any] = {"name": "Thanks", "trigger": "BOOKING_CREATED", "actions": [ACTION]}
HOOK: dict[str, Any] = {"url": "https://x.example/hook", "events": ["booking.created"]}

NO_INSTANT = "should be a time that exists, such as 2026-03-01T14:00:00Z"
NO_ZONE = "needs a zone, such as 2026-03-01T14:00:00Z or 2026-03-01T09:00:00-05:00"
NO_DAY = "should be a date, such as 2026-03-01"
NO_CLOCK = "should be a time of day from 00:00 to 23:59, such as 09:30"
NO_URL = "should be a full http or https URL, such as https://example.com/hook"
NO_EMAIL = "should be one e-mail address, such as name@example.com"
EVENTS = "'booking.created', 'booking.cancelled', 'booking.rescheduled', 'payment.received' or 'contact.created'"
NO_JSON = "can't be sent as JSON: it holds half a character or too large a number"
TOO_DEEP = "is nested deeper than 32 levels"


def refusal(name: str, arguments: dict[str, Any] | None) -> str:
    with pytest.raises(InvalidArguments) as refused:
        TOOLS[name].request(arguments)
    return refused.value.message


@pytest.mark.parametrize(
    ("name", "arguments", "fault"),
    [
        # 1. Names and presence
        ("get_booking", None, "bookingId: is required"),
        ("get_booking", {"bookingId": None}, "bookingId: is required"),
        (
            "get_booking",
            {"booking_id": "clx1"},
            "bookingId: is required; booking_id: is unknown (did you mean bookingId?)",
        ),
        ("cancel_booking", {"bookingId": "clx1", "zz": None}, "zz: is unknown (known are bookingId, reason)"),
        ("get_me", {"verbose": True}, "verbose: is unknown (there are no arguments)"),
        ("check_availability", SLOTS | {"from_": "2026-03-02"}, "from_: is unknown (did you mean from?)"),
        (
            "update_availability_rules",
            {"rules": [WINDOW | {"starttime": "09:00"}]},
            "rules[0].starttime: is unknown (did you mean startTime?)",
        ),
        ("get_me", {"x" * 99: 1}, f"{'x' * 40}: is unknown (there are no arguments)"),
        # 2. Ids and other texts
        ("get_booking", {"bookingId": ""}, "bookingId: should not be empty"),
        ("get_booking", {"bookingId": " \n"}, "bookingId: should not be empty"),
        ("get_booking", {"bookingId": "."}, "bookingId: is not an id"),
        ("delete_contact", {"contactId": ".."}, "contactId: is not an id"),
        ("get_booking", {"bookingId": 7}, "bookingId: should be a valid string"),
        ("create_contact", {"name": "", "email": "a@b.example"}, "name: should not be empty"),
        ("create_workflow", WORKFLOW | {"eventTypeIds": ["a", ""]}, "eventTypeIds[1]: should not be empty"),
        # 3. Times
        (
            "create_booking",
            BOOKING | {"startTime": "2026-03-01T14:00"},
            "startTime: needs a zone: 2026-03-01T14:00:00-05:00 in America/New_York (got '2026-03-01T14:00')",
        ),
        (
            "create_booking",
            BOOKING | {"startTime": "2026-03-01T14:00", "inviteeTimezone": "Mars/Phobos"},
            (
                f"startTime: {NO_ZONE} (got '2026-03-01T14:00'); "
                "inviteeTimezone: should be an IANA zone, such as America/New_York (got 'Mars/Phobos')"
            ),
        ),
        (
            "create_booking",
            BOOKING | {"startTime": "0001-01-01T00:00", "inviteeTimezone": "Asia/Tokyo"},
            "startTime: is outside the calendar (got '0001-01-01T00:00')",
        ),
        (
            "reschedule_booking",
            {"bookingId": "clx1", "newStartTime": "2026-03-01T14:00"},
            f"newStartTime: {NO_ZONE} (got '2026-03-01T14:00')",
        ),
        ("create_booking", BOOKING | {"startTime": "2026-03-01"}, f"startTime: {NO_ZONE} (got '2026-03-01')"),
        (
            "create_booking",
            BOOKING | {"startTime": "2026-02-30T14:00:00Z"},
            f"startTime: {NO_INSTANT} (got '2026-02-30T14:00:00Z')",
        ),
        ("create_booking", BOOKING | {"startTime": "tomorrow"}, f"startTime: {NO_INSTANT} (got 'tomorrow')"),
        ("create_booking", BOOKING | {"startTime": "9" * 99}, f"startTime: {NO_INSTANT} (got '{'9' * 40}')"),
        (
            "create_booking",
            BOOKING | {"startTime": "0001-01-01T00:00:00+01:00"},
            "startTime: is outside the calendar (got '0001-01-01T00:00:00+01:00')",
        ),
        (
            "reschedule_booking",
            {"bookingId": "clx1", "newStartTime": 1772373600},
            "newStartTime: should be a valid string",
        ),
        # 4. Dates
        ("check_availability", SLOTS | {"to": "2026-02-29"}, "to: is a date that does not exist (got '2026-02-29')"),
        ("check_availability", SLOTS | {"to": "20260306"}, f"to: {NO_DAY} (got '20260306')"),
        (
            "list_bookings",
            {"from": "2026-03-02T00:00:00Z"},
            f"from: {NO_DAY} (got '2026-03-02T00:00:00Z')",
        ),
        (
            "list_bookings",
            {"from": "\u0662\u0660\u0662\u0666-\u0660\u0663-\u0660\u0661"},
            f"from: {NO_DAY} (got '\u0662\u0660\u0662\u0666-\u0660\u0663-\u0660\u0661')",
        ),
        (
            "list_bookings",
            {"from": "2026-03-03", "to": "2026-03-02"},
            "from: 2026-03-03 is after to, 2026-03-02",
        ),
        # 5. Zones
        (
            "check_availability",
            SLOTS | {"timezone": "America/NewYork"},
            "timezone: should be an IANA zone, such as America/New_York (got 'America/NewYork')",
        ),
        (
            "check_availability",
            SLOTS | {"timezone": "../../etc/passwd"},
            "timezone: should be an IANA zone, such as America/New_York (got '../../etc/passwd')",
        ),
        (
            "update_settings",
            {"timezone": "europe/vienna"},
            "timezone: should be an IANA zone, such as Europe/Vienna (got 'europe/vienna')",
        ),
        ("update_settings", {"timezone": ""}, "timezone: should be an IANA zone, such as America/New_York (got '')"),
        # 6. Numbers and closed sets
        ("list_bookings", {"limit": 101}, "limit: should be less than or equal to 100 (got '101')"),
        ("list_bookings", {"limit": "0"}, "limit: should be greater than or equal to 1 (got '0')"),
        (
            "list_bookings",
            {"page": "two"},
            "page: should be a valid integer, unable to parse string as an integer (got 'two')",
        ),
        ("list_bookings", {"page": True}, "page: should be a number, not true or false"),
        (
            "create_event_type",
            EVENT_TYPE | {"price": "NaN"},
            "price: should be less than or equal to 1000000000 (got 'NaN')",
        ),
        (
            "create_event_type",
            EVENT_TYPE | {"currency": "Euro"},
            "currency: should be a code of three letters, such as USD",
        ),
        (
            "list_bookings",
            {"status": "confirmed"},
            "status: should be 'CONFIRMED', 'CANCELLED' or 'all' (got 'confirmed')",
        ),
        (
            "update_settings",
            {"focusTimeEnabled": "maybe"},
            "focusTimeEnabled: should be a valid boolean, unable to interpret input",
        ),
        # 7. E-mails and URLs
        *(
            ("create_contact", {"name": "A", "email": email}, f"email: {NO_EMAIL}")
            for email in (
                "",
                "a",
                "a@b",
                "a@b.",
                "@b.example",
                "a b@c.example",
                "a@b.example, c@d.example",
                "a@b.ex\x7f",
            )
        ),
        *(
            ("create_webhook", HOOK | {"url": url}, f"url: {NO_URL}")
            for url in (
                "",
                "x.example",
                "ftp://x.example",
                "https://",
                "http://[::1",
                "https://x:0/",
                "https://x:99999/",
            )
        ),
        ("update_webhook", {"webhookId": "clx5", "url": "https://x.example/a b"}, f"url: {NO_URL}"),
        # 8. Arrays and objects
        ("create_webhook", HOOK | {"events": []}, "events: should have at least 1 item, not 0"),
        ("create_webhook", HOOK | {"events": "booking.created"}, "events: is text that is not JSON"),
        ("create_webhook", HOOK | {"events": '"booking.created"'}, "events: should be a valid array"),
        (
            "create_webhook",
            HOOK | {"events": ["booking.made"]},
            f"events[0]: should be {EVENTS} (got 'booking.made')",
        ),
        ("create_workflow", WORKFLOW | {"actions": []}, "actions: should have at least 1 item, not 0"),
        ("create_workflow", WORKFLOW | {"actions": [ACTION] * 6}, "actions: should have at most 5 items, not 6"),
        (
            "create_workflow",
            WORKFLOW | {"actions": ["{}"]},
            "actions[0].type: is required; actions[0].config: is required",
        ),
        ("create_workflow", WORKFLOW | {"actions": [7]}, "actions[0]: should be a valid object"),
        ("create_workflow", WORKFLOW | {"eventTypeIds": []}, "eventTypeIds: should have at least 1 item, not 0"),
        # 9. Windows
        (
            "update_availability_rules",
            {"rules": [WINDOW | {"endTime": "24:00"}]},
            f"rules[0].endTime: {NO_CLOCK} (got '24:00')",
        ),
        (
            "update_availability_rules",
            {"rules": [WINDOW | {"endTime": "9am"}]},
            f"rules[0].endTime: {NO_CLOCK} (got '9am')",
        ),
        (
            "update_availability_rules",
            {"rules": [WINDOW | {"endTime": "12:60"}]},
            f"rules[0].endTime: {NO_CLOCK} (got '12:60')",
        ),
        (
            "update_availability_rules",
            {"rules": [WINDOW, WINDOW | {"endTime": "9:00"}]},
            "rules[1]: endTime should be after startTime",
        ),
        (
            "update_availability_rules",
            {"rules": [WINDOW | {"dayOfWeek": 7}]},
            "rules[0].dayOfWeek: should be less than or equal to 6 (got '7')",
        ),
        (
            "create_availability_override",
            {"date": "2026-03-10", "startTime": "10:00", "endTime": "14:00"},
            "isBlocked: should be false where startTime and endTime set custom hours",
        ),
        (
            "create_availability_override",
            {"date": "2026-03-10", "isBlocked": False, "startTime": "10:00"},
            "isBlocked: false needs custom hours, both startTime and endTime",
        ),
        (
            "create_availability_override",
            {"date": "2026-03-10", "isBlocked": False, "startTime": "10:00", "endTime": "10:00"},
            "endTime: should be after startTime",
        ),
        # 10. Arguments that go together
        (
            "create_workflow",
            WORKFLOW | {"triggerOffsetMinutes": 60},
            "triggerOffsetMinutes: goes only with the trigger BEFORE_MEETING or AFTER_MEETING",
        ),
        (
            "update_contact",
            {"contactId": "clx2", "name": None},
            "nothing to update: give at least one of name, email, phone, company, notes",
        ),
        (
            "update_webhook",
            {"webhookId": "clx5"},
            "nothing to update: give at least one of url, events, name, isActive",
        ),
        # 11. What JSON can't carry
        ("create_booking", BOOKING | {"notes": "\ud800"}, f"notes: {NO_JSON}"),
        ("get_me", {"\udfff": 1}, f"?: {NO_JSON}"),
        ("create_workflow", WORKFLOW | {"actions": [{"type": "X", "config": {"n": 2**64}}]}, f"actions: {NO_JSON}"),
        (
            "create_workflow",
            WORKFLOW | {"actions": f'[{{"type": "X", "config": {"[" * 300}{"]" * 300}}}]'},
            f"actions: {TOO_DEEP}",
        ),
    ],
)
def test_a_fault_is_told_in_words_that_say_what_would_be_right(
    name: str, arguments: dict[str, Any] | None, fault: str
) -> None:
    assert refusal(name, arguments) == fault


def test_every_fault_is_told_at_once() -> None:
    assert refusal("check_availability", {"from": "soon", "to": "2026-03-06", "limit": 3}).split("; ") == [
        "eventTypeSlug: is required",
        f"from: {NO_DAY} (got 'soon')",
        "limit: is unknown (known are eventTypeSlug, from, to, timezone)",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        BOOKING | {"inviteeEmail": "sarah.chen at acme"},
        BOOKING | {"inviteeName": {"first": "Sarah", "last": "Chen"}, "notes": ["sarah.chen at acme"]},
        BOOKING | {"inviteeName": "Sarah Chen\ud800"},
        BOOKING | {"page": "sarah.chen at acme"},
    ],
)
def test_a_guest_is_never_quoted(arguments: dict[str, Any]) -> None:
    told = refusal("create_booking", arguments)

    assert "Sarah" not in told
    assert "sarah" not in told


@pytest.mark.parametrize("depth", [33, 500])
def test_deep_arguments_are_refused_by_name(depth: int) -> None:
    config: Any = {}
    for _ in range(depth):
        config = {"a": config}

    with pytest.raises(InvalidArguments, match=f"actions: {TOO_DEEP}"):
        TOOLS["create_workflow"].request(WORKFLOW | {"actions": [ACTION | {"config": config}]})


def test_large_arguments_are_refused_by_name() -> None:
    with pytest.raises(InvalidArguments, match="notes: has 3000"):
        TOOLS["create_booking"].request(BOOKING | {"notes": "x" * 300_000})


def test_ten_faults_are_listed_and_the_others_counted() -> None:
    with pytest.raises(InvalidArguments, match="; and 490 more") as caught:
        TOOLS["update_availability_rules"].request({"rules": [WINDOW | {"dayOfWeek": 9}] * 500})

    assert caught.value.message.count("dayOfWeek") == 10
