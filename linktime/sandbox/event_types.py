"""/event-types: what can be booked."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from . import fields, intake
from .account import Account, account_of
from .answers import Conflict, answer, created, done
from .store import Row, cuid

routes = web.RouteTableDef()

_DAY: Final = 24 * 60  # minutes
_BUFFER: Final = fields.nullable(fields.integer(0, _DAY))  # null: the account's
_FIELDS: Final = {
    "name": fields.text(200),
    "slug": fields.slug,
    "durationMinutes": fields.integer(1, 12 * 60),
    "locationType": fields.one_of("ZOOM", "GOOGLE_MEET", "PHONE", "IN_PERSON", "CUSTOM"),
    "description": fields.prose(5000),
    "bufferBefore": _BUFFER,
    "bufferAfter": _BUFFER,
    "minimumNotice": fields.integer(0, 365 * _DAY),
    "maxBookingsPerDay": fields.nullable(fields.integer(1, 1000)),
    "price": fields.amount,
    "currency": fields.currency,
}
_REQUIRED: Final = ("name", "slug", "durationMinutes", "locationType")


@routes.get("/event-types")
async def list_event_types(request: web.Request) -> web.Response:
    """List the active ones."""
    account = account_of(request)
    rows = account.store.rows("SELECT * FROM eventTypes WHERE isActive AND NOT isDeleted ORDER BY createdAt, rowid")
    return answer({"data": [_shown(account, row) for row in rows]})


@routes.get("/event-types/{id}")
async def get_event_type(request: web.Request) -> web.Response:
    """Return one, active or not."""
    account = account_of(request)
    return answer(_shown(account, _find(account, request.match_info["id"])))


@routes.post("/event-types")
async def create_event_type(request: web.Request) -> web.Response:
    """Make an event type, which can be booked at once."""
    account = account_of(request)
    asked = await intake.body(request, _FIELDS, _REQUIRED)
    ident, now = cuid(), account.now()
    defaults = {"minimumNotice": 0, "price": 0, "currency": "USD", "isActive": True, "createdAt": now, "updatedAt": now}
    with account.store.transaction():
        _refuse_used(account, asked["slug"])
        account.store.insert("eventTypes", {"id": ident, **defaults, **asked})
    return created(_shown(account, _find(account, ident)))


@routes.patch("/event-types/{id}")
async def update_event_type(request: web.Request) -> web.Response:
    """Change an event type; bookings made of it keep their times."""
    account, ident = account_of(request), request.match_info["id"]
    asked = await intake.changes(request, {**_FIELDS, "isActive": fields.flag})
    with account.store.transaction():
        _find(account, ident)
        _refuse_used(account, asked.get("slug", ""), besides=ident)
        account.store.update("eventTypes", {**asked, "updatedAt": account.now()}, "id = ?", ident)
    return answer(_shown(account, _find(account, ident)))


@routes.delete("/event-types/{id}")
async def delete_event_type(request: web.Request) -> web.Response:
    """Delete an event type; its bookings stay."""
    account, ident = account_of(request), request.match_info["id"]
    with account.store.transaction():
        _find(account, ident)
        account.store.update("eventTypes", {"isDeleted": True}, "id = ?", ident)
    return done()


def _find(account: Account, ident: str) -> Row:
    return account.find("event type", "SELECT * FROM eventTypes WHERE id = ? AND NOT isDeleted", ident)


def _shown(account: Account, row: Row) -> Row:
    address = f"https://linktime.io/{account.owner['username']}/{row['slug']}"
    return {**{name: value for name, value in row.items() if name != "isDeleted"}, "bookingUrl": address}


def _refuse_used(account: Account, slug: str, *, besides: str = "") -> None:
    if account.store.row("SELECT id FROM eventTypes WHERE slug = ? AND NOT isDeleted AND id != ?", slug, besides):
        raise Conflict("an event type with this slug exists already")
