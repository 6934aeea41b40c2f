"""The layer that completes the answers of writes, so that the model sees the effect of its call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

import orjson

from ..answers import as_object, record, records
from ..message import Reply, Request, Send
from . import routes

Fields = dict[str, Any]
Kept = Callable[[str], Iterable[Any]]
"""Returns the answers about a collection that the cache keeps, from the latest."""

_GUEST: Final = ("inviteeName", "inviteeEmail", "inviteeTimezone")
_REMOVED: Final[Mapping[str, tuple[str, ...]]] = {
    routes.BOOKINGS: ("eventType", "startTime", *_GUEST),
    routes.CONTACTS: ("name", "email"),
    routes.EVENT_TYPES: ("name", "slug"),
    routes.WEBHOOKS: ("name", "url"),
    routes.AVAILABILITY_OVERRIDES: ("date", "isBlocked", "startTime", "endTime", "reason"),
}
"""The fields of each collection that name a removed row."""


class Receipts:
    """A `Send` that adds the effect of a write to its answer.

    1. A new booking: its event type, guest and start.
    2. A moved booking: its new start, and the event type and guest of its kept row.
    3. A removed row: the fields in the table above, if the row is kept.

    The fields come from the request and from kept answers, and cost no request. A field that LinkTime answers wins.

    Args:
        send: Sends the request.
        kept: Returns the kept answers about a collection.
    """

    def __init__(self, send: Send, kept: Kept) -> None:
        self._send = send
        self._kept = kept

    async def __call__(self, request: Request) -> Reply:
        """Send *request*, and complete the reply to a write."""
        # The kept rows are read first, because the write makes them stale.
        effect = {} if request.is_read else self._effect(request)
        reply = await self._send(request)
        return replace(reply, data=_completed(reply.data, effect)) if effect else reply

    def _effect(self, request: Request) -> Fields:
        match request.method, request.template:
            case "POST", routes.BOOKINGS:
                return self._booked(_body(request))
            case "POST", routes.RESCHEDULE_BOOKING:
                known = _named(self._row(request), ("eventType", *_GUEST))
                return {"bookingId": request.ident, **known, "startTime": _body(request)["newStartTime"]}
            case ("POST", routes.CANCEL_BOOKING) | ("DELETE", _):
                row = _named(self._row(request), _REMOVED.get(request.collection, ()))
                return {"removed": {"id": request.ident, **row}} if row else {}
            case _:
                return {}

    def _booked(self, body: Fields) -> Fields:
        slug = body["eventTypeSlug"]
        event_type = _named(self._find(routes.EVENT_TYPES, "slug", slug), ("name", "durationMinutes"))
        return {"bookingId": None, "eventType": {"slug": slug, **event_type}, **_named(body, ("startTime", *_GUEST))}

    def _row(self, request: Request) -> Mapping[str, Any]:
        return self._find(request.collection, "id", request.ident)

    def _find(self, collection: str, field: str, value: str) -> Mapping[str, Any]:
        """Return the kept row with this *value* in a *field*, or an empty one."""
        shown = (row for data in self._kept(collection) for row in records(data) or [record(data)])
        return next((row for row in shown if row.get(field) == value), {})


def _completed(data: Any, effect: Fields) -> Any:
    """Return the answer *data* with the fields of *effect* that it lacks. An answer of another kind stays."""
    # LinkTime's own fields win, except for those that it leaves null.
    answer = as_object(data)
    if data is not None and not isinstance(data, dict):
        return data
    stated = {name: value for name, value in answer.items() if value is not None}
    own = {"bookingId": answer["id"]} if "bookingId" in effect and "id" in answer else {}
    return {**answer, **{name: value for name, value in {**effect, **own, **stated}.items() if value is not None}}


def _named(row: Mapping[str, Any], names: tuple[str, ...]) -> Fields:
    return {name: row[name] for name in names if row.get(name) is not None}


def _body(request: Request) -> Fields:
    body: Fields = orjson.loads(request.body or b"{}")
    return body
