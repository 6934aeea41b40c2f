"""/bookings: made, moved and cancelled in one transaction each, so that a slot is never given twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from aiohttp import web

from . import contacts, fields, intake
from .account import Account, account_of
from .answers import Conflict, answer, created, done
from .diary import is_free
from .events import announce, booking_data
from .store import Row, cuid

routes = web.RouteTableDef()

_TAKEN: Final = "this time is not available: take a startTime from check availability"
_NEW: Final = {
    "eventTypeSlug": fields.text(100),
    "startTime": fields.instant,
    "inviteeName": fields.text(200),
    "inviteeEmail": fields.email,
    "inviteeTimezone": fields.zone,
    "notes": fields.prose(5000),
}
_REQUIRED: Final = ("eventTypeSlug", "startTime", "inviteeName", "inviteeEmail", "inviteeTimezone")


@routes.get("/bookings")
async def list_bookings(request: web.Request) -> web.Response:
    """List bookings by their start."""
    account = account_of(request)
    status = fields.one_of("CONFIRMED", "CANCELLED", "all")
    asked = intake.query(request, {"status": status, **intake.RANGE, **intake.PAGES})
    first, last = intake.span(asked, account.zone)
    return answer(
        account.store.page(
            "SELECT * FROM meetings WHERE ? IN ('all', status) AND startTime >= ? AND startTime < ? "
            "ORDER BY startTime, id",
            asked.pop("status", "all"),
            first,
            last,
            **asked,
        )
    )


@routes.get("/bookings/{id}")
async def get_booking(request: web.Request) -> web.Response:
    """Return a booking with its e-mails."""
    account = account_of(request)
    booking = _find(account, request.match_info["id"])
    mails = account.store.rows(
        "SELECT id, type, recipient, status, sentAt FROM emailLogs WHERE bookingId = ? ORDER BY sentAt, rowid",
        booking["id"],
    )
    return answer({**booking, "emailLogs": mails})


@routes.post("/bookings")
async def create_booking(request: web.Request) -> web.Response:
    """Book a slot for a guest, who becomes a contact."""
    account = account_of(request)
    asked = await intake.body(request, _NEW, _REQUIRED)
    with account.store.transaction():
        event_type = _bookable(account, asked["eventTypeSlug"])
        if not is_free(account, event_type, asked["startTime"]):
            raise Conflict(_TAKEN)
        contact, is_new = contacts.find_or_make(account, asked["inviteeName"], asked["inviteeEmail"])
        ident = _insert(account, asked, event_type, contact)
        _mail(account, ident, "CONFIRMATION", asked["inviteeEmail"])
    if is_new:
        announce(account, "contact.created", contact)
    _announce(account, "booking.created", ident)
    if event_type["price"]:
        payment = {"bookingId": ident, "amount": event_type["price"], "currency": event_type["currency"]}
        announce(account, "payment.received", payment, event_type=event_type["id"])
    return created({"bookingId": ident})


@routes.post("/bookings/{id}/cancel")
async def cancel_booking(request: web.Request) -> web.Response:
    """Cancel a booking, which frees its time."""
    account = account_of(request)
    asked = await intake.body(request, {"reason": fields.prose(1000)})
    with account.store.transaction():
        booking = _confirmed(account, request.match_info["id"])
        changes = {"status": "CANCELLED", "cancelReason": asked.get("reason"), "updatedAt": account.now()}
        account.store.update("bookings", changes, "id = ?", booking["id"])
        _mail(account, booking["id"], "CANCELLATION", booking["inviteeEmail"])
    _announce(account, "booking.cancelled", booking["id"], cancelReason=asked.get("reason"))
    return done()


@routes.post("/bookings/{id}/reschedule")
async def reschedule_booking(request: web.Request) -> web.Response:
    """Move a booking, which keeps its id."""
    account = account_of(request)
    asked = await intake.body(request, {"newStartTime": fields.instant}, ["newStartTime"])
    with account.store.transaction():
        booking = _confirmed(account, request.match_info["id"])
        _move(account, booking, asked["newStartTime"])
        _mail(account, booking["id"], "RESCHEDULE", booking["inviteeEmail"])
    previous = {"previousStartTime": booking["startTime"], "previousEndTime": booking["endTime"]}
    _announce(account, "booking.rescheduled", booking["id"], **previous)
    return done()


def _find(account: Account, ident: str) -> Row:
    return account.find("booking", "SELECT * FROM meetings WHERE id = ?", ident)


def _confirmed(account: Account, ident: str) -> Row:
    booking = _find(account, ident)
    if booking["status"] != "CONFIRMED":
        raise Conflict("this booking is cancelled already")
    return booking


def _bookable(account: Account, slug: str) -> Row:
    return account.find(
        "active event type", "SELECT * FROM eventTypes WHERE slug = ? AND isActive AND NOT isDeleted", slug
    )


def _insert(account: Account, asked: dict[str, Any], event_type: Row, contact: Row) -> str:
    ident, now = cuid(), account.now()
    row = {name: asked.get(name) for name in ("startTime", "inviteeName", "inviteeEmail", "inviteeTimezone", "notes")}
    account.store.insert(
        "bookings",
        {
            "id": ident,
            "eventTypeId": event_type["id"],
            "contactId": contact["id"],
            "endTime": _end(event_type, asked["startTime"]),
            "status": "CONFIRMED",
            "location": event_type["locationType"],
            "meetingLink": meeting_link(event_type["locationType"], ident),
            "createdAt": now,
            "updatedAt": now,
            **row,
        },
    )
    return ident


def _move(account: Account, booking: Row, start: datetime) -> None:
    event_type = account.find("event type", "SELECT * FROM eventTypes WHERE id = ?", booking["eventType"]["id"])
    if not is_free(account, event_type, start, besides=booking["id"]):
        raise Conflict(_TAKEN)
    changes = {"startTime": start, "endTime": _end(event_type, start), "updatedAt": account.now()}
    account.store.update("bookings", changes, "id = ?", booking["id"])


def _end(event_type: Row, start: datetime) -> datetime:
    return start + timedelta(minutes=event_type["durationMinutes"])


def meeting_link(location: str, ident: str) -> str | None:
    """Return where a booking's meeting is held, if that is on the web."""
    places = {"ZOOM": "https://zoom.example/j/", "GOOGLE_MEET": "https://meet.example/"}
    return places[location] + ident[-10:] if location in places else None


def _mail(account: Account, booking: str, kind: str, recipient: str) -> None:
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
    booking = _find(account, ident)
    announce(account, event, booking_data(account, booking, **more), event_type=booking["eventType"]["id"])
