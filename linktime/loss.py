"""What can't be undone, in words for the person who is asked before it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import orjson

from .message import Request
from .sanitize import plain, quoted

_ADDRESS: Final = re.compile(r"[\w.+%'-]{1,64}@[\w-]+(\.[\w-]+)+")
_LONGEST_ADDRESS: Final = 254  # characters; RFC 5321
_LONGEST_REASON: Final = 300  # characters
_MOST_WINDOWS: Final = 70  # ten for each day
_MOST_LOST: Final = 21  # windows that are listed of those that go
_DAYS: Final = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")

Found = Mapping[str, Any]
Told = Callable[[Request, Found], str]
"""Tells what a request takes away, by what was found; where nothing could be read, that is empty."""


class Loss(NamedTuple):
    """What a tool takes away for good: *told* puts it as a question, from the request and the answer of *look*.

    *look* is the name of a tool that reads, *ident* its argument that takes the id, if it takes one. *fault* says why a
    request can't be shown whole, so that nobody could say yes to all of it.
    """

    look: str
    told: Told
    ident: str = ""
    fault: Callable[[Request], str] = lambda _: ""

    def arguments(self, request: Request) -> Mapping[str, Any]:
        """Give the arguments of the look."""
        return {self.ident: request.ident} if self.ident else {}

    def gist(self, request: Request, found: Found) -> str:
        """Word the question without local times, which depend on whether the zone is known."""
        return self.told(request, {name: value for name, value in found.items() if not name.endswith("Local")})


def _meeting(request: Request, found: Found) -> str:
    reason = _given(request, "reason")
    mail = f"will be e-mailed, with the reason {quoted(reason, _LONGEST_REASON)}" if reason else "will be e-mailed"
    if not found:
        return f"Cancel {_unread('meeting', request)}? Its guest {mail}; it can't be taken back."
    title, guest = _at(found, "eventType", "name"), found.get("inviteeName")
    when = plain(found.get("startTimeLocal") or found.get("startTime"))
    return (
        f"Cancel the meeting {quoted(title)} with {quoted(guest)} on {when}? "
        f"{_guests_address(found)} {mail}; it can't be taken back."
    )


def _event_type(request: Request, found: Found) -> str:
    item = _item(found, request.ident)
    what = f"the event type {_called(item, 'slug')}" if item else _unread("event type", request)
    return f"Delete {what} for good? Guests can't book it any more; meetings already booked stay. Nobody is e-mailed."


def _contact(request: Request, found: Found) -> str:
    what = f"the contact {_called(found, 'email')}{_meetings(found)}" if found else _unread("contact", request)
    return f"Delete {what} for good? What is noted of them is lost. Nobody is e-mailed."


def _webhook(request: Request, found: Found) -> str:
    item = _item(found, request.ident)
    name = f"{quoted(item['name'])} " if item.get("name") else ""
    what = f"the webhook {name}to {quoted(_host(item.get('url')))}" if item else _unread("webhook", request)
    return f"Delete {what} for good? It is called no more, and its secret is lost. Nobody is e-mailed."


def _override(request: Request, found: Found) -> str:
    item = _item(found, request.ident)
    if not item:
        return f"Delete {_unread('availability override', request)}? The weekly hours hold again. Nobody is e-mailed."
    hours = "blocked" if item.get("isBlocked") else f"{plain(item.get('startTime'))}-{plain(item.get('endTime'))}"
    reason = f", {quoted(item['reason'])}" if item.get("reason") else ""
    return (
        f"Delete the availability override of {plain(item.get('date'))} ({hours}{reason})? "
        "The weekly hours hold again for that date. Nobody is e-mailed."
    )


def _weekly_hours(request: Request, found: Found) -> str:
    new = _given(request, "rules")
    lost = _windows(found.get("data"), _MOST_LOST) or "which could not be read"
    return (
        f"Replace all weekly hours ({lost}) by {_windows(new, _MOST_WINDOWS)}? "
        f"{'' if new else 'That closes every day. '}The old ones are lost. Nobody is e-mailed."
    )


def _long_reason(request: Request) -> str:
    fits = len(_given(request, "reason") or "") <= _LONGEST_REASON
    return "" if fits else f"reason: should have at most {_LONGEST_REASON} characters, for the user is asked about it"


def _many_windows(request: Request) -> str:
    fits = len(_given(request, "rules")) <= _MOST_WINDOWS
    return "" if fits else f"rules: should be at most {_MOST_WINDOWS} windows, for the user is asked about each"


def _given(request: Request, field: str) -> Any:
    return orjson.loads(request.body or b"{}").get(field)


def _unread(kind: str, request: Request) -> str:
    return f"the {kind} with the id {quoted(request.ident)} (its details could not be read)"


def _called(item: Found, other: str) -> str:
    return f"{quoted(item.get('name'))} ({_address(item.get(other)) or quoted(item.get(other))})"


def _meetings(found: Found) -> str:
    counts = [len(each) for name in ("upcomingMeetings", "pastMeetings") if isinstance(each := found.get(name), list)]
    return f", who has {counts[0]} upcoming and {counts[1]} past meetings," if len(counts) == 2 else ""


def _guests_address(booking: Found) -> str:
    told = (booking.get("inviteeEmail"), _at(booking, "invitee", "email"), _at(booking, "contact", "email"))
    return next((address for each in told if (address := _address(each))), "The guest")


def _address(text: Any) -> str:
    """Quote an e-mail address as it is if it is one, and can be nothing else."""
    fits = isinstance(text, str) and len(text) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(text)
    return f"“{text}”" if fits else ""


def _host(url: Any) -> str:
    try:
        return urlsplit(url).hostname or "" if isinstance(url, str) else ""
    except ValueError:
        return ""


def _windows(rules: Any, most: int) -> str:
    """Tell windows in a few words, the first ones by their hours; nothing if they are none."""
    if not isinstance(rules, list):
        return ""
    try:
        told = [f"{_DAYS[each['dayOfWeek']]} {plain(each['startTime'])}-{plain(each['endTime'])}" for each in rules]
    except (KeyError, TypeError, IndexError):
        return ""
    listed = ", ".join(told[:most] + ["…"] * (len(told) > most))
    return f"{len(told)} window{'s' * (len(told) > 1)}: {listed}" if told else "none"


def _item(found: Found, ident: str) -> Found:
    items = found.get("data")
    mine = (each for each in items if isinstance(each, Mapping)) if isinstance(items, list) else ()
    return next((each for each in mine if each.get("id") == ident), {})


def _at(found: Found, *path: str) -> Any:
    value: Any = found
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


MEETING: Final = Loss("get_booking", _meeting, "bookingId", _long_reason)
EVENT_TYPE: Final = Loss("list_event_types", _event_type)
CONTACT: Final = Loss("get_contact", _contact, "contactId")
WEBHOOK: Final = Loss("list_webhooks", _webhook)
OVERRIDE: Final = Loss("list_availability_overrides", _override)
WEEKLY_HOURS: Final = Loss("get_availability_rules", _weekly_hours, fault=_many_windows)
