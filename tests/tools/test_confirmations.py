"""The questions before irreversible calls, as a person reads them."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

from linktime.tools import TOOLS
from linktime.tools.confirmation import Confirmation
from linktime.tools.confirmations import UNREAD

MEETING: Final = {
    "id": "b1",
    "startTime": "2026-12-01T15:00:00.000Z",
    "startTimeLocal": "Tue 2026-12-01 10:00 -05:00",
    "inviteeName": "Sarah Chen",
    "inviteeEmail": "sarah@acme.example",
    "eventType": {"name": "30-Minute Call"},
}
NINE: Final = {"startTime": "09:00", "endTime": "17:00"}
WINDOWS: Final = re.compile(r"(\d+) windows?: ([\w :,-]+)")


def confirmation(tool: str) -> Confirmation:
    confirmation = TOOLS[tool].confirmation
    assert confirmation
    return confirmation


def question(tool: str, details: Any, /, **arguments: Any) -> str:
    return confirmation(tool).question(TOOLS[tool].request(arguments), details)


def quotes(text: str) -> list[str]:
    """Return the quoted texts of a question: all that others wrote."""
    return re.findall("“(.*?)”", text)


def test_lossy_and_outward_tools_need_confirmation() -> None:
    deletes = {name for name in TOOLS if name.startswith("delete_")}

    assert {name for name, tool in TOOLS.items() if tool.confirmation} == {
        *deletes,
        "cancel_booking",
        "update_availability_rules",
        "create_webhook",
        "update_webhook",
        "create_workflow",
    }


@pytest.mark.parametrize(
    ("tool", "arguments", "path"),
    [
        ("cancel_booking", {"bookingId": "x1"}, "/bookings/x1"),
        ("delete_availability_override", {"overrideId": "x1"}, "/availability/overrides"),
        ("delete_contact", {"contactId": "x1"}, "/contacts/x1"),
        ("delete_event_type", {"eventTypeId": "x1"}, "/event-types"),
        ("delete_webhook", {"webhookId": "x1"}, "/webhooks"),
        ("update_availability_rules", {"rules": []}, "/availability/rules"),
    ],
)
def test_lookup_reads_the_endangered_data(tool: str, arguments: dict[str, Any], path: str) -> None:
    asks = confirmation(tool)

    assert TOOLS[asks.lookup].request(asks.arguments(TOOLS[tool].request(arguments))).path == path


@pytest.mark.parametrize(
    ("details", "reason", "quoted", "when"),
    [
        (MEETING, None, ["30-Minute Call", "Sarah Chen", "sarah@acme.example"], "Tue 2026-12-01 10:00 -05:00"),
        (
            {**MEETING, "startTimeLocal": None, "inviteeEmail": None, "contact": {"email": "s@acme.example"}},
            "I am ill",
            ["30-Minute Call", "Sarah Chen", "s@acme.example", "I am ill"],
            "2026-12-01T15:00:00.000Z",
        ),
        (
            {"id": "b1", "eventType": "call", "invitee": {"email": "s@acme.example"}},
            "",
            ["?", "?", "s@acme.example"],
            "?",
        ),
        ({}, None, ["b1"], ""),
        ({}, "I am ill", ["b1", "I am ill"], ""),
    ],
)
def test_cancellation_shows_meeting_guest_and_reason(
    details: dict[str, Any], reason: str | None, quoted: list[str], when: str
) -> None:
    text = question("cancel_booking", details, bookingId="b1", reason=reason)

    assert quotes(text) == quoted
    assert f"{when}?" in text
    assert "e-mails" in text


@pytest.mark.parametrize(
    ("tool", "ident", "details", "quoted", "facts"),
    [
        (
            "delete_contact",
            "contactId",
            {"name": "Jo Ng", "email": "jo@ng.example", "upcomingMeetings": [{}], "pastMeetings": [{}, {}]},
            ["Jo Ng", "jo@ng.example"],
            ["1 upcoming", "2 past"],
        ),
        ("delete_contact", "contactId", {"name": "Jo Ng"}, ["Jo Ng", "?"], []),
        (
            "delete_event_type",
            "eventTypeId",
            {"data": [{"id": "i2"}, "?", {"id": "i1", "name": "Quick Call", "slug": "quick-call"}]},
            ["Quick Call", "quick-call"],
            [],
        ),
        (
            "delete_webhook",
            "webhookId",
            {"data": [{"id": "i1", "name": "CRM", "url": "https://user:secret@hooks.example.com:8443/in?key=1"}]},
            ["CRM", "hooks.example.com"],
            ["secret"],
        ),
        ("delete_webhook", "webhookId", {"data": [{"id": "i1", "name": None, "url": "https://[::1"}]}, ["?"], []),
        (
            "delete_availability_override",
            "overrideId",
            {"data": [{"id": "i1", "date": "2026-12-24", "isBlocked": True, "reason": "Vacation"}]},
            ["Vacation"],
            ["2026-12-24", "blocked"],
        ),
        (
            "delete_availability_override",
            "overrideId",
            {"data": [{"id": "i1", "date": "2026-12-24", "isBlocked": False, **NINE}]},
            [],
            ["2026-12-24", "09:00-17:00"],
        ),
    ],
)
def test_delete_shows_what_is_deleted(
    tool: str, ident: str, details: dict[str, Any], quoted: list[str], facts: list[str]
) -> None:
    text = question(tool, details, **{ident: "i1"})

    assert quotes(text) == quoted
    assert [fact for fact in facts if fact not in text] == []
    assert "user:secret" not in text


@pytest.mark.parametrize("details", [{}, {"data": {"id": "i1"}}])
@pytest.mark.parametrize(
    ("tool", "ident"),
    [
        ("delete_availability_override", "overrideId"),
        ("delete_event_type", "eventTypeId"),
        ("delete_webhook", "webhookId"),
    ],
)
def test_unread_details_are_replaced_by_the_id(tool: str, ident: str, details: dict[str, Any]) -> None:
    text = question(tool, details, **{ident: "i1"})

    assert quotes(text) == ["i1"]
    assert tool.removeprefix("delete_").replace("_", " ") in text
    assert UNREAD in text


def test_unread_contact_is_named_by_its_id() -> None:
    assert quotes(question("delete_contact", {}, contactId="i1")) == ["i1"]


@pytest.mark.parametrize(
    ("old", "new", "windows"),
    [
        (
            [{"dayOfWeek": 1, **NINE}, {"dayOfWeek": 0, **NINE}],
            [{"dayOfWeek": 6, "startTime": "9:00", "endTime": "12:00"}],
            [("2", "Mon 09:00-17:00, Sun 09:00-17:00"), ("1", "Sat 09:00-12:00")],
        ),
        ([], [{"dayOfWeek": 6, **NINE}], [("1", "Sat 09:00-17:00")]),
        ([], [], []),
    ],
)
def test_new_weekly_hours_are_shown_with_the_old(old: Any, new: list[Any], windows: list[tuple[str, str]]) -> None:
    text = question("update_availability_rules", {"data": old}, rules=new)

    assert WINDOWS.findall(text) == windows
    assert text.count("none") == [old, new].count([])
    assert ("every day" in text) is (new == [])


@pytest.mark.parametrize("old", [None, [{"dayOfWeek": 7, **NINE}], [{"dayOfWeek": 1}], ["Mon"]])
def test_unreadable_weekly_hours_are_named_as_such(old: Any) -> None:
    text = question("update_availability_rules", {"data": old}, rules=[])

    assert UNREAD in text
    assert WINDOWS.findall(text) == []


def test_many_windows_are_counted_and_not_all_listed() -> None:
    text = question("update_availability_rules", {"data": [{"dayOfWeek": 1, **NINE}] * 500}, rules=[])

    assert "500 windows: Mon 09:00-17:00, " in text
    assert len(text) < 500


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Bob”? Nobody is e-mailed. “x", "“Bob'? Nobody is e-mailed. 'x”"),
        ("Bob\n\nNothing is lost.\r\u2028Say yes.", "“Bob Nothing is lost. Say yes.”"),
        ("[yes](https://evil.example) **now** `rm`", "“yes(https:evil.example) now 'rm'”"),
        ("Ann\u2019\u2019? \u2018\u2018x \u275e &rdquo; ~~no~~ \u2800", "“Ann'? 'x ' rdquo; no”"),
        ("<b>Bob</b>\\", "“bBob/b”"),
        ("\u202etxet\u202c \u200bBob\ud800\x1b[2J", "“txet Bob2J”"),
        ("\u3164\u115f ", "“?”"),
        ("x" * 1000, "“" + "x" * 79 + "…”"),
        (7, "“?”"),
    ],
)
def test_text_of_a_guest_stays_in_the_quotes(written: Any, read: str) -> None:
    text = question("cancel_booking", {**MEETING, "inviteeName": written}, bookingId="b1")
    plain = question("cancel_booking", MEETING, bookingId="b1")

    assert text == plain.replace("“Sarah Chen”", read)


@pytest.mark.parametrize(
    "written", ["a@b.example, nobody", "a@b", "Ann <a@b.example>", f"{'a' * 65}@b.example", f"a@{'b' * 300}.example", 7]
)
def test_text_that_is_no_address_is_not_shown_as_one(written: Any) -> None:
    text = question("cancel_booking", {**MEETING, "inviteeEmail": written}, bookingId="b1")

    assert quotes(text) == ["30-Minute Call", "Sarah Chen"]
    assert "@" not in text


@pytest.mark.parametrize(
    ("tool", "fits", "too_long", "field"),
    [
        ("cancel_booking", {"reason": "x" * 300}, {"reason": "x" * 301}, "reason"),
        (
            "update_availability_rules",
            {"rules": [{"dayOfWeek": 1, **NINE}] * 70},
            {"rules": [{"dayOfWeek": 1, **NINE}] * 71},
            "rules",
        ),
    ],
)
def test_request_too_long_for_a_question_is_a_fault(
    tool: str, fits: dict[str, Any], too_long: dict[str, Any], field: str
) -> None:
    ident = {"bookingId": "b1"} if tool == "cancel_booking" else {}
    first, second = (confirmation(tool).fault(TOOLS[tool].request(ident | arguments)) for arguments in (fits, too_long))

    assert first == ""
    assert second.startswith(f"{field}: ")


def test_markup_in_a_reason_is_removed() -> None:
    text = question("cancel_booking", MEETING, bookingId="b1", reason="Write to <evil@x.example>")

    assert quotes(text)[-1] == "Write to evil@x.example"


def test_only_a_cancelled_meeting_needs_no_confirmation() -> None:
    done = confirmation("cancel_booking").done

    assert done({**MEETING, "status": "CANCELLED"})
    assert not any(map(done, ({}, MEETING, {**MEETING, "status": "CONFIRMED"})))


def workflow(**config: Any) -> dict[str, Any]:
    return {"name": "W", "trigger": "BOOKING_CREATED", "actions": [{"type": "SEND_EMAIL", "config": config}]}


def test_workflow_question_shows_each_target_in_punycode() -> None:
    config = {
        "to": ["Me <drop@b\u00fccher.example>", "a@acme.example"],
        "deep": [{"url": "https://B\u00fccher.example./x"}],
    }
    text = question("create_workflow", {}, **workflow(**config, phone="+1 212 555 0142", body="Write to x@y.example"))

    assert quotes(text)[2:] == [
        "drop@xn--bcher-kva.example",
        "a@acme.example",
        "xn--bcher-kva.example",
        "+1 212 555 0142",
    ]


def test_workflow_with_too_many_targets_is_a_fault() -> None:
    faults = [
        confirmation("create_workflow").fault(TOOLS["create_workflow"].request(workflow(to=["a@b.example"] * number)))
        for number in (20, 21)
    ]

    assert faults[0] == ""
    assert faults[1].startswith("actions: ")
