"""/settings, and the list of /integrations."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from . import params, readers, time_readers
from .account import account_of
from .responses import answer

routes = web.RouteTableDef()

_DAY: Final = 24 * 60  # minutes
# timeFormat and dateFormat are read-only
_WRITABLE: Final = {
    "timezone": time_readers.zone,
    "bufferBefore": readers.integer(0, _DAY),
    "bufferAfter": readers.integer(0, _DAY),
    "maxMeetingsPerDay": readers.nullable(readers.integer(1, 1000)),
    "minGapMinutes": readers.integer(0, _DAY),
    "focusTimeEnabled": readers.flag,
    "focusTimeBlocks": readers.several(time_readers.hours, 0, 70),
}


@routes.get("/settings")
async def get_settings(request: web.Request) -> web.Response:
    """Return the settings."""
    return answer(account_of(request).settings)


@routes.patch("/settings")
async def update_settings(request: web.Request) -> web.Response:
    """Update the writable settings."""
    account = account_of(request)
    update = await params.changes(request, _WRITABLE)
    with account.store.transaction():
        account.store.update("settings", update, "true")
    return answer(account.settings)


@routes.get("/integrations")
async def list_integrations(request: web.Request) -> web.Response:
    """List the connected and the available integrations."""
    return answer({"data": account_of(request).store.rows("SELECT * FROM integrations ORDER BY category, provider")})
