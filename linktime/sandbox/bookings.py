"""/bookings. Each write is one transaction, so two clients cannot book the same slot."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from aiohttp import web

from . import contacts, params, readers, time_readers
from .account import Account, account_of
from .events import announce, booking_data
from .responses import Conflict, answer, created, done
from .schedule import is_free
from .store import Row, cuid

routes = web.RouteTableDef()

_TAKEN: Final = "this time is not available: take a startTime from check availability"
_NEW: Final = {
    "eventTypeSlug": readers.text(100),
    "startTime": time_readers.instant,
    "inviteeName": readers.text(200),
    "inviteeEmail": readers.email,
    "inviteeTimezone": time_readers.zone,
    "notes": readers.prose(5000),
}
_STATUS: Final = readers.one_of("CONFIRMED", "CANCELLED", "all")
_REQUIRED: Final = ("eventTypeSlug", "startTime", "inviteeName", "inviteeEmail", "inviteeTimezone")


@routes.get("/bookings")
@params.takes({"status": _STATUS, **params.RANGE, **params.PAGES})
async def list_bookings(request: web.Request) -> web.Response:
    """List bookings, ordered by start."""
    account = account_of(request)
    query = request[params.QUERY]
    first, last = params.date_range(query, account.zone)
    return answer(
        account.store.page(
            "SELECT * FROM meetings WHERE ? IN ('all', status) AND startTime >= ? AND startTime < ? "
            "ORDER BY startTime, id",
            query.pop("status", "all"),
            first,
            last,
            **query,
        )
    )


@routes.get("/bookings/{id}")
async def get_booking(request: web.Request) -> web.Response:
    """Return a booking with its e-mail log."""
    account = account_of(request)
    booking = _find(account, request.match_info["id"])
    mails = account.store.rows(
        "SELECT id, type, recipient, status, sentAt FROM emailLogs WHERE bookingId = ? ORDER BY sentAt, rowid",
        booking["id"],
    )
    return answer({**booking, "emailLogs": mails})


@routes.post("/bookings")
async def create_booking(request: web.Request) -> web.Response:
    """Book a slot. The guest becomes a contact, unless the e-mail address is known."""
    account = account_of(request)
    fields = await params.body(request, _NEW, _REQUIRED)
    with account.store.transaction():
        # The check and the insert are in one transaction, so no other client can take the slot in between.
        event_type = _bookable(account, fields["eventTypeSlug"])
        if not is_free(account, event_type, fields["startTime"]):
            raise Conflict(_TAKEN)
        contact, is_new = contacts.find_or_create(account, fields["inviteeName"], fields["inviteeEmail"])
        ident = _insert(account, fields, event_type, contact)
        _log_email(account, ident, "CONFIRMATION", fields["inviteeEmail"])
    # Webhooks go out after the commit, so their receivers find the booking.
    if is_new:
        announce(account, "contact.created", contact)
    _announce(account, "booking.created", ident)
    if event_type["price"]:
        payment = {"bookingId": ident, "amount": event_type["price"], "currency": event_type["currency"]}
        announce(account, "payment.received", payment, event_type=event_type["id"])
    return created({"bookingId": ident})


@routes.post("/bookings/{id}/cancel")
async def cancel_booking(request: web.Request) -> web.Response:
    """Cancel a booking and free its time."""
    account = account_of(request)
    reason = (await params.body(request, {"reason": readers.prose(1000)})).get("reason")
    with account.store.transaction():
        booking = _confirmed(account, request.match_info["id"])
        changes = {"status": "CANCELLED", "cancelReason": reason, "updatedAt": account.now()}
        account.store.update("bookings", changes, "id = ?", booking["id"])
        _log_email(account, booking["id"], "CANCELLATION", booking["inviteeEmail"])
    _announce(account, "booking.cancelled", booking["id"], cancelReason=reason)
    return done()


@routes.post("/bookings/{id}/reschedule")
async def reschedule_booking(request: web.Request) -> web.Response:
    """Move a booking to another slot. It keeps its id."""
    account = account_of(request)
    fields = await params.body(request, {"newStartTime": time_readers.instant}, ["newStartTime"])
    with account.store.transaction():
        booking = _confirmed(account, request.match_info["id"])
        _move(account, booking, fields["newStartTime"])
        _log_email(account, booking["id"], "RESCHEDULE", booking["inviteeEmail"])
    previous = {"previousStartTime": booking["startTime"], "previousEndTime": booking["endTime"]}
    _announce(account, "booking.rescheduled", booking["id"], **previous)
    return done()


def _find(account: Account, ident: str) -> Row:
    """Return a booking of any status, or raise NotFound."""
    return account.find("booking", "SELECT * FROM meetings WHERE id = ?", ident)


def _confirmed(account: Account, ident: str) -> Row:
    """Return a booking that can still change, or raise NotFound or Conflict."""
    booking = _find(account, ident)
    if booking["status"] != "CONFIRMED":
        raise Conflict("this booking is cancelled already")
    return booking


def _bookable(account: Account, slug: str) -> Row:
    """Return an active event type, or raise NotFound."""
    return account.find(
        "active event type", "SELECT * FROM eventTypes WHERE slug = ? AND isActive AND NOT isDeleted", slug
    )


def _insert(account: Account, fields: dict[str, Any], event_type: Row, contact: Row) -> str:
    """Insert a confirmed booking. Return its id."""
    ident, now = cuid(), account.now()
    account.store.insert(
        "bookings",
        {
            "id": ident,
            "eventTypeId": event_type["id"],
            "contactId": contact["id"],
            "startTime": fields["startTime"],
            "endTime": _end(event_type, fields["startTime"]),
            "status": "CONFIRMED",
            "location": event_type["locationType"],
            "meetingLink": meeting_link(event_type["locationType"], ident),
            "inviteeName": fields["inviteeName"],
            "inviteeEmail": fields["inviteeEmail"],
            "inviteeTimezone": fields["inviteeTimezone"],
            "notes": fields.get("notes"),
            "createdAt": now,
            "updatedAt": now,
        },
    )
    return ident


def _move(account: Account, booking: Row, start: datetime) -> None:
    """Move a booking to *start*, or raise Conflict. A deleted event type still counts."""
    event_type = account.find("event type", "SELECT * FROM eventTypes WHERE id = ?", booking["eventType"]["id"])
    if not is_free(account, event_type, start, besides=booking["id"]):
        raise Conflict(_TAKEN)
    changes = {"startTime": start, "endTime": _end(event_type, start), "updatedAt": account.now()}
    account.store.update("bookings", changes, "id = ?", booking["id"])


def _end(event_type: Row, start: datetime) -> datetime:
    return start + timedelta(minutes=event_type["durationMinutes"])


def meeting_link(location: str, ident: str) -> str | None:
    """Return the URL of a meeting on the web. Return None for another *location*."""
    sites = {"ZOOM": "https://zoom.example/j/", "GOOGLE_MEET": "https://meet.example/"}
    return sites[location] + ident[-10:] if location in sites else None


def _log_email(account: Account, booking: str, kind: str, recipient: str) -> None:
    """Record an e-mail. The sandbox sends none."""
    account.store.insert(
        "emailLogs",
        {
            "id": cuid(),
            "bookingId": booking,
            "type": kind,
            "recipient": recipient,
            "status": "SENT",
            "sentAt": account.now(),
        },
    )


def _announce(account: Account, event: str, ident: str, **more: Any) -> None:
    """Publish an event about a booking, with the fields *more*."""
    booking = _find(account, ident)
    announce(account, event, booking_data(account, booking, **more), event_type=booking["eventType"]["id"])
