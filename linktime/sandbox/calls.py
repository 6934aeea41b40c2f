"""GET /calls: what the voice agents did."""

from __future__ import annotations

from aiohttp import web

from . import fields, intake
from .account import account_of
from .answers import answer

routes = web.RouteTableDef()


@routes.get("/calls")
async def list_calls(request: web.Request) -> web.Response:
    """List calls, the latest first."""
    account = account_of(request)
    status = fields.one_of("COMPLETED", "NO_ANSWER", "FAILED", "all")
    asked = intake.query(request, {"status": status, **intake.RANGE, **intake.PAGES})
    first, last = intake.span(asked, account.zone)
    return answer(
        account.store.page(
            "SELECT * FROM calls WHERE ? IN ('all', status) AND startedAt >= ? AND startedAt < ? "
            "ORDER BY startedAt DESC, id",
            asked.pop("status", "all"),
            first,
            last,
            **asked,
        )
    )
