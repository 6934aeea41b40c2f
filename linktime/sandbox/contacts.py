"""/contacts: people, known by their e-mail address."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from . import fields, intake
from .account import Account, account_of
from .answers import Conflict, answer, created, done
from .events import announce
from .store import Row, cuid

routes = web.RouteTableDef()

_FIELDS: Final = {
    "name": fields.text(200),
    "email": fields.email,
    "phone": fields.prose(40),
    "company": fields.prose(200),
    "notes": fields.prose(5000),
}
# A meeting counts when it took place.
_WITH_COUNT: Final = (
    "SELECT *, (SELECT count(*) FROM bookings WHERE contactId = contacts.id AND status = 'CONFIRMED' AND endTime <= ?) "
    "AS meetingCount FROM contacts"
)


@routes.get("/contacts")
async def list_contacts(request: web.Request) -> web.Response:
    """List contacts, or search in their names, addresses and companies."""
    account = account_of(request)
    asked = intake.query(request, {"search": fields.prose(200), **intake.PAGES})
    search = asked.pop("search", "").strip().casefold()
    sql = f"{_WITH_COUNT} WHERE instr(fold(name || char(10) || email || char(10) || coalesce(company, '')), ?)"
    return answer(account.store.page(f"{sql} ORDER BY fold(name), id", account.now(), search, **asked))


@routes.get("/contacts/{id}")
async def get_contact(request: web.Request) -> web.Response:
    """Return a contact with the meetings to come, soonest first, and those that were, latest first."""
    account = account_of(request)
    contact, now = _find(account, request.match_info["id"]), account.now()
    mine = "SELECT * FROM meetings WHERE \"contact.id\" = ? AND status = 'CONFIRMED'"
    upcoming = account.store.rows(f"{mine} AND endTime > ? ORDER BY startTime", contact["id"], now)
    past = account.store.rows(f"{mine} AND endTime <= ? ORDER BY startTime DESC", contact["id"], now)
    return answer({**contact, "upcomingMeetings": upcoming, "pastMeetings": past})


@routes.post("/contacts")
async def create_contact(request: web.Request) -> web.Response:
    """Add a contact."""
    account = account_of(request)
    asked = await intake.body(request, _FIELDS, ["name", "email"])
    with account.store.transaction():
        _refuse_known(account, asked["email"])
        contact = _insert(account, asked)
    announce(account, "contact.created", contact)
    return created(contact)


@routes.patch("/contacts/{id}")
async def update_contact(request: web.Request) -> web.Response:
    """Change fields of a contact."""
    account, ident = account_of(request), request.match_info["id"]
    asked = await intake.changes(request, _FIELDS)
    with account.store.transaction():
        _find(account, ident)
        _refuse_known(account, asked.get("email", ""), besides=ident)
        account.store.update("contacts", {**asked, "updatedAt": account.now()}, "id = ?", ident)
    return answer(_find(account, ident))


@routes.delete("/contacts/{id}")
async def delete_contact(request: web.Request) -> web.Response:
    """Remove a contact; the bookings stay."""
    account, ident = account_of(request), request.match_info["id"]
    with account.store.transaction():
        _find(account, ident)
        account.store.rows("DELETE FROM contacts WHERE id = ?", ident)
    return done()


def find_or_make(account: Account, name: str, email: str) -> tuple[Row, bool]:
    """Return the contact of a lower-case *email*, and whether it is new."""
    known = account.store.row(f"{_WITH_COUNT} WHERE email = ?", account.now(), email)
    return (known, False) if known else (_insert(account, {"name": name, "email": email}), True)


def _find(account: Account, ident: str) -> Row:
    return account.find("contact", f"{_WITH_COUNT} WHERE id = ?", account.now(), ident)


def _refuse_known(account: Account, email: str, *, besides: str = "") -> None:
    if account.store.row("SELECT id FROM contacts WHERE email = ? AND id != ?", email, besides):
        raise Conflict("a contact with this e-mail exists already")


def _insert(account: Account, asked: dict[str, Any]) -> Row:
    ident, now = cuid(), account.now()
    account.store.insert("contacts", {"id": ident, **asked, "createdAt": now, "updatedAt": now})
    return _find(account, ident)
