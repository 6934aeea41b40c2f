"""Lean answers: without the fields that carry no information for the reader.

This is the last step of an answer. The layers below it, the verification of writes and the confirmations see it whole.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any, Final

from ...tools import Tool

_AUDIT: Final = frozenset({"createdAt", "createdAtLocal", "updatedAt", "updatedAtLocal"})
_AUDITED: Final = frozenset({"list_bookings", "list_contacts", "list_event_types", "list_webhooks", "list_workflows"})
"""The lists that lose the times of creation and last update. A message or a call may have no other time."""

_ENDS: Final = frozenset({"endTime", "endTimeLocal", "endTimeGuest"})
_POINTERS: Final = frozenset({"id", "company"})  # fields of a meeting's contact that get_booking has, too

Row = dict[str, Any]


def lean(tool: Tool, answer: Row) -> Row:
    """Return the *answer* of a read without fields that are null. Fields with an unknown name stay.

    1. Slots lose their end.
    2. The meetings of a contact do not repeat the contact.
    3. Items of a list lose the times of their creation and last update, and meetings their repeated fields.
    """
    if not tool.reads:
        return answer
    filled = _filled(answer) or answer
    match tool.name:
        case "check_availability":
            return _each(filled, "slots", _slot)
        case "get_contact":
            upcoming = _each(filled, "upcomingMeetings", lambda meeting: _without_contact(meeting, filled))
            return _each(upcoming, "pastMeetings", lambda meeting: _without_contact(meeting, filled))
        case "list_bookings":
            return _each(filled, "data", lambda meeting: _meeting(_without(meeting, _AUDIT)))
        case name if name in _AUDITED:
            return _each(filled, "data", lambda item: _without(item, _AUDIT))
        case _:
            return filled


def _filled(value: Any) -> Any:
    """Return a JSON value without the fields that are null, at any depth."""
    match value:
        case dict():
            return {name: _filled(each) for name, each in value.items() if each is not None}
        case list():
            return [_filled(each) for each in value]
        case _:
            return value


def _each(answer: Row, field: str, change: Callable[[Row], Row]) -> Row:
    """Return *answer* with a *change* of each object in the list *field*."""
    items = answer.get(field)
    if not isinstance(items, list):
        return answer
    return {**answer, field: [change(each) if isinstance(each, dict) else each for each in items]}


def _slot(slot: Row) -> Row:
    return _without(slot, _ENDS) if "startTime" in slot else slot


def _meeting(row: Row) -> Row:
    """Return a meeting without the fields that repeat others, or that state the usual.

    1. The location of its event type.
    2. A contact with the name and the address of the guest.
    3. That it does not recur.
    """
    repeated = {"isRecurring"} if row.get("isRecurring") is False else set()
    match row:
        case {"location": place, "eventType": {"locationType": same}} if place == same:
            repeated.add("location")
    match row:
        case {"contact": {"name": name, "email": email, **others}, "inviteeName": guest, "inviteeEmail": address} if (
            name,
            email,
        ) == (guest, address) and others.keys() <= _POINTERS:
            repeated.add("contact")
    return _without(row, repeated)


def _without_contact(meeting: Row, profile: Row) -> Row:
    """Return a meeting in a contact's *profile* without the fields of its contact that the profile has, too."""
    contact = meeting.get("contact")
    if not isinstance(contact, dict):
        return meeting
    rest = {name: value for name, value in contact.items() if value != profile.get(name)}
    return {**meeting, "contact": rest} if rest else _without(meeting, {"contact"})


def _without(row: Row, names: Container[str]) -> Row:
    return {name: value for name, value in row.items() if name not in names}
