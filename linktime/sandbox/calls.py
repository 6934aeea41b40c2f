"""GET /calls: the calls of the voice agents."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from . import params, readers
from .account import account_of
from .responses import answer

routes = web.RouteTableDef()

_STATUS: Final = readers.one_of("COMPLETED", "NO_ANSWER", "FAILED", "all")


@routes.get("/calls")
@params.takes({"status": _STATUS, **params.RANGE, **params.PAGES})
async def list_calls(request: web.Request) -> web.Response:
    """List calls, latest first."""
    account = account_of(request)
    query = request[params.QUERY]
    first, last = params.date_range(query, account.zone)
    return answer(
        account.store.page(
            "SELECT * FROM calls WHERE ? IN ('all', status) AND startedAt >= ? AND startedAt < ? "
            "ORDER BY startedAt DESC, id",
            query.pop("status", "all"),
            first,
            last,
            **query,
        )
    )
