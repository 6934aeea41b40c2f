"""The questions before a call that is irreversible or sends guests' data out.

They are in one file, because they are a table whose rows share the words and the readers of the details.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import orjson

from ..answers import records, rows
from ..message import Request
from ..sanitize import plain, quoted
from . import action_config
from .confirmation import Confirmation, Details
from .targets import canonical_host

_ADDRESS: Final = re.compile(r"[\w.+%'-]{1,64}@[\w-]+(\.[\w-]+)+")
_LONGEST_ADDRESS: Final = 254  # characters; RFC 5321
_LONGEST_HOST: Final = 253  # characters; RFC 1035
_LONGEST_REASON: Final = 300  # characters
_MOST_WINDOWS: Final = 70  # ten for each day
_MOST_ACTIONS: Final = 5  # as many as a workflow has
_MOST_TARGETS: Final = 20  # addresses of a workflow
_MOST_OLD_WINDOWS: Final = 21  # windows to be replaced that a question lists
_DAYS: Final = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_NO_MAIL: Final = "No e-mail is sent."
UNREAD: Final = "could not be read"


def _meeting(request: Request, details: Details) -> str:
    reason = _field(request, "reason")
    end = f" with the reason {quoted(reason, _LONGEST_REASON)}" if reason else ""
    # The details could not be read: the question has only the id.
    if not details:
        return f"Cancel {_unread('meeting', request)}? LinkTime e-mails its guest{end}. This cannot be undone."
    title, guest = _at(details, "eventType", "name"), details.get("inviteeName")
    when = plain(details.get("startTimeLocal") or details.get("startTime"))
    return (
        f"Cancel the meeting {quoted(title)} with {quoted(guest)} on {when}? "
        f"LinkTime e-mails {_guests_address(details)}{end}. This cannot be undone."
    )


def _is_cancelled(details: Details) -> str:
    cancelled = details.get("status") == "CANCELLED"
    return (
        "this meeting is already cancelled, so no request was sent. Call get_booking for its details."
        if cancelled
        else ""
    )


def _event_type(request: Request, details: Details) -> str:
    item = _item(details, request.ident)
    what = f"the event type {_called(item, 'slug')}" if item else _unread("event type", request)
    return f"Delete {what} for good? Guests can no longer book it. Booked meetings stay. {_NO_MAIL}"


def _contact(request: Request, details: Details) -> str:
    what = f"the contact {_called(details, 'email')}{_meetings(details)}" if details else _unread("contact", request)
    return f"Delete {what} for good? Its notes are lost. {_NO_MAIL}"


def _webhook(request: Request, details: Details) -> str:
    item = _item(details, request.ident)
    name = f"{quoted(item['name'])} " if item.get("name") else ""
    what = f"the webhook {name}to {quoted(_host(item.get('url')))}" if item else _unread("webhook", request)
    return f"Delete {what} for good? LinkTime no longer calls it, and its secret is lost. {_NO_MAIL}"


def _new_webhook(request: Request, _: Details) -> str:
    name = f"{quoted(_field(request, 'name'))} " if _field(request, "name") else ""
    return f"Create a webhook {name}that sends guests' data to {quoted(_host(_field(request, 'url')), _LONGEST_HOST)}?"


def _other_url(request: Request, details: Details) -> str:
    item = _item(details, request.ident)
    name = f" {quoted(item['name'])}" if item.get("name") else ""
    what = f"the webhook{name} to {quoted(_host(item.get('url')))}" if item else _unread("webhook", request)
    return f"Change {what}, so that it sends guests' data to {quoted(_host(_field(request, 'url')), _LONGEST_HOST)}?"


def _new_workflow(request: Request, _: Details) -> str:
    actions = "; ".join(map(_action, _field(request, "actions")[:_MOST_ACTIONS]))
    return (
        f"Create the workflow {quoted(_field(request, 'name'))} on {quoted(_field(request, 'trigger'))}: {actions}? "
        "Once enabled it sends guests' data or contacts guests."
    )


def _action(action: Details) -> str:
    """Return the type of an action with the hosts, e-mail addresses and phone numbers that it goes to."""
    targets = [quoted(_target(each), _LONGEST_ADDRESS) for each in action_config.targets(action["config"])]
    goes = f" to {', '.join(targets)}" if targets else ""
    return f"{plain(action['type'])}{goes}"


def _target(text: str) -> str:
    """Return the host of a URL, an e-mail address with its host, or *text* itself, with each host in ASCII."""
    local, at, host = text.rpartition("@")
    if "/" in text or not at:
        return _host(text) if "/" in text else text
    return f"{local}@{_host(f'//{host}') or host}"


def _changes_url(request: Request) -> bool:
    return _field(request, "url") is not None


def _override(request: Request, details: Details) -> str:
    item = _item(details, request.ident)
    if not item:
        return f"Delete {_unread('availability override', request)}? The weekly hours apply again. {_NO_MAIL}"
    hours = "blocked" if item.get("isBlocked") else f"{plain(item.get('startTime'))}-{plain(item.get('endTime'))}"
    reason = f", {quoted(item['reason'])}" if item.get("reason") else ""
    return (
        f"Delete the availability override of {plain(item.get('date'))} ({hours}{reason})? "
        f"The weekly hours apply again on that date. {_NO_MAIL}"
    )


def _weekly_hours(request: Request, details: Details) -> str:
    new = _field(request, "rules")
    old = _windows(rows(details), _MOST_OLD_WINDOWS) or f"which {UNREAD}"
    return (
        f"Replace all weekly hours ({old}) by {_windows(new, _MOST_WINDOWS)}? "
        f"{'' if new else 'This closes every day. '}The old hours are lost. {_NO_MAIL}"
    )


def _long_reason(request: Request) -> str:
    # The question has to show the whole reason, since the guest may see it.
    fits = len(_field(request, "reason") or "") <= _LONGEST_REASON
    return "" if fits else f"reason: should have at most {_LONGEST_REASON} characters, since the user has to confirm it"


def _many_windows(request: Request) -> str:
    fits = len(_field(request, "rules")) <= _MOST_WINDOWS
    return "" if fits else f"rules: should be at most {_MOST_WINDOWS} windows, since the user has to confirm each"


def _many_targets(request: Request) -> str:
    fits = sum(len(action_config.targets(each["config"])) for each in _field(request, "actions")) <= _MOST_TARGETS
    return "" if fits else f"actions: should have at most {_MOST_TARGETS} addresses, since the user has to confirm each"


def _field(request: Request, field: str) -> Any:
    return orjson.loads(request.body or b"{}").get(field)


def _unread(kind: str, request: Request) -> str:
    return f"the {kind} with the id {quoted(request.ident)} (its details {UNREAD})"


def _called(item: Details, other: str) -> str:
    return f"{quoted(item.get('name'))} ({_address(item.get(other)) or quoted(item.get(other))})"


def _meetings(details: Details) -> str:
    # Counts are shown only if both lists are in the answer.
    counts = [len(each) for name in ("upcomingMeetings", "pastMeetings") if isinstance(each := details.get(name), list)]
    return f", who has {counts[0]} upcoming and {counts[1]} past meetings," if len(counts) == 2 else ""


def _guests_address(booking: Details) -> str:
    # The documents disagree about the place of the address.
    places = (booking.get("inviteeEmail"), _at(booking, "invitee", "email"), _at(booking, "contact", "email"))
    return next((address for each in places if (address := _address(each))), "the guest")


def _address(text: Any) -> str:
    """Return *text* in quotes if the whole of it is an e-mail address, otherwise an empty text."""
    fits = isinstance(text, str) and len(text) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(text)
    return f"“{text}”" if fits else ""


def _host(url: Any) -> str:
    """Return the host of *url* as LinkTime will call it, so that no letter looks like another one."""
    try:
        return canonical_host(url) if isinstance(url, str) else ""
    except ValueError:
        return ""


def _windows(rules: Any, most: int) -> str:
    """Return the number of windows, with the hours of the first, or an empty text if *rules* are not windows."""
    if not isinstance(rules, list):
        return ""
    try:
        hours = [f"{_DAYS[each['dayOfWeek']]} {plain(each['startTime'])}-{plain(each['endTime'])}" for each in rules]
    except (KeyError, TypeError, IndexError):
        return ""
    # The number of windows is always exact, even if the list is cut.
    listed = ", ".join(hours[:most] + ["…"] * (len(hours) > most))
    return f"{len(hours)} window{'s' * (len(hours) > 1)}: {listed}" if hours else "none"


def _item(details: Details, ident: str) -> Details:
    return next((each for each in records(details) if each.get("id") == ident), {})


def _at(details: Details, *path: str) -> Any:
    value: Any = details
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


MEETING: Final = Confirmation("get_booking", _meeting, "bookingId", _long_reason, _is_cancelled)
EVENT_TYPE: Final = Confirmation("list_event_types", _event_type)
CONTACT: Final = Confirmation("get_contact", _contact, "contactId")
WEBHOOK: Final = Confirmation("list_webhooks", _webhook)
NEW_WEBHOOK: Final = Confirmation("", _new_webhook, targets=partial(_field, field="url"))
OTHER_URL: Final = Confirmation("list_webhooks", _other_url, needed=_changes_url, targets=partial(_field, field="url"))
NEW_WORKFLOW: Final = Confirmation("", _new_workflow, fault=_many_targets, targets=partial(_field, field="actions"))
OVERRIDE: Final = Confirmation("list_availability_overrides", _override)
WEEKLY_HOURS: Final = Confirmation("get_availability_rules", _weekly_hours, fault=_many_windows)
