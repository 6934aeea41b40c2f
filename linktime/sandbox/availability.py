"""/availability: the free slots, the weekly rules and the overrides of single dates."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web

from . import fields, intake
from .account import Account, account_of
from .answers import Invalid, answer, created, done
from .diary import free_slots
from .store import Row, cuid
from .times import stamp

routes = web.RouteTableDef()

_LONGEST: Final = timedelta(days=366)
_OVERRIDE: Final = {
    "date": fields.day,
    "isBlocked": fields.flag,
    "startTime": fields.nullable(fields.clock),
    "endTime": fields.nullable(fields.clock),
    "reason": fields.prose(500),
}


@routes.get("/availability")
async def check_availability(request: web.Request) -> web.Response:
    """List the slots of an event type from one day to another, both in."""
    account = account_of(request)
    readers = {"eventTypeSlug": fields.text(100), "from": fields.day, "to": fields.day, "timezone": fields.zone}
    asked = intake.query(request, readers, ["eventTypeSlug", "from", "to"])
    slug, first, last = asked["eventTypeSlug"], asked["from"], asked["to"]
    if not timedelta() <= last - first <= _LONGEST:
        raise Invalid(f"to must be from 0 to {_LONGEST.days} days after from")
    bookable = "SELECT * FROM eventTypes WHERE slug = ? AND isActive AND NOT isDeleted"
    event_type = account.find("active event type", bookable, slug)
    zone = ZoneInfo(asked.get("timezone", account.zone.key))
    slots = free_slots(account, event_type, first, last, zone)
    shown = [{"startTime": stamp(slot.start), "endTime": stamp(slot.end)} for slot in slots]
    return answer({"eventTypeSlug": slug, "timezone": zone.key, "slots": shown})


@routes.get("/availability/rules")
async def get_rules(request: web.Request) -> web.Response:
    """Return the weekly hours."""
    return answer(_rules(account_of(request)))


@routes.put("/availability/rules")
async def update_rules(request: web.Request) -> web.Response:
    """Replace the weekly hours, all of them."""
    account = account_of(request)
    asked = await intake.body(request, {"rules": fields.apart(fields.several(fields.hours, 0, 70))}, ["rules"])
    with account.store.transaction():
        account.store.rows("DELETE FROM rules")
        for rule in asked["rules"]:
            account.store.insert("rules", rule)
    return answer(_rules(account))


@routes.get("/availability/overrides")
async def list_overrides(request: web.Request) -> web.Response:
    """List the overrides by date."""
    asked = intake.query(request, {"from": fields.day, "to": fields.day})
    first, last = (str(asked.get(name, otherwise)) for name, otherwise in (("from", ""), ("to", "~")))
    if first > last:
        raise Invalid("from must not be after to")
    sql = "SELECT * FROM overrides WHERE date BETWEEN ? AND ? ORDER BY date"
    return answer({"data": account_of(request).store.rows(sql, first, last)})


@routes.post("/availability/overrides")
async def create_override(request: web.Request) -> web.Response:
    """Block a date or give it hours of its own; an earlier override of that date goes."""
    account = account_of(request)
    asked = {"isBlocked": True, **await intake.body(request, _OVERRIDE, ["date"])}
    _check_hours(asked)
    override = {"id": cuid(), **asked, "date": asked["date"].isoformat()}
    with account.store.transaction():
        account.store.rows("DELETE FROM overrides WHERE date = ?", override["date"])
        account.store.insert("overrides", override)
    return created(_override(account, override["id"]))


@routes.delete("/availability/overrides/{id}")
async def delete_override(request: web.Request) -> web.Response:
    """Remove an override, so that the weekly hours hold again."""
    account, ident = account_of(request), request.match_info["id"]
    with account.store.transaction():
        _override(account, ident)
        account.store.rows("DELETE FROM overrides WHERE id = ?", ident)
    return done()


def _check_hours(asked: dict[str, Any]) -> None:
    start, end = asked.get("startTime"), asked.get("endTime")
    if asked["isBlocked"]:
        if start or end:
            raise Invalid("a blocked date has no hours: set isBlocked to false for custom hours")
    elif not start or not end or start >= end:
        raise Invalid("custom hours need a startTime and a later endTime")


def _rules(account: Account) -> Row:
    rows = account.store.rows("SELECT * FROM rules ORDER BY dayOfWeek, startTime")
    return {"timezone": account.zone.key, "data": rows}


def _override(account: Account, ident: str) -> Row:
    return account.find("override", "SELECT * FROM overrides WHERE id = ?", ident)
