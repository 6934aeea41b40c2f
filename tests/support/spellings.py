"""Calls whose meaning is certain though they are not written as LinkTime writes them, and calls with two meanings."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

BOOKING: Final[dict[str, Any]] = {
    "eventTypeSlug": "intro-call",
    "startTime": "2026-12-02T20:00:00.000Z",
    "inviteeName": "Sarah Chen",
    "inviteeEmail": "sarah.chen@acme.example",
    "inviteeTimezone": "America/New_York",
}
MOVE: Final = {"bookingId": "clx1", "newStartTime": "2026-12-02T20:00:00.000Z"}
SLOTS: Final = {"eventTypeSlug": "intro-call", "from": "2026-12-02", "to": "2026-12-04"}
HOOK: Final = {"url": "https://x.example/in", "events": ["booking.created", "booking.cancelled"]}
MAIL: Final = {"type": "SEND_EMAIL", "config": {"body": "Thanks"}}
FLOW: Final = {"name": "Soon", "trigger": "BEFORE_MEETING", "triggerOffsetMinutes": 60, "actions": [MAIL]}
KIND: Final = {"name": "Chat", "slug": "chat", "durationMinutes": 15, "locationType": "GOOGLE_MEET"}
WINDOW: Final = {"dayOfWeek": 3, "startTime": "09:00", "endTime": "13:30"}
OVERRIDE: Final = {"date": "2026-12-02", "isBlocked": False, "startTime": "10:00", "endTime": "14:00"}


class Clear(NamedTuple):
    """A call of *tool* as it was *written*, and the same call in LinkTime's own form."""

    tool: str
    written: dict[str, Any]
    meant: dict[str, Any]


def _starts(*texts: str) -> list[Clear]:
    return [Clear("create_booking", BOOKING | {"startTime": text}, BOOKING) for text in texts]


def _windows(**written: Any) -> list[Clear]:
    windows = [WINDOW | {name: text} for name, texts in written.items() for text in texts]
    return [Clear("update_availability_rules", {"rules": [each]}, {"rules": [WINDOW]}) for each in windows]


CLEAR: Final = [
    # 1. Words of enumerations
    Clear("list_bookings", {"status": "cancelled"}, {"status": "CANCELLED"}),
    Clear("list_bookings", {"status": "Canceled"}, {"status": "CANCELLED"}),
    Clear("list_bookings", {"status": " confirmed "}, {"status": "CONFIRMED"}),
    Clear("list_bookings", {"status": "ALL"}, {"status": "all"}),
    Clear("list_conversations", {"channel": "sms"}, {"channel": "SMS"}),
    Clear("list_conversations", {"channel": "WhatsApp"}, {"channel": "WHATSAPP"}),
    Clear("list_call_history", {"status": "no answer"}, {"status": "NO_ANSWER"}),
    Clear("list_call_history", {"status": "No-Answer"}, {"status": "NO_ANSWER"}),
    Clear("create_event_type", KIND | {"locationType": "Google Meet"}, KIND),
    Clear("create_event_type", KIND | {"locationType": "google-meet"}, KIND),
    Clear("create_event_type", KIND | {"locationType": "GoogleMeet"}, KIND),
    Clear("create_workflow", FLOW | {"trigger": "before meeting"}, FLOW),
    Clear("create_workflow", FLOW | {"trigger": "before_meeting"}, FLOW),
    Clear("create_workflow", FLOW | {"actions": [MAIL | {"type": "send e-mail"}]}, FLOW),
    Clear("create_workflow", FLOW | {"trigger": "PAYMENT_PENDING"}, FLOW | {"trigger": "PAYMENT_PENDING"}),
    # 2. One value for a list of one, and text for a list
    Clear("create_webhook", HOOK | {"events": "booking.created"}, HOOK | {"events": ["booking.created"]}),
    Clear("create_webhook", HOOK | {"events": '"Booking Created"'}, HOOK | {"events": ["booking.created"]}),
    Clear("create_webhook", HOOK | {"events": "booking.created, BOOKING_CANCELED"}, HOOK),
    Clear("create_webhook", HOOK | {"events": ["BOOKING_CREATED", "booking.canceled"]}, HOOK),
    Clear("create_workflow", FLOW | {"actions": MAIL}, FLOW),
    Clear("create_workflow", FLOW | {"eventTypeIds": "clx3"}, FLOW | {"eventTypeIds": ["clx3"]}),
    Clear("create_workflow", FLOW | {"eventTypeIds": "77"}, FLOW | {"eventTypeIds": ["77"]}),
    Clear("update_availability_rules", {"rules": WINDOW}, {"rules": [WINDOW]}),
    # 3. Names of arguments
    Clear("get_booking", {"booking_id": "clx1"}, {"bookingId": "clx1"}),
    Clear("get_booking", {"BookingID": "clx1", "booking-id": "clx1"}, {"bookingId": "clx1"}),
    Clear("reschedule_booking", {"booking_id": "clx1", "new_start_time": MOVE["newStartTime"]}, MOVE),
    Clear("list_bookings", {"Limit": 3, "from_": "2026-12-02"}, {"limit": 3, "from": "2026-12-02"}),
    Clear(
        "update_availability_rules",
        {"rules": [{"day_of_week": 3, "start_time": "09:00", "END_TIME": "13:30"}]},
        {"rules": [WINDOW]},
    ),
    # 4. Weekdays and times of day
    *_windows(dayOfWeek=["Wednesday", "wed", "Weds.", "WEDNESDAYS", "3"]),
    *_windows(startTime=["9am", "9 AM", "9:00 a.m.", "09:00:00", "9:00\u202fam"]),
    *_windows(endTime=["1:30 pm", "1:30PM", "13:30:00", " 13:30 "]),
    Clear(
        "update_availability_rules",
        {"rules": [WINDOW | {"startTime": "noon"}]},
        {"rules": [WINDOW | {"startTime": "12:00"}]},
    ),
    Clear(
        "update_availability_rules",
        {"rules": [WINDOW | {"startTime": "midnight", "endTime": "12 pm"}]},
        {"rules": [WINDOW | {"startTime": "00:00", "endTime": "12:00"}]},
    ),
    *(
        Clear(
            "update_availability_rules",
            {"rules": [WINDOW | {"endTime": text}]},
            {"rules": [WINDOW | {"endTime": "23:59"}]},
        )
        for text in ("24:00", "midnight", "Midnight", "00:00", "12am", "0:00")
    ),
    Clear("create_availability_override", OVERRIDE | {"startTime": "10am", "endTime": "2 pm"}, OVERRIDE),
    # 5. Instants
    *_starts(
        "Wed 2026-12-02 15:00 -05:00",
        "wednesday, 2026-12-02 15:00 -05:00",
        "2026-12-02t20:00:00z",
        "2026-12-02 20:00:00.000Z",
        "2026-12-02T15:00\u221205:00",
        "2026-12-02T20:00:00-00:00",
        "2026-12-02T15:00:00-05:00[America/New_York]",
        "2026-12-02T15:00:00-05:00[!america/new_york]",
        "2026-12-02T20:00:00Z[Etc/UTC]",
        "2026-12-02T15:00:00[America/New_York]",
        "2026-12-02 15:00 America/New_York",
        "2026-12-02 20:00 UTC",
        "Wed 2026-12-02 15:00 -05:00[America/New_York]",
    ),
    Clear(
        "create_booking",
        BOOKING | {"startTime": "2026-12-31T18:59:60-05:00"},
        BOOKING | {"startTime": "2027-01-01T00:00:00.000Z"},
    ),
    Clear(
        "create_booking",
        BOOKING | {"startTime": "2026-11-01T01:30:00-05:00[America/New_York]"},
        BOOKING | {"startTime": "2026-11-01T06:30:00.000Z"},
    ),
    # 6. Zones
    Clear("create_booking", BOOKING | {"inviteeTimezone": "america/new_york"}, BOOKING),
    Clear("check_availability", SLOTS | {"timezone": "America/new york"}, SLOTS | {"timezone": "America/New_York"}),
    # 7. Dates
    Clear("check_availability", SLOTS | {"from": "2026-12-02T00:00:00", "to": "Fri 2026-12-04"}, SLOTS),
    # 8. A limit, custom hours, and arguments that are not given
    Clear("list_bookings", {"limit": 500}, {"limit": 100}),
    Clear("create_availability_override", {n: v for n, v in OVERRIDE.items() if n != "isBlocked"}, OVERRIDE),
    Clear("list_bookings", {"status": "", "from": "", "limit": ""}, {}),
]


class Ambiguous(NamedTuple):
    """A call of *tool* with several meanings, and the texts by which the refusal names each."""

    tool: str
    written: dict[str, Any]
    meanings: tuple[str, ...]


AMBIGUOUS: Final = [
    Ambiguous("create_webhook", HOOK | {"events": ["created"]}, ("booking.created", "contact.created")),
    Ambiguous("create_workflow", FLOW | {"trigger": "meeting"}, ("BEFORE_MEETING", "AFTER_MEETING")),
    Ambiguous("create_workflow", FLOW | {"actions": [MAIL | {"type": "CALL"}]}, ("CALL_WEBHOOK", "AI_CALL")),
    Ambiguous("create_workflow", FLOW | {"actions": [MAIL | {"type": "SEND"}]}, ("SEND_EMAIL", "SEND_SLACK")),
    Ambiguous("create_workflow", FLOW | {"eventTypeIds": "a1, b2"}, ('["a1","b2"]', '["a1, b2"]')),
    Ambiguous("get_booking", {"bookingId": "clx1", "booking_id": "clx2"}, ("bookingId", "booking_id")),
    Ambiguous("update_availability_rules", {"rules": [WINDOW | {"startTime": "9"}]}, ("09:00", "21:00")),
    Ambiguous(
        "update_availability_rules", {"rules": [WINDOW | {"startTime": "00:00", "endTime": "12am"}]}, ("start", "24:00")
    ),
    Ambiguous("create_booking", BOOKING | {"startTime": "Tue 2026-12-02 15:00 -05:00"}, ("2026-12-02", "2026-12-01")),
    Ambiguous("create_booking", BOOKING | {"startTime": "Sun 2026-12-02 15:00 -05:00"}, ("Wednesday", "2026-11-29")),
    Ambiguous(
        "create_booking",
        BOOKING | {"startTime": "2026-12-02T15:00:00-06:00[America/New_York]"},
        ("2026-12-02T15:00:00-06:00", "2026-12-02T15:00:00-05:00"),
    ),
    Ambiguous(
        "create_booking",
        BOOKING | {"startTime": "2026-12-02T15:00:00Z[America/New_York]"},
        ("2026-12-02T15:00:00+00:00", "2026-12-02T15:00:00-05:00"),
    ),
    Ambiguous(
        "create_booking",
        BOOKING | {"startTime": "2026-11-01T01:30[America/New_York]"},
        ("2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00"),
    ),
    Ambiguous(
        "create_booking",
        BOOKING | {"startTime": "2026-12-02 15:00"},
        ("2026-12-02T15:00:00-05:00 in America/New_York",),
    ),
    Ambiguous("check_availability", SLOTS | {"from": "2026-12-02T03:00:00Z"}, ("2026-12-02", "2026-12-01 in America")),
    Ambiguous("check_availability", SLOTS | {"to": "2026-12-05T00:00:00"}, ("2026-12-04", "2026-12-05")),
    Ambiguous("create_availability_override", OVERRIDE | {"isBlocked": True}, ("isBlocked", "startTime")),
    Ambiguous("create_availability_override", {"date": "2026-12-02", "startTime": "10:00"}, ("endTime", "block")),
]
