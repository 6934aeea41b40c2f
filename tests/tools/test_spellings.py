"""Arguments in other spellings: the request is the canonical one, or the refusal names every meaning."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given, strategies as st

from linktime.errors import InvalidArguments
from linktime.tools import TOOLS
from linktime.tools.suggest import suggest
from tests.support.spellings import AMBIGUOUS, BOOKING, CLEAR, FLOW, HOOK, KIND, MAIL, OVERRIDE, Ambiguous, Clear

NEW_YORK = ZoneInfo("America/New_York")


def refusal(tool: str, **arguments: Any) -> str:
    """Return the message of a refused call."""
    with pytest.raises(InvalidArguments) as refused:
        TOOLS[tool].request(arguments, NEW_YORK)
    return refused.value.message


@pytest.mark.parametrize("call", CLEAR, ids=str)
def test_clear_call_is_the_canonical_request(call: Clear) -> None:
    tool = TOOLS[call.tool]

    assert tool.request(call.written, NEW_YORK) == tool.request(call.meant, NEW_YORK)
    assert tool.read(call.meant, NEW_YORK).read_as == {}


@pytest.mark.parametrize("call", CLEAR, ids=str)
def test_understood_arguments_are_understood_as_they_are(call: Clear) -> None:
    once = TOOLS[call.tool].read(call.written, NEW_YORK)
    again = TOOLS[call.tool].read(once.arguments, NEW_YORK)

    assert again.arguments == once.arguments
    assert again.values == once.values
    assert again.read_as == {}


@pytest.mark.parametrize("call", AMBIGUOUS, ids=str)
def test_refusal_names_every_meaning(call: Ambiguous) -> None:
    message = refusal(call.tool, **call.written)

    assert [meaning for meaning in call.meanings if meaning not in message] == []


WORDS: list[tuple[str, str, str]] = [
    *(("list_bookings", "status", word) for word in ("CONFIRMED", "CANCELLED", "all")),
    *(("list_conversations", "channel", word) for word in ("SMS", "WHATSAPP")),
    *(("list_call_history", "status", word) for word in ("all", "COMPLETED", "NO_ANSWER", "FAILED")),
    *(("create_event_type", "locationType", w) for w in ("ZOOM", "GOOGLE_MEET", "PHONE", "IN_PERSON", "CUSTOM")),
    *(
        ("create_workflow", "trigger", word)
        for word in ("BOOKING_CREATED", "BOOKING_CANCELLED", "BOOKING_RESCHEDULED", "PAYMENT_RECEIVED")
    ),
    *(("create_workflow", "trigger", word) for word in ("BEFORE_MEETING", "AFTER_MEETING")),
    *(
        ("create_webhook", "events", word)
        for word in ("booking.created", "booking.cancelled", "booking.rescheduled", "payment.received")
    ),
    ("create_webhook", "events", "contact.created"),
]
CALLS: dict[str, dict[str, Any]] = {
    "create_event_type": dict(KIND),
    "create_workflow": dict(FLOW),
    "create_webhook": dict(HOOK),
}


def call_with(tool: str, name: str, word: str) -> dict[str, Any]:
    """Return a valid call with a word of an enumeration."""
    call = CALLS.get(tool, {}) | {name: [word] if name == "events" else word}
    if name == "trigger" and not word.upper().replace(" ", "_").endswith("MEETING"):
        call.pop("triggerOffsetMinutes", None)
    return call


@given(st.sampled_from(WORDS), st.data())
def test_any_spelling_of_a_word_is_the_same_request(row: tuple[str, str, str], data: st.DataObject) -> None:
    tool, name, word = row
    separators = st.sampled_from(["", " ", "-", "_", ".", "  ", "\u2013"])
    letters = [
        data.draw(separators) if letter in "_." else data.draw(st.sampled_from([letter.lower(), letter.upper()]))
        for letter in word
    ]
    written = data.draw(st.sampled_from(["", " "])) + "".join(letters).replace("CANCELLED", "CANCELED")
    meant = call_with(tool, name, word)
    spelled = meant | {name: [written] if name == "events" else written}

    assert TOOLS[tool].request(spelled) == TOOLS[tool].request(meant)


@given(st.sampled_from(sorted(BOOKING)), st.sampled_from(["_", "-", " ", ""]), st.booleans())
def test_any_spelling_of_a_name_is_the_same_request(name: str, separator: str, upper: bool) -> None:  # noqa: FBT001 - hypothesis passes it
    spelled = "".join(separator + letter if letter.isupper() else letter for letter in name)
    spelled = spelled.upper() if upper else spelled.lower()
    written = {spelled if each == name else each: value for each, value in BOOKING.items()}

    assert TOOLS["create_booking"].request(written) == TOOLS["create_booking"].request(BOOKING)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-12-02T14:00:00Z", "2026-12-02"),
        ("2026-12-02T00:00:00-05:00", "2026-12-02"),
        ("Wed 2026-12-02 15:00 -05:00", "2026-12-02"),
    ],
)
def test_instant_on_one_date_stands_for_it(written: str, day: str) -> None:
    tool = TOOLS["create_availability_override"]

    assert tool.zone_patience({"date": written}) > tool.zone_patience({"startTime": "09:00"})
    assert tool.request({"date": written}, NEW_YORK) == tool.request({"date": day})
    with pytest.raises(InvalidArguments, match=r"date: .*zone"):
        tool.request({"date": written})


def test_other_zone_of_the_call_makes_a_date_ambiguous() -> None:
    slots = {"eventTypeSlug": "intro-call", "from": "2026-12-02T20:00:00Z", "to": "2026-12-04"}

    TOOLS["check_availability"].request(slots, NEW_YORK)
    message = refusal("check_availability", **slots, timezone="asia/tokyo")
    assert "2026-12-03 in Asia/Tokyo" in message


@pytest.mark.parametrize(
    ("tool", "arguments", "name", "word"),
    [
        (
            "create_workflow",
            FLOW | {"trigger": "after meeting", "triggerOffsetMinutes": None},
            "triggerOffsetMinutes",
            "required",
        ),
        ("create_workflow", FLOW | {"trigger": "booking created"}, "triggerOffsetMinutes", "BOOKING_CREATED"),
        ("create_workflow", FLOW | {"actions": [MAIL | {"config": {}}]}, "actions[0]", "config"),
        ("create_workflow", FLOW | {"actions": [{"type": "AI_CALL", "config": {}}]}, "actions[0]", "config"),
        (
            "create_workflow",
            FLOW | {"actions": [{"type": "call webhook", "config": {"body": "x"}}]},
            "actions[0]",
            "url",
        ),
        ("create_workflow", FLOW | {"actions": [MAIL | {"type": "E-Mail"}]}, "actions[0].type", "SEND_EMAIL?"),
        ("update_availability_rules", {"rules": [{"dayOfWeek": "Caturday"}]}, "rules[0].dayOfWeek", "Sunday"),
        ("create_booking", BOOKING | {"startTime": "2026-12-02 15:00 EST"}, "startTime", "exists"),
        ("create_booking", BOOKING | {"startTime": "Dec 2026-12-02 15:00 -05:00"}, "startTime", "exists"),
        ("create_booking", BOOKING | {"startTime": "2026-12-02T22:59:60Z"}, "startTime", "exists"),
        ("create_booking", BOOKING | {"startTime": "2026-12-02T15:00[Mars/Phobos]"}, "startTime", "Area/City"),
        (
            "create_booking",
            BOOKING | {"startTime": "2026-03-08T02:30[America/New_York]"},
            "startTime",
            "does not exist",
        ),
        ("create_booking", BOOKING | {"startTime": "0001-01-01T00:00[Asia/Tokyo]"}, "startTime", "calendar"),
        ("create_booking", BOOKING | {"startTime": "9999-12-31T23:59:60Z"}, "startTime", "exists"),
        ("check_availability", {"from": "9999-12-31T23:59:00-05:00"}, "from", "calendar"),
    ],
)
def test_rules_hold_for_understood_values(tool: str, arguments: dict[str, Any], name: str, word: str) -> None:
    faults = dict(fault.split(": ", 1) for fault in refusal(tool, **arguments).split("; "))

    assert word in faults[name]


def test_unknown_words_of_open_enumerations_are_sent() -> None:
    call = FLOW | {"trigger": "SEAT_TAKEN", "actions": [{"type": "FAX", "config": {}}]}
    body = orjson.loads(TOOLS["create_workflow"].request(call).body or b"")

    assert (body["trigger"], body["actions"][0]["type"], body["triggerOffsetMinutes"]) == ("SEAT_TAKEN", "FAX", 60)


@pytest.mark.parametrize(
    ("tool", "written", "read_as"),
    [
        (
            "list_bookings",
            {"Status": "canceled", "limit": "3"},
            {"Status": "status", "status": "CANCELLED", "limit": 3},
        ),
        (
            "update_availability_rules",
            {"rules": '[{"dayOfWeek": "Sun", "startTime": "09:00", "endTime": "10:00"}]'},
            {"rules[0].dayOfWeek": 0},
        ),
        ("create_webhook", HOOK | {"events": ["Booking.Created"]}, {"events[0]": "booking.created"}),
        ("create_workflow", FLOW | {"actions": MAIL | {"config": {"body": "x" * 300}}}, {}),
        ("get_booking", {"bookingId": "clx1"}, {}),
    ],
)
def test_reading_names_what_was_written_otherwise(tool: str, written: dict[str, Any], read_as: dict[str, Any]) -> None:
    assert TOOLS[tool].read(written).read_as == read_as


def test_notes_of_a_reading_are_bounded() -> None:
    windows = [{"dayOfWeek": "Monday", "startTime": "9am", "endTime": "5pm"}] * 20

    assert len(TOOLS["update_availability_rules"].read({"rules": windows}).read_as) == 16


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("list_bookings", {"limit": 500}, ["limit", "500", "100"]),
        ("create_availability_override", OVERRIDE | {"endTime": "midnight"}, ["endTime", "23:59"]),
        (
            "create_availability_override",
            {"date": "2026-12-02", "startTime": "2:30pm", "endTime": "3:30pm"},
            ["isBlocked", "14:30 to 15:30"],
        ),
        (
            "update_event_type",
            {"eventTypeId": "e1", "name": "X", "maxBookingsPerDay": None, "slug": ""},
            ["maxBookingsPerDay, slug"],
        ),
    ],
)
def test_changed_meaning_has_one_remark(tool: str, arguments: dict[str, Any], words: list[str]) -> None:
    [remark] = TOOLS[tool].read(arguments).remarks

    assert [word for word in words if word not in remark] == []


def test_suggestions_keep_the_verb() -> None:
    hints = {
        "listBookings": "list_bookings",
        "listbookings": "list_bookings",
        "cancelBooking": "cancel_booking",
        **dict.fromkeys(["deleteWorkflow", "deleteworkflow", "schedule_booking", "set_settings", "canceled_booking"]),
    }

    assert {name: suggest(name, TOOLS) for name in hints} == hints
