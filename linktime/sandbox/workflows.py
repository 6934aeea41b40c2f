"""/workflows: what is to happen on an event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from . import fields, intake
from .account import Account, account_of
from .answers import Invalid, answer, created
from .store import cuid

routes = web.RouteTableDef()

_ACTION: Final = {
    "type": fields.one_of("SEND_EMAIL", "SEND_SMS", "SEND_SLACK", "CALL_WEBHOOK", "AI_CALL"),
    "config": fields.anything,
}
_FIELDS: Final = {
    "name": fields.text(200),
    "trigger": fields.one_of(
        "BOOKING_CREATED",
        "BOOKING_CANCELLED",
        "BOOKING_RESCHEDULED",
        "PAYMENT_RECEIVED",
        "BEFORE_MEETING",
        "AFTER_MEETING",
    ),
    "actions": fields.several(fields.record(_ACTION, _ACTION), 1, 5),
    "triggerOffsetMinutes": fields.nullable(fields.integer(0, 365 * 24 * 60)),
    "eventTypeIds": fields.several(fields.text(100), 0, 100),
    "isEnabled": fields.flag,
}


@routes.get("/workflows")
async def list_workflows(request: web.Request) -> web.Response:
    """List the workflows with their counts."""
    return answer({"data": account_of(request).store.rows("SELECT * FROM workflows ORDER BY createdAt, rowid")})


@routes.post("/workflows")
async def create_workflow(request: web.Request) -> web.Response:
    """Make a workflow."""
    account = account_of(request)
    asked = await intake.body(request, _FIELDS, ["name", "trigger", "actions"])
    ident = cuid()
    with account.store.transaction():
        _refuse_unknown(account, asked.get("eventTypeIds", ()))
        defaults = {"eventTypeIds": [], "isEnabled": True, "createdAt": account.now()}
        account.store.insert("workflows", {"id": ident, **defaults, **asked})
    return created(account.find("workflow", "SELECT * FROM workflows WHERE id = ?", ident))


def _refuse_unknown(account: Account, event_types: Sequence[str]) -> None:
    known = {row["id"] for row in account.store.rows("SELECT id FROM eventTypes WHERE NOT isDeleted")}
    if unknown := set(event_types) - known:
        raise Invalid(f"eventTypeIds has no event type {min(unknown)}")
