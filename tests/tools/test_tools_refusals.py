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
ACTION: dict[str, Any] = {"type": "SEND_EMAIL", "config": {"body": "Thanks"}}
WORKFLOW: dict[str, Any] = {"name": "Thanks", "trigger": "BOOKING_CREATED", "actions": [ACTION]}
HOOK: dict[str, Any] = {"url": "https://x.example/hook", "events": ["booking.created"]}


def refusal(name: str, arguments: dict[str, Any] | None) -> str:
    with pytest.raises(InvalidArguments) as refused:
        TOOLS[name].request(arguments)
    return refused.value.message


def faults(name: str, arguments: dict[str, Any] | None) -> dict[str, str]:
    """Return the text of each fault by its argument."""
    parts = [part.partition(": ") for part in refusal(name, arguments).split("; ")]
    return {path: text for path, _, text in parts}


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        # 1. Names and presence
        ("get_booking", None, {"bookingId": "required"}),
        ("get_booking", {"bookingId": None}, {"bookingId": "required"}),
        ("get_booking", {"booking": "clx1"}, {"bookingId": "required", "booking": "did you mean bookingId?"}),
        ("get_booking", {"booking_id": "clx1", "bookingId": "clx2"}, {"bookingId": "as booking_id and as bookingId"}),
        ("get_booking", {"_bookingId": "clx1"}, {"bookingId": "required", "_bookingId": "did you mean bookingId?"}),
        ("cancel_booking", {"bookingId": "clx1", "zz": None}, {"zz": "known are bookingId, reason"}),
        ("get_me", {"verbose": True}, {"verbose": "unknown"}),
        ("check_availability", SLOTS | {"_from": "2026-03-02"}, {"_from": "did you mean from?"}),
        (
            "update_availability_rules",
            {"rules": [WINDOW | {"startTimes": "09:00"}]},
            {"rules[0].startTimes": "did you mean startTime?"},
        ),
        (
            "update_availability_rules",
            {"rules": [WINDOW | {"start_time": "08:00"}]},
            {"rules[0]": "as startTime and as start_time"},
        ),
        ("get_me", {"x" * 99: 1}, {"x" * 40: "unknown"}),
        # 2. Ids and other texts
        ("get_booking", {"bookingId": ""}, {"bookingId": "empty"}),
        ("get_booking", {"bookingId": " \n"}, {"bookingId": "empty"}),
        ("get_booking", {"bookingId": "."}, {"bookingId": "not an id"}),
        ("delete_contact", {"contactId": ".."}, {"contactId": "not an id"}),
        ("get_booking", {"bookingId": 7}, {"bookingId": "string"}),
        ("create_contact", {"name": "", "email": "a@b.example"}, {"name": "empty"}),
        ("create_contact", {"name": "\u200b", "email": "a@b.example"}, {"name": "empty"}),
        ("create_booking", BOOKING | {"inviteeName": "\u200d\u2060\ufe0f \u3164"}, {"inviteeName": "empty"}),
        ("create_workflow", WORKFLOW | {"eventTypeIds": ["a", ""]}, {"eventTypeIds[1]": "empty"}),
        # 3. Times
        (
            "create_booking",
            BOOKING | {"startTime": "2026-03-01T14:00"},
            {"startTime": "needs a zone: 2026-03-01T14:00:00-05:00 in America/New_York (got '2026-03-01T14:00')"},
        ),
        (
            "create_booking",
            BOOKING | {"startTime": "2026-03-01T14:00", "inviteeTimezone": "Mars/Phobos"},
            {"startTime": "needs a zone, such as", "inviteeTimezone": "(got 'Mars/Phobos')"},
        ),
        (
            "create_booking",
            BOOKING | {"startTime": "0001-01-01T00:00", "inviteeTimezone": "Asia/Tokyo"},
            {"startTime": "outside the calendar (got '0001-01-01T00:00')"},
        ),
        (
            "reschedule_booking",
            {"bookingId": "clx1", "newStartTime": "2026-03-01T14:00"},
            {"newStartTime": "needs a zone, such as"},
        ),
        ("create_booking", BOOKING | {"startTime": "2026-03-01"}, {"startTime": "needs a zone, such as"}),
        (
            "create_booking",
            BOOKING | {"startTime": "2026-02-30T14:00:00Z"},
            {"startTime": "(got '2026-02-30T14:00:00Z')"},
        ),
        ("create_booking", BOOKING | {"startTime": "tomorrow"}, {"startTime": "such as 2026-03-01T14:00:00Z"}),
        ("create_booking", BOOKING | {"startTime": "9" * 99}, {"startTime": f"(got '{'9' * 40}')"}),
        ("create_booking", BOOKING | {"startTime": "0001-01-01T00:00:00+01:00"}, {"startTime": "outside the calendar"}),
        ("reschedule_booking", {"bookingId": "clx1", "newStartTime": 1772373600}, {"newStartTime": "string"}),
        # 4. Dates
        ("check_availability", SLOTS | {"to": "2026-02-29"}, {"to": "does not exist (got '2026-02-29')"}),
        ("check_availability", SLOTS | {"to": "20260306"}, {"to": "such as 2026-03-01 (got '20260306')"}),
        ("list_bookings", {"from": "2026-03-02T00:00:00Z"}, {"from": "such as 2026-03-01"}),
        (
            "list_bookings",
            {"from": "\u0662\u0660\u0662\u0666-\u0660\u0663-\u0660\u0661"},
            {"from": "(got '\u0662\u0660\u0662\u0666-\u0660\u0663-\u0660\u0661')"},
        ),
        ("list_bookings", {"from": "2026-03-03", "to": "2026-03-02"}, {"from": "2026-03-03 is after to, 2026-03-02"}),
        # 5. Zones
        (
            "check_availability",
            SLOTS | {"timezone": "America/New_Yrok"},
            {"timezone": "did you mean America/New_York?"},
        ),
        ("check_availability", SLOTS | {"timezone": "../../etc/passwd"}, {"timezone": "Area/City"}),
        ("update_settings", {"timezone": "Europe/Vienn"}, {"timezone": "did you mean Europe/Vienna?"}),
        # 6. Numbers and enumerations
        ("list_bookings", {"limit": "0"}, {"limit": "1 (got '0')"}),
        ("list_bookings", {"page": "two"}, {"page": "integer"}),
        ("list_bookings", {"page": True}, {"page": "number"}),
        ("create_event_type", EVENT_TYPE | {"price": "NaN"}, {"price": "(got 'NaN')"}),
        ("create_event_type", EVENT_TYPE | {"currency": "Euro"}, {"currency": "USD"}),
        ("list_bookings", {"status": "confirm"}, {"status": "'CONFIRMED', 'CANCELLED' or 'all' (got 'confirm')"}),
        ("update_settings", {"focusTimeEnabled": "maybe"}, {"focusTimeEnabled": "boolean"}),
        # 7. E-mails and URLs
        *(
            ("create_contact", {"name": "A", "email": email}, {"email": "name@example.com"})
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
            ("create_webhook", HOOK | {"url": url}, {"url": "https://example.com/hook"})
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
        ("update_webhook", {"webhookId": "clx5", "url": "https://x.example/a b"}, {"url": "https://example.com/hook"}),
        # 8. Arrays and objects
        ("create_webhook", HOOK | {"events": []}, {"events": "at least 1"}),
        ("create_webhook", HOOK | {"events": {"0": "booking.created"}}, {"events": "array"}),
        ("create_webhook", HOOK | {"events": ""}, {"events": "array"}),
        ("create_webhook", HOOK | {"events": "booking.created, 7"}, {"events[1]": "(got '7')"}),
        ("create_webhook", HOOK | {"events": ["booking.made"]}, {"events[0]": "(got 'booking.made')"}),
        ("create_workflow", WORKFLOW | {"actions": []}, {"actions": "at least 1"}),
        ("create_workflow", WORKFLOW | {"actions": [ACTION] * 6}, {"actions": "at most 5"}),
        (
            "create_workflow",
            WORKFLOW | {"actions": ["{}"]},
            {"actions[0].type": "required", "actions[0].config": "required"},
        ),
        ("create_workflow", WORKFLOW | {"actions": [7]}, {"actions[0]": "object"}),
        ("create_workflow", WORKFLOW | {"eventTypeIds": []}, {"eventTypeIds": "at least 1"}),
        # 9. Windows
        (
            "update_availability_rules",
            {"rules": [WINDOW | {"startTime": "24:00"}]},
            {"rules[0].startTime": "(got '24:00')"},
        ),
        ("update_availability_rules", {"rules": [WINDOW | {"endTime": "13pm"}]}, {"rules[0].endTime": "(got '13pm')"}),
        (
            "update_availability_rules",
            {"rules": [WINDOW | {"endTime": "12:60"}]},
            {"rules[0].endTime": "(got '12:60')"},
        ),
        (
            "update_availability_rules",
            {"rules": [WINDOW, WINDOW | {"endTime": "9:00"}]},
            {"rules[1]": "after startTime"},
        ),
        ("update_availability_rules", {"rules": [WINDOW | {"dayOfWeek": 7}]}, {"rules[0].dayOfWeek": "6 (got '7')"}),
        (
            "create_availability_override",
            {"date": "2026-03-10", "isBlocked": True, "startTime": "10:00", "endTime": "14:00"},
            {"isBlocked": "true "},
        ),
        (
            "create_availability_override",
            {"date": "2026-03-10", "isBlocked": False, "startTime": "10:00"},
            {"endTime": "required"},
        ),
        (
            "create_availability_override",
            {"date": "2026-03-10", "isBlocked": False},
            {"isBlocked": "false "},
        ),
        (
            "create_availability_override",
            {"date": "2026-03-10", "startTime": "10:00", "endTime": "10:00"},
            {"endTime": "after startTime"},
        ),
        # 10. Arguments that go together
        (
            "create_workflow",
            WORKFLOW | {"triggerOffsetMinutes": 60},
            {"triggerOffsetMinutes": "AFTER_MEETING"},
        ),
        (
            "update_contact",
            {"contactId": "clx2", "name": None},
            {"nothing to update": "name, email, phone, company, notes"},
        ),
        ("update_webhook", {"webhookId": "clx5"}, {"nothing to update": "url, events, name, isActive"}),
        ("update_webhook", {"webhookId": "clx5", "name": ""}, {"nothing to update": "url, events, name, isActive"}),
        # 11. What JSON can't carry
        ("create_booking", BOOKING | {"notes": "likes \ud83d"}, {"notes": "JSON"}),
        ("get_me", {"\udfff": 1}, {"?": "JSON"}),
        (
            "create_workflow",
            WORKFLOW | {"actions": [{"type": "X", "config": {"n": 2**64}}]},
            {"actions": "JSON"},
        ),
        (
            "create_workflow",
            WORKFLOW | {"actions": f'[{{"type": "X", "config": {"[" * 300}{"]" * 300}}}]'},
            {"actions": "deeper"},
        ),
    ],
)
def test_fault_names_the_argument_and_the_remedy(
    name: str, arguments: dict[str, Any] | None, words: dict[str, str]
) -> None:
    errors = faults(name, arguments)

    assert list(errors) == list(words)
    assert [path for path, word in words.items() if word not in errors[path]] == []


def test_every_fault_is_reported_at_once() -> None:
    errors = faults("check_availability", {"from": "soon", "to": "2026-03-06", "limit": 3})

    assert list(errors) == ["eventTypeSlug", "from", "limit"]
    assert "known are eventTypeSlug, from, to, timezone" in errors["limit"]


@pytest.mark.parametrize(
    "arguments",
    [
        BOOKING | {"inviteeEmail": "sarah.chen at acme"},
        BOOKING | {"inviteeName": {"first": "Sarah", "last": "Chen"}, "notes": ["sarah.chen at acme"]},
        BOOKING | {"inviteeName": "Sarah Chen\ud800"},
        BOOKING | {"page": "sarah.chen at acme"},
    ],
)
def test_guest_is_never_quoted(arguments: dict[str, Any]) -> None:
    assert "sarah" not in refusal("create_booking", arguments).casefold()


@pytest.mark.parametrize("depth", [33, 500])
def test_deep_arguments_are_refused_by_name(depth: int) -> None:
    config: Any = {}
    for _ in range(depth):
        config = {"a": config}

    with pytest.raises(InvalidArguments, match=r"actions: .* 32 "):
        TOOLS["create_workflow"].request(WORKFLOW | {"actions": [ACTION | {"config": config}]})


def test_large_arguments_are_refused_by_name() -> None:
    with pytest.raises(InvalidArguments, match="notes: has 3000"):
        TOOLS["create_booking"].request(BOOKING | {"notes": "x" * 300_000})


def test_ten_faults_are_listed_and_the_others_counted() -> None:
    with pytest.raises(InvalidArguments, match="; and 490 more") as caught:
        TOOLS["update_availability_rules"].request({"rules": [WINDOW | {"dayOfWeek": 9}] * 500})

    assert caught.value.message.count("dayOfWeek") == 10
