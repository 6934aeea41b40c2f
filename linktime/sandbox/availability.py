"""/availability: free slots, weekly rules, and overrides of single dates."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web

from . import params, readers, time_readers
from .account import Account, account_of
from .responses import Invalid, answer, created, done
from .schedule import free_slots
from .store import Row, cuid
from .times import stamp

routes = web.RouteTableDef()

_LONGEST: Final = timedelta(days=366)
_SLOTS: Final = {
    "eventTypeSlug": readers.text(100),
    "from": time_readers.day,
    "to": time_readers.day,
    "timezone": time_readers.zone,
}
_DAYS: Final = {"from": time_readers.day, "to": time_readers.day}
_OVERRIDE: Final = {
    "date": time_readers.day,
    "isBlocked": readers.flag,
    "startTime": readers.nullable(time_readers.clock),
    "endTime": readers.nullable(time_readers.clock),
    "reason": readers.prose(500),
}


@routes.get("/availability")
@params.takes(_SLOTS, ("eventTypeSlug", "from", "to"))
async def check_availability(request: web.Request) -> web.Response:
    """List the free slots of an event type on the days `from` to `to`, both included."""
    account = account_of(request)
    query = request[params.QUERY]
    slug, first, last = query["eventTypeSlug"], query["from"], query["to"]
    if not timedelta() <= last - first <= _LONGEST:
        raise Invalid(f"to must be from 0 to {_LONGEST.days} days after from")
    bookable = "SELECT * FROM eventTypes WHERE slug = ? AND isActive AND NOT isDeleted"
    event_type = account.find("active event type", bookable, slug)
    zone = ZoneInfo(query.get("timezone", account.zone.key))
    slots = free_slots(account, event_type, first, last, zone)
    rows = [{"startTime": stamp(slot.start), "endTime": stamp(slot.end)} for slot in slots]
    return answer({"eventTypeSlug": slug, "timezone": zone.key, "slots": rows})


@routes.get("/availability/rules")
async def get_rules(request: web.Request) -> web.Response:
    """Return the weekly hours."""
    return answer(_rules(account_of(request)))


@routes.put("/availability/rules")
async def update_rules(request: web.Request) -> web.Response:
    """Replace all weekly hours."""
    account = account_of(request)
    update = await params.body(
        request, {"rules": time_readers.apart(readers.several(time_readers.hours, 0, 70))}, ["rules"]
    )
    with account.store.transaction():
        account.store.rows("DELETE FROM rules")
        for rule in update["rules"]:
            account.store.insert("rules", rule)
    return answer(_rules(account))


@routes.get("/availability/overrides")
@params.takes(_DAYS)
async def list_overrides(request: web.Request) -> web.Response:
    """List the overrides, ordered by date."""
    query = request[params.QUERY]
    first, last = str(query.get("from", "")), str(query.get("to", "~"))  # "~" sorts after every date
    if first > last:
        raise Invalid("from must not be after to")
    sql = "SELECT * FROM overrides WHERE date BETWEEN ? AND ? ORDER BY date"
    return answer({"data": account_of(request).store.rows(sql, first, last)})


@routes.post("/availability/overrides")
async def create_override(request: web.Request) -> web.Response:
    """Block a date or set its hours. This replaces an earlier override of the date."""
    account = account_of(request)
    fields = {"isBlocked": True, **await params.body(request, _OVERRIDE, ["date"])}
    _check_hours(fields)
    override = {"id": cuid(), **fields, "date": fields["date"].isoformat()}
    with account.store.transaction():
        account.store.rows("DELETE FROM overrides WHERE date = ?", override["date"])
        account.store.insert("overrides", override)
    return created(_override(account, override["id"]))


@routes.delete("/availability/overrides/{id}")
async def delete_override(request: web.Request) -> web.Response:
    """Delete an override. The weekly hours apply again on its date."""
    account, ident = account_of(request), request.match_info["id"]
    with account.store.transaction():
        _override(account, ident)
        account.store.rows("DELETE FROM overrides WHERE id = ?", ident)
    return done()


def _check_hours(fields: dict[str, Any]) -> None:
    """Raise Invalid unless the hours fit `isBlocked`."""
    # 1. A blocked date has no hours.
    # 2. Custom hours have a start and a later end.
    start, end = fields.get("startTime"), fields.get("endTime")
    if fields["isBlocked"]:
        if start or end:
            raise Invalid("a blocked date has no hours: set isBlocked to false for custom hours")
    elif not start or not end or start >= end:
        raise Invalid("custom hours need a startTime and a later endTime")


def _rules(account: Account) -> Row:
    """Return the weekly rules as the API shows them."""
    rows = account.store.rows("SELECT * FROM rules ORDER BY dayOfWeek, startTime")
    return {"timezone": account.zone.key, "data": rows}


def _override(account: Account, ident: str) -> Row:
    """Return an override, or raise NotFound."""
    return account.find("override", "SELECT * FROM overrides WHERE id = ?", ident)
