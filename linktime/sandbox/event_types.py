"""/event-types: the kinds of meetings that guests can book."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from . import params, readers
from .account import Account, account_of
from .responses import Conflict, answer, created, done
from .store import Row, cuid

routes = web.RouteTableDef()

_DAY: Final = 24 * 60  # minutes
_BUFFER: Final = readers.nullable(readers.integer(0, _DAY))  # null means the account's buffer
_FIELDS: Final = {
    "name": readers.text(200),
    "slug": readers.slug,
    "durationMinutes": readers.integer(1, 12 * 60),
    "locationType": readers.one_of("ZOOM", "GOOGLE_MEET", "PHONE", "IN_PERSON", "CUSTOM"),
    "description": readers.prose(5000),
    "bufferBefore": _BUFFER,
    "bufferAfter": _BUFFER,
    "minimumNotice": readers.integer(0, 365 * _DAY),
    "maxBookingsPerDay": readers.nullable(readers.integer(1, 1000)),
    "price": readers.amount,
    "currency": readers.currency,
}
# the rest have defaults
_REQUIRED: Final = ("name", "slug", "durationMinutes", "locationType")


@routes.get("/event-types")
async def list_event_types(request: web.Request) -> web.Response:
    """List the active event types."""
    account = account_of(request)
    rows = account.store.rows("SELECT * FROM eventTypes WHERE isActive AND NOT isDeleted ORDER BY createdAt, rowid")
    return answer({"data": [_public(account, row) for row in rows]})


@routes.get("/event-types/{id}")
async def get_event_type(request: web.Request) -> web.Response:
    """Return an event type, active or not."""
    account = account_of(request)
    return answer(_public(account, _find(account, request.match_info["id"])))


@routes.post("/event-types")
async def create_event_type(request: web.Request) -> web.Response:
    """Create an event type. Guests can book it at once."""
    account = account_of(request)
    fields = await params.body(request, _FIELDS, _REQUIRED)
    ident, now = cuid(), account.now()
    defaults = {"minimumNotice": 0, "price": 0, "currency": "USD", "isActive": True, "createdAt": now, "updatedAt": now}
    with account.store.transaction():
        _check_slug(account, fields["slug"])
        account.store.insert("eventTypes", {"id": ident, **defaults, **fields})
    return created(_public(account, _find(account, ident)))


@routes.patch("/event-types/{id}")
async def update_event_type(request: web.Request) -> web.Response:
    """Update an event type. Its bookings keep their times."""
    account, ident = account_of(request), request.match_info["id"]
    update = await params.changes(request, {**_FIELDS, "isActive": readers.flag})
    with account.store.transaction():
        _find(account, ident)
        _check_slug(account, update.get("slug", ""), besides=ident)
        account.store.update("eventTypes", {**update, "updatedAt": account.now()}, "id = ?", ident)
    return answer(_public(account, _find(account, ident)))


@routes.delete("/event-types/{id}")
async def delete_event_type(request: web.Request) -> web.Response:
    """Delete an event type. Its bookings stay."""
    account, ident = account_of(request), request.match_info["id"]
    with account.store.transaction():
        _find(account, ident)
        # The row stays, because bookings refer to it.
        account.store.update("eventTypes", {"isDeleted": True}, "id = ?", ident)
    return done()


def _find(account: Account, ident: str) -> Row:
    """Return an event type that is not deleted, or raise NotFound."""
    return account.find("event type", "SELECT * FROM eventTypes WHERE id = ? AND NOT isDeleted", ident)


def _public(account: Account, row: Row) -> Row:
    """Return an event type as the API shows it, with its booking page."""
    address = f"https://linktime.io/{account.owner['username']}/{row['slug']}"
    return {**{name: value for name, value in row.items() if name != "isDeleted"}, "bookingUrl": address}


def _check_slug(account: Account, slug: str, *, besides: str = "") -> None:
    """Raise Conflict if another event type than *besides* uses this slug."""
    if account.store.row("SELECT id FROM eventTypes WHERE slug = ? AND NOT isDeleted AND id != ?", slug, besides):
        raise Conflict("an event type with this slug exists already")
