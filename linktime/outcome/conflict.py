"""What to offer where a time is taken: the free times nearest to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from ..message import Request, Send, get, utc
from ..wallclock import shown, zone_named
from .fields import days_around, instant, record
from .judges import Write, is_cancelled, slug_of

_OFFERED: Final = 5


async def offer(send: Send, request: Request) -> str:
    """Tell the free times nearest to the one that *request* asked for; nothing where that can't be told."""
    write = Write.of(request)
    match request.method, request.template:
        case "POST", "/bookings":
            return await _around(send, write.body["eventTypeSlug"], write.body["startTime"])
        case "POST", "/bookings/{id}/reschedule":
            booking = record((await send(get("/bookings/{id}", write.ident))).data)
            slug = None if is_cancelled(booking) else slug_of(booking)
            return await _around(send, slug, write.body["newStartTime"]) if slug else ""
        case _:
            return ""


async def _around(send: Send, slug: str, start: str) -> str:
    wish = datetime.fromisoformat(start)
    first, last = days_around(wish)
    reply = await send(get("/availability", event_type_slug=slug, from_=first, to=last))
    match record(reply.data):
        case {"slots": list(slots), **others}:
            return _told(slots, wish, zone_named(others.get("timezone")))
        case _:
            return ""


def _told(slots: list[Any], wish: datetime, zone: ZoneInfo | None) -> str:
    starts = {instant(slot.get("startTime")) for slot in slots if isinstance(slot, dict)} - {None, wish}
    free = sorted((start for start in starts if start), key=lambda start: abs(start - wish))[:_OFFERED]
    times = ", ".join(utc(start) + (f" ({shown(start, zone)})" if zone else "") for start in sorted(free))
    return f"Nearest free times: {times}." if times else "LinkTime shows no free time around it."
