"""Bookings near a time, and their rows, which may show their guest and event type in several ways."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ...answers import PAGE
from ...message import Request, get
from .. import routes
from .comparison import Verdict, days_around


def bookings_around(start: str) -> Request:
    """Return the read of all bookings near a start, whatever their status."""
    first, last = days_around(datetime.fromisoformat(start))
    return get(routes.BOOKINGS, limit=PAGE, status="all", from_=first, to=last)


def untagged(email: str) -> str:
    """Return an address without the tag that follows a plus sign."""
    return re.sub(r"\+[^@]*", "", email)


def has_guest(row: Mapping[str, Any], email: str) -> Verdict:
    """Return whether a booking is of this guest, None if it shows no address or the same one without its tag."""
    people = (row.get(name) for name in ("contact", "invitee", "guest"))
    shown = [row.get("inviteeEmail"), *(person.get("email") for person in people if isinstance(person, dict))]
    known = [address.lower() for address in shown if isinstance(address, str)]
    if email.lower() in known:
        return True
    return None if not known or untagged(email.lower()) in map(untagged, known) else False


def slug_of(row: Mapping[str, Any]) -> str | None:
    """Return the slug of a booking's event type, None if it isn't shown."""
    match row:
        case {"eventType": {"slug": str(slug)}} | {"eventTypeSlug": str(slug)}:
            return slug
        case _:
            return None


def is_cancelled(row: Mapping[str, Any]) -> bool:
    """Return whether a booking is shown as cancelled."""
    return str(row.get("status")).upper().startswith("CANCEL")
