"""Advice for a refused write: the row that is in the way, or the nearest free times and why the wish is not free."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ...answers import PAGE, record, records
from ...message import Send, get
from ...wallclock import utc
from .. import routes
from .bookings import bookings_around, has_guest, is_cancelled, slug_of
from .comparison import days_around, instant
from .free_times import Offer, reason_of
from .verification import Write

_IN_DOUBT: Final = (
    "An earlier call may have booked this time for this guest. Look with list_bookings before you book another."
)
NO_FREE_TIME: Final = "LinkTime shows no free time around it."
_HAS_IT: Final = "This guest has this time already, in the booking {}. Don't book another unless the user wants two."
_PAST: Final = "{} is in the past: it is {} now. Take a later time from check_availability."
_CANCELLED: Final = "This booking is cancelled already, which is final."
_NO_MOVE: Final = f"{_CANCELLED} Book a new meeting with create_booking."
_NO_CANCELLATION: Final = f"{_CANCELLED} Nothing is left to do."
_CONTACT: Final = "The contact with the id {0} has this e-mail. Call update_contact with contactId {0}."
_OTHER_CONTACT: Final = "The contact with the id {} has this e-mail. Call get_contact for it, or use another e-mail."
_SLUG: Final = "The event type with the id {} has this slug. Use another slug, or call update_event_type for that one."
_HIDDEN_SLUG: Final = "An inactive event type, which list_event_types does not show, has this slug. Use another slug."


async def after_booking(send: Send, write: Write) -> str:
    """Return the free times, unless another booking would be this guest's second one. Raises the errors of *send*."""
    body = write.body
    # 1. An equal meeting is in doubt: another time could make a second booking.
    # 2. The guest has this time already, by an earlier call or by another person.
    # 3. Another guest has the time: the free times around it help.
    if any(_is_same_meeting(body, rival) for rival in write.rivals()):
        return _IN_DOUBT
    around = await send(bookings_around(body["startTime"]))
    mine = next((row for row in records(around.data) if _is_held(body, row)), None)
    if mine is not None:
        return _HAS_IT.format(mine.get("id", "of that time"))
    past = _past(body["startTime"], around.date or write.started.wall)
    return past or await _times(send, body["eventTypeSlug"], body["startTime"])


async def after_rescheduling(send: Send, write: Write) -> str:
    """Return the free times of the booking's event type, empty if that is unknown. Raises the errors of *send*."""
    reply = await send(get(routes.BOOKING, write.ident))
    booking, start = record(reply.data), write.body["newStartTime"]
    if is_cancelled(booking):
        return _NO_MOVE
    slug = slug_of(booking)
    past = _past(start, reply.date or write.started.wall)
    return past or (await _times(send, slug, start) if slug else "")


async def after_cancelling(send: Send, write: Write) -> str:
    """Return whether the booking is cancelled already. Raises the errors of *send*."""
    booking = record((await send(get(routes.BOOKING, write.ident))).data)
    return _NO_CANCELLATION if is_cancelled(booking) else ""


async def after_contact(send: Send, write: Write) -> str:
    """Return the id of the contact that has the e-mail. Raises the errors of *send*."""
    email = write.body.get("email", "")
    known = records((await send(get(routes.CONTACTS, search=email, limit=PAGE))).data)
    taken = [row["id"] for row in known if str(row.get("email")).lower() == email.lower() and "id" in row]
    advice = _OTHER_CONTACT if write.ident else _CONTACT
    return advice.format(taken[0]) if len(taken) == 1 else ""


async def after_event_type(send: Send, write: Write) -> str:
    """Return the id of the active event type that has the slug. Raises the errors of *send*."""
    slug = write.body.get("slug", "").lower()
    known = records((await send(get(routes.EVENT_TYPES))).data)
    taken = [row["id"] for row in known if str(row.get("slug")).lower() == slug and "id" in row]
    return _SLUG.format(taken[0]) if taken else _HIDDEN_SLUG if slug else ""


def _past(start: str, now: datetime) -> str:
    """Return the advice for a time before *now*, empty for any other."""
    return _PAST.format(start, utc(now)) if datetime.fromisoformat(start) <= now else ""


def _is_held(body: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    at_that_time = instant(row.get("startTime")) == datetime.fromisoformat(body["startTime"])
    return at_that_time and has_guest(row, body["inviteeEmail"]) is True and not is_cancelled(row)


def _is_same_meeting(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    starts = {datetime.fromisoformat(body["startTime"]) for body in (one, other)}
    return len(starts) == 1 and one["inviteeEmail"].lower() == other["inviteeEmail"].lower()


async def _times(send: Send, slug: str, start: str) -> str:
    """Return the free times around *start*, after the reason why its day has none."""
    wish = datetime.fromisoformat(start)
    first, last = days_around(wish)
    reply = await send(get(routes.AVAILABILITY, event_type_slug=slug, from_=first, to=last))
    if (offer := Offer.of(reply, wish)) is None:
        return ""
    reason = "" if offer.day is None or offer.has_day else await reason_of(send, offer.day)
    return f"{reason} {offer}".lstrip()
