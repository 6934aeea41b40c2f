"""/settings and /integrations."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from . import fields, intake
from .account import account_of
from .answers import answer

routes = web.RouteTableDef()

_DAY: Final = 24 * 60  # minutes
_WRITABLE: Final = {
    "timezone": fields.zone,
    "bufferBefore": fields.integer(0, _DAY),
    "bufferAfter": fields.integer(0, _DAY),
    "maxMeetingsPerDay": fields.nullable(fields.integer(1, 1000)),
    "minGapMinutes": fields.integer(0, _DAY),
    "focusTimeEnabled": fields.flag,
    "focusTimeBlocks": fields.several(fields.hours, 0, 70),
}


@routes.get("/settings")
async def get_settings(request: web.Request) -> web.Response:
    """Return the settings."""
    return answer(account_of(request).settings)


@routes.patch("/settings")
async def update_settings(request: web.Request) -> web.Response:
    """Change the writable settings."""
    account = account_of(request)
    asked = await intake.changes(request, _WRITABLE)
    with account.store.transaction():
        account.store.update("settings", asked, "true")
    return answer(account.settings)


@routes.get("/integrations")
async def list_integrations(request: web.Request) -> web.Response:
    """List what the account is, or could be, connected to."""
    return answer({"data": account_of(request).store.rows("SELECT * FROM integrations ORDER BY category, provider")})
