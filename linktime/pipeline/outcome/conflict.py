"""Advice for a refused write: the row that is in the way, or the nearest free times and why the wish is not free."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from ...answers import PAGE, record, records, rows
from ...message import Reply, Request, Send, get, utc
from .bookings import has_guest, is_cancelled, slug_of
from .comparison import days_around, instant
from .evidence import Write
from .free_times import Offer, closed_because
from .verification import bookings_around

_HELP_WITHIN: Final = 2.0  # s; help with a conflict is for when there is budget at once
_IN_DOUBT: Final = (
    "An earlier call may have booked this time for this guest. Look with list_bookings before you book another."
)
_HAS_IT: Final = "This guest has this time already, in the booking {}. Don't book another unless the user wants two."
_PAST: Final = "{} is in the past: it is {} now. Take a later time from check_availability."
_CANCELLED: Final = "This booking is cancelled already, which is final."
_NO_MOVE: Final = f"{_CANCELLED} Book a new meeting with create_booking."
_CONTACT: Final = "The contact with the id {} has this e-mail. Call update_contact with contactId {}{}."
_SLUG: Final = (
    "The event type with the id {} has this slug. Choose another slug, or call update_event_type for that one."
)
_HIDDEN_SLUG: Final = (
    "An inactive event type, which list_event_types does not show, has this slug. Choose another slug."
)


@dataclass(frozen=True, slots=True)
class _Help:
    """A refused *write*, and *look*, which makes the reads for the advice."""

    write: Write
    look: Send


async def advice(send: Send, write: Write, now: float) -> str:
    """Return what to do after a conflict, empty if nothing helps.

    Raises the errors of *send*, whose reads have 2 seconds after *now*.
    """

    async def look(read: Request) -> Reply:
        return await send(replace(read, deadline=now + _HELP_WITHIN))

    advise = _ADVICE.get((write.request.method, write.request.template))
    return await advise(_Help(write, look)) if advise else ""


async def _for_booking(help_: _Help) -> str:
    """Return the free times, unless another booking would be this guest's second one."""
    body, write = help_.write.body, help_.write
    if any(_is_same_meeting(body, rival) for rival in write.rivals()):
        return _IN_DOUBT
    if past := _past(write, body["startTime"]):
        return past
    booked = rows((await help_.look(bookings_around(body["startTime"]))).data)
    mine = next((row for row in booked if isinstance(row, dict) and _is_held(body, row)), None)
    if mine is not None:
        return _HAS_IT.format(mine.get("id", "of that time"))
    return await _times(help_.look, body["eventTypeSlug"], body["startTime"])


async def _for_move(help_: _Help) -> str:
    booking, start = await _booking(help_), help_.write.body["newStartTime"]
    if is_cancelled(booking):
        return _NO_MOVE
    if past := _past(help_.write, start):
        return past
    slug = slug_of(booking)
    return await _times(help_.look, slug, start) if slug else ""


async def _for_cancellation(help_: _Help) -> str:
    return f"{_CANCELLED} Nothing is left to do." if is_cancelled(await _booking(help_)) else ""


async def _for_contact(help_: _Help) -> str:
    """Return the contact that has the e-mail of the refused one."""
    email = help_.write.body.get("email", "")
    known = records((await help_.look(get("/contacts", search=email, limit=PAGE))).data)
    taken = [row["id"] for row in known if str(row.get("email")).lower() == email.lower() and "id" in row]
    if len(taken) != 1:
        return ""
    keep = ", or keep another e-mail for this one" if help_.write.ident else ""
    return _CONTACT.format(taken[0], taken[0], keep)


async def _for_event_type(help_: _Help) -> str:
    """Return the event type that has the slug of the refused one. The list shows active ones only."""
    slug = help_.write.body.get("slug", "").lower()
    known = records((await help_.look(get("/event-types"))).data)
    taken = [row["id"] for row in known if str(row.get("slug")).lower() == slug and "id" in row]
    return _SLUG.format(taken[0]) if taken else _HIDDEN_SLUG if slug else ""


_ADVICE: Final[Mapping[tuple[str, str], Callable[[_Help], Any]]] = {
    ("POST", "/bookings"): _for_booking,
    ("POST", "/bookings/{id}/reschedule"): _for_move,
    ("POST", "/bookings/{id}/cancel"): _for_cancellation,
    ("POST", "/contacts"): _for_contact,
    ("PATCH", "/contacts/{id}"): _for_contact,
    ("POST", "/event-types"): _for_event_type,
    ("PATCH", "/event-types/{id}"): _for_event_type,
}


async def _booking(help_: _Help) -> dict[str, Any]:
    return record((await help_.look(get("/bookings/{id}", help_.write.ident))).data)


def _past(write: Write, start: str) -> str:
    """Return the advice for a time that is over, empty for any other."""
    now = write.started.wall
    return _PAST.format(start, utc(now)) if datetime.fromisoformat(start) <= now else ""


def _is_held(body: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    at_that_time = instant(row.get("startTime")) == datetime.fromisoformat(body["startTime"])
    return at_that_time and has_guest(row, body["inviteeEmail"]) is True and not is_cancelled(row)


def _is_same_meeting(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    starts = {datetime.fromisoformat(body["startTime"]) for body in (one, other)}
    return len(starts) == 1 and one["inviteeEmail"].lower() == other["inviteeEmail"].lower()


async def _times(look: Send, slug: str, start: str) -> str:
    """Return the free times around *start*, after the reason why its day has none."""
    wish = datetime.fromisoformat(start)
    first, last = days_around(wish)
    offer = Offer.of(await look(get("/availability", event_type_slug=slug, from_=first, to=last)), wish)
    if offer is None:
        return ""
    reason = "" if offer.has_day else await closed_because(look, offer.day)
    return f"{reason} {offer}".lstrip()
