"""/workflows: actions that an event triggers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from . import params, readers
from .account import Account, account_of
from .responses import Invalid, answer, created
from .store import cuid

routes = web.RouteTableDef()

_ACTION: Final = {
    "type": readers.one_of("SEND_EMAIL", "SEND_SMS", "SEND_SLACK", "CALL_WEBHOOK", "AI_CALL"),
    "config": readers.anything,
}
_FIELDS: Final = {
    "name": readers.text(200),
    "trigger": readers.one_of(
        "BOOKING_CREATED",
        "BOOKING_CANCELLED",
        "BOOKING_RESCHEDULED",
        "PAYMENT_RECEIVED",
        "BEFORE_MEETING",
        "AFTER_MEETING",
    ),
    "actions": readers.several(readers.record(_ACTION, _ACTION), 1, 5),
    "triggerOffsetMinutes": readers.nullable(readers.integer(0, 365 * 24 * 60)),
    "eventTypeIds": readers.several(readers.text(100), 0, 100),
    "isEnabled": readers.flag,
}


@routes.get("/workflows")
async def list_workflows(request: web.Request) -> web.Response:
    """List the workflows with their execution counts."""
    return answer({"data": account_of(request).store.rows("SELECT * FROM workflows ORDER BY createdAt, rowid")})


@routes.post("/workflows")
async def create_workflow(request: web.Request) -> web.Response:
    """Create a workflow."""
    account = account_of(request)
    fields = await params.body(request, _FIELDS, ["name", "trigger", "actions"])
    ident = cuid()
    with account.store.transaction():
        _check_event_types(account, fields.get("eventTypeIds", ()))
        defaults = {"eventTypeIds": [], "isEnabled": True, "createdAt": account.now()}
        account.store.insert("workflows", {"id": ident, **defaults, **fields})
    return created(account.find("workflow", "SELECT * FROM workflows WHERE id = ?", ident))


def _check_event_types(account: Account, idents: Sequence[str]) -> None:
    """Raise Invalid if an event type does not exist."""
    known = {row["id"] for row in account.store.rows("SELECT id FROM eventTypes WHERE NOT isDeleted")}
    if unknown := set(idents) - known:
        raise Invalid(f"eventTypeIds has no event type {min(unknown)}")
