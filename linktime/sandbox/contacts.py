"""/contacts: people, identified by their e-mail address."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from . import params, readers
from .account import Account, account_of
from .events import announce
from .responses import Conflict, answer, created, done
from .store import Row, cuid

routes = web.RouteTableDef()

_FIELDS: Final = {
    "name": readers.text(200),
    "email": readers.email,
    "phone": readers.prose(40),
    "company": readers.prose(200),
    "notes": readers.prose(5000),
}
# meetingCount counts confirmed meetings that are over.
_WITH_COUNT: Final = (
    "SELECT *, (SELECT count(*) FROM bookings WHERE contactId = contacts.id AND status = 'CONFIRMED' AND endTime <= ?) "
    "AS meetingCount FROM contacts"
)


@routes.get("/contacts")
@params.takes({"search": readers.prose(200), **params.PAGES})
async def list_contacts(request: web.Request) -> web.Response:
    """List contacts, or search their names, e-mail addresses and companies, in any case."""
    account = account_of(request)
    query = request[params.QUERY]
    search = query.pop("search", "").strip().casefold()
    # instr() matches the search text literally, unlike LIKE. The line feeds keep a match within one column.
    sql = f"{_WITH_COUNT} WHERE instr(fold(name || char(10) || email || char(10) || coalesce(company, '')), ?)"
    return answer(account.store.page(f"{sql} ORDER BY fold(name), id", account.now(), search, **query))


@routes.get("/contacts/{id}")
async def get_contact(request: web.Request) -> web.Response:
    """Return a contact with the upcoming meetings, soonest first, and the past meetings, latest first."""
    account = account_of(request)
    contact, now = _find(account, request.match_info["id"]), account.now()
    # A meeting in progress counts as upcoming.
    meetings = "SELECT * FROM meetings WHERE \"contact.id\" = ? AND status = 'CONFIRMED'"
    upcoming = account.store.rows(f"{meetings} AND endTime > ? ORDER BY startTime", contact["id"], now)
    past = account.store.rows(f"{meetings} AND endTime <= ? ORDER BY startTime DESC", contact["id"], now)
    return answer({**contact, "upcomingMeetings": upcoming, "pastMeetings": past})


@routes.post("/contacts")
async def create_contact(request: web.Request) -> web.Response:
    """Add a contact."""
    account = account_of(request)
    fields = await params.body(request, _FIELDS, ["name", "email"])
    with account.store.transaction():
        _check_email(account, fields["email"])
        contact = _insert(account, fields)
    announce(account, "contact.created", contact)
    return created(contact)


@routes.patch("/contacts/{id}")
async def update_contact(request: web.Request) -> web.Response:
    """Update fields of a contact."""
    account, ident = account_of(request), request.match_info["id"]
    update = await params.changes(request, _FIELDS)
    with account.store.transaction():
        _find(account, ident)
        _check_email(account, update.get("email", ""), besides=ident)
        account.store.update("contacts", {**update, "updatedAt": account.now()}, "id = ?", ident)
    return answer(_find(account, ident))


@routes.delete("/contacts/{id}")
async def delete_contact(request: web.Request) -> web.Response:
    """Delete a contact. The bookings stay."""
    account, ident = account_of(request), request.match_info["id"]
    with account.store.transaction():
        _find(account, ident)
        account.store.rows("DELETE FROM contacts WHERE id = ?", ident)
    return done()


def find_or_create(account: Account, name: str, email: str) -> tuple[Row, bool]:
    """Return the contact with this lower-case *email*, and whether it is new."""
    known = account.store.row(f"{_WITH_COUNT} WHERE email = ?", account.now(), email)
    return (known, False) if known else (_insert(account, {"name": name, "email": email}), True)


def _find(account: Account, ident: str) -> Row:
    """Return a contact, or raise NotFound."""
    return account.find("contact", f"{_WITH_COUNT} WHERE id = ?", account.now(), ident)


def _check_email(account: Account, email: str, *, besides: str = "") -> None:
    """Raise Conflict if another contact than *besides* has this e-mail address."""
    if account.store.row("SELECT id FROM contacts WHERE email = ? AND id != ?", email, besides):
        raise Conflict("a contact with this e-mail exists already")


def _insert(account: Account, fields: dict[str, Any]) -> Row:
    """Insert a contact. Return its row."""
    ident, now = cuid(), account.now()
    account.store.insert("contacts", {"id": ident, **fields, "createdAt": now, "updatedAt": now})
    return _find(account, ident)
