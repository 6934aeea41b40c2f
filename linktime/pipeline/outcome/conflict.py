"""Advice for a refused write: the nearest free times, unless the guest has the meeting already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from ...answers import record, rows
from ...message import Send, get, utc
from ...wallclock import formatted, zone_named
from .. import routes
from .bookings import bookings_around, has_guest, is_cancelled, slug_of
from .comparison import days_around, instant
from .verification import Write

_OFFERED: Final = 5  # times
_IN_DOUBT: Final = (
    "An earlier call may have booked this time for this guest. Look with list_bookings before you book another."
)
_HAS_IT: Final = "This guest has this time already, in the booking {}. Don't book another unless the user wants two."


async def after_booking(send: Send, write: Write) -> str:
    """Return the free times, unless another booking would be this guest's second one. Raises the errors of *send*."""
    body = write.body
    if any(_is_same_meeting(body, rival) for rival in write.rivals()):
        return _IN_DOUBT
    booked = rows((await send(bookings_around(body["startTime"]))).data)
    mine = next((row for row in booked if isinstance(row, dict) and _is_held(body, row)), None)
    if mine is not None:
        return _HAS_IT.format(mine.get("id", "of that time"))
    return await _times(send, body["eventTypeSlug"], body["startTime"])


async def after_rescheduling(send: Send, write: Write) -> str:
    """Return the free times of the booking's event type, empty if that is unknown. Raises the errors of *send*."""
    booking = record((await send(get(routes.BOOKING, write.ident))).data)
    slug = None if is_cancelled(booking) else slug_of(booking)
    return await _times(send, slug, write.body["newStartTime"]) if slug else ""


def _is_held(body: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    at_that_time = instant(row.get("startTime")) == datetime.fromisoformat(body["startTime"])
    return at_that_time and has_guest(row, body["inviteeEmail"]) is True and not is_cancelled(row)


def _is_same_meeting(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    starts = {datetime.fromisoformat(body["startTime"]) for body in (one, other)}
    return len(starts) == 1 and one["inviteeEmail"].lower() == other["inviteeEmail"].lower()


async def _times(send: Send, slug: str, start: str) -> str:
    wish = datetime.fromisoformat(start)
    first, last = days_around(wish)
    reply = await send(get(routes.AVAILABILITY, event_type_slug=slug, from_=first, to=last))
    match record(reply.data):
        case {"slots": list(slots), **others}:
            return _listed(slots, wish, zone_named(others.get("timezone")))
        case _:
            return ""


def _listed(slots: list[Any], wish: datetime, zone: ZoneInfo | None) -> str:
    starts = {instant(slot.get("startTime")) for slot in slots if isinstance(slot, dict)} - {None, wish}
    free = sorted((start for start in starts if start), key=lambda start: abs(start - wish))[:_OFFERED]
    times = ", ".join(utc(start) + (f" ({formatted(start, zone)})" if zone else "") for start in sorted(free))
    return f"Nearest free times: {times}." if times else "LinkTime shows no free time around it."
