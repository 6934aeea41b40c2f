"""The questions before what can't be undone, as a person reads them."""

from __future__ import annotations

from typing import Any, Final

import pytest

from linktime.tools import TOOLS

MEETING: Final = {
    "id": "b1",
    "startTime": "2026-12-01T15:00:00.000Z",
    "startTimeLocal": "Tue 2026-12-01 10:00 -05:00",
    "inviteeName": "Sarah Chen",
    "inviteeEmail": "sarah@acme.example",
    "eventType": {"name": "30-Minute Call"},
}
NINE: Final = {"startTime": "09:00", "endTime": "17:00"}


def question(tool: str, found: Any, /, **arguments: Any) -> str:
    asked = TOOLS[tool]
    assert asked.loss
    return asked.loss.told(asked.request(arguments), found)


def test_every_delete_the_cancellation_and_the_new_weekly_hours_are_asked_about_and_nothing_else() -> None:
    deletes = {name for name in TOOLS if name.startswith("delete_")}

    assert {name for name, tool in TOOLS.items() if tool.loss} == {
        *deletes,
        "cancel_booking",
        "update_availability_rules",
    }


def test_what_is_looked_at_is_read_by_a_tool_that_takes_the_id() -> None:
    calls: dict[str, dict[str, Any]] = {
        "cancel_booking": {"bookingId": "x1"},
        "delete_availability_override": {"overrideId": "x1"},
        "delete_contact": {"contactId": "x1"},
        "delete_event_type": {"eventTypeId": "x1"},
        "delete_webhook": {"webhookId": "x1"},
        "update_availability_rules": {"rules": []},
    }
    looks = {
        name: TOOLS[tool.loss.look].request(tool.loss.arguments(tool.request(arguments))).path
        for name, arguments in calls.items()
        if (tool := TOOLS[name]).loss
    }

    assert looks == {
        "cancel_booking": "/bookings/x1",
        "delete_availability_override": "/availability/overrides",
        "delete_contact": "/contacts/x1",
        "delete_event_type": "/event-types",
        "delete_webhook": "/webhooks",
        "update_availability_rules": "/availability/rules",
    }


@pytest.mark.parametrize(
    ("found", "reason", "told"),
    [
        (
            MEETING,
            None,
            (
                "Cancel the meeting “30-Minute Call” with “Sarah Chen” on Tue 2026-12-01 10:00 -05:00? "
                "“sarah@acme.example” will be e-mailed; it can't be taken back."
            ),
        ),
        (
            {**MEETING, "startTimeLocal": None, "inviteeEmail": None, "contact": {"email": "s@acme.example"}},
            "I am ill",
            (
                "Cancel the meeting “30-Minute Call” with “Sarah Chen” on 2026-12-01T15:00:00.000Z? "
                "“s@acme.example” will be e-mailed, with the reason “I am ill”; it can't be taken back."
            ),
        ),
        (
            {"id": "b1", "eventType": "call", "invitee": {"email": "s@acme.example"}},
            "",
            "Cancel the meeting “?” with “?” on ?? “s@acme.example” will be e-mailed; it can't be taken back.",
        ),
        (
            {},
            None,
            (
                "Cancel the meeting with the id “b1” (its details could not be read)? "
                "Its guest will be e-mailed; it can't be taken back."
            ),
        ),
    ],
)
def test_a_cancellation_tells_the_meeting_and_who_is_e_mailed(
    found: dict[str, Any], reason: str | None, told: str
) -> None:
    assert question("cancel_booking", found, bookingId="b1", reason=reason) == told


@pytest.mark.parametrize(
    ("tool", "ident", "found", "told"),
    [
        (
            "delete_contact",
            "contactId",
            {"name": "Jo Ng", "email": "jo@ng.example", "upcomingMeetings": [{}], "pastMeetings": [{}, {}]},
            (
                "Delete the contact “Jo Ng” (“jo@ng.example”), who has 1 upcoming and 2 past meetings, for good? "
                "What is noted of them is lost. Nobody is e-mailed."
            ),
        ),
        (
            "delete_contact",
            "contactId",
            {"name": "Jo Ng"},
            "Delete the contact “Jo Ng” (“?”) for good? What is noted of them is lost. Nobody is e-mailed.",
        ),
        (
            "delete_event_type",
            "eventTypeId",
            {"data": [{"id": "i2"}, "?", {"id": "i1", "name": "Quick Call", "slug": "quick-call"}]},
            (
                "Delete the event type “Quick Call” (“quick-call”) for good? Guests can't book it any more; "
                "meetings already booked stay. Nobody is e-mailed."
            ),
        ),
        (
            "delete_webhook",
            "webhookId",
            {"data": [{"id": "i1", "name": "CRM", "url": "https://user:secret@hooks.example.com:8443/in?key=1"}]},
            (
                "Delete the webhook “CRM” to “hooks.example.com” for good? It is called no more, and its secret is "
                "lost. Nobody is e-mailed."
            ),
        ),
        (
            "delete_webhook",
            "webhookId",
            {"data": [{"id": "i1", "name": None, "url": "https://[::1"}]},
            "Delete the webhook to “?” for good? It is called no more, and its secret is lost. Nobody is e-mailed.",
        ),
        (
            "delete_availability_override",
            "overrideId",
            {"data": [{"id": "i1", "date": "2026-12-24", "isBlocked": True, "reason": "Vacation"}]},
            (
                "Delete the availability override of 2026-12-24 (blocked, “Vacation”)? The weekly hours hold again for "
                "that date. Nobody is e-mailed."
            ),
        ),
        (
            "delete_availability_override",
            "overrideId",
            {"data": [{"id": "i1", "date": "2026-12-24", "isBlocked": False, **NINE}]},
            (
                "Delete the availability override of 2026-12-24 (09:00-17:00)? The weekly hours hold again for that "
                "date. Nobody is e-mailed."
            ),
        ),
        (
            "delete_availability_override",
            "overrideId",
            {"data": {"id": "i1"}},
            (
                "Delete the availability override with the id “i1” (its details could not be read)? The weekly hours "
                "hold again. Nobody is e-mailed."
            ),
        ),
    ],
)
def test_a_delete_tells_what_goes_by_its_name(tool: str, ident: str, found: dict[str, Any], told: str) -> None:
    assert question(tool, found, **{ident: "i1"}) == told


@pytest.mark.parametrize(
    ("tool", "ident"),
    [("delete_contact", "contactId"), ("delete_event_type", "eventTypeId"), ("delete_webhook", "webhookId")],
)
def test_what_could_not_be_read_is_told_by_its_id(tool: str, ident: str) -> None:
    kind = tool.removeprefix("delete_").replace("_", " ")

    told = question(tool, {}, **{ident: "i1"})

    assert told.startswith(f"Delete the {kind} with the id “i1” (its details could not be read) for good? ")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            [{"dayOfWeek": 1, **NINE}, {"dayOfWeek": 0, **NINE}],
            [{"dayOfWeek": 6, "startTime": "9:00", "endTime": "12:00"}],
            "(2 windows: Mon 09:00-17:00, Sun 09:00-17:00) by 1 window: Sat 09:00-12:00? The old ones",
        ),
        ([], [], "(none) by none? That closes every day. The old ones"),
        (None, [], "(which could not be read) by none? That closes every day. The old ones"),
        ([{"dayOfWeek": 7, **NINE}], [], "(which could not be read) by none? That"),
        ([{"dayOfWeek": 1}], [], "(which could not be read) by none? That"),
        (["Mon"], [], "(which could not be read) by none? That"),
    ],
)
def test_new_weekly_hours_stand_beside_those_they_replace(old: Any, new: list[Any], told: str) -> None:
    asked = question("update_availability_rules", {"data": old}, rules=new)

    assert asked.startswith(f"Replace all weekly hours {told}")


def test_very_many_windows_are_counted_and_not_all_listed() -> None:
    asked = question("update_availability_rules", {"data": [{"dayOfWeek": 1, **NINE}] * 500}, rules=[])

    assert "(500 windows: Mon 09:00-17:00, " in asked
    assert len(asked) < 500


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
def test_nobody_can_speak_in_the_question_but_in_quotes(written: Any, read: str) -> None:
    told = question("cancel_booking", {**MEETING, "inviteeName": written}, bookingId="b1")

    assert told == (
        f"Cancel the meeting “30-Minute Call” with {read} on Tue 2026-12-01 10:00 -05:00? "
        "“sarah@acme.example” will be e-mailed; it can't be taken back."
    )


@pytest.mark.parametrize(
    "written", ["a@b.example, nobody", "a@b", "Ann <a@b.example>", f"{'a' * 65}@b.example", f"a@{'b' * 300}.example", 7]
)
def test_what_is_no_address_is_not_told_as_one(written: Any) -> None:
    told = question("cancel_booking", {**MEETING, "inviteeEmail": written}, bookingId="b1")

    assert told.endswith("? The guest will be e-mailed; it can't be taken back.")


def test_what_could_not_be_told_whole_is_refused() -> None:
    given: list[tuple[str, dict[str, Any]]] = [
        ("cancel_booking", {"bookingId": "b1", "reason": "x" * 300}),
        ("cancel_booking", {"bookingId": "b1", "reason": "x" * 301}),
        ("update_availability_rules", {"rules": [{"dayOfWeek": 1, **NINE}] * 70}),
        ("update_availability_rules", {"rules": [{"dayOfWeek": 1, **NINE}] * 71}),
    ]

    faults = [(tool := TOOLS[name]).loss and tool.loss.fault(tool.request(arguments)) for name, arguments in given]

    assert faults == [
        "",
        "reason: should have at most 300 characters, for the user is asked about it",
        "",
        "rules: should be at most 70 windows, for the user is asked about each",
    ]


def test_a_reason_is_told_whatever_it_looks_like() -> None:
    told = question("cancel_booking", MEETING, bookingId="b1", reason="Write to <evil@x.example>")

    assert "e-mailed, with the reason “Write to evil@x.example”;" in told
