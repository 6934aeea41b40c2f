"""GET /conversations: message threads."""

from __future__ import annotations

from aiohttp import web

from . import params, readers
from .account import account_of
from .responses import answer

routes = web.RouteTableDef()


@routes.get("/conversations")
@params.takes({"channel": readers.one_of("SMS", "WHATSAPP"), **params.RANGE, **params.PAGES})
async def list_conversations(request: web.Request) -> web.Response:
    """List threads, latest first."""
    account = account_of(request)
    query = request[params.QUERY]
    first, last = params.date_range(query, account.zone)
    return answer(
        account.store.page(
            "SELECT * FROM conversations WHERE channel = coalesce(?, channel) AND lastMessageAt >= ? "
            "AND lastMessageAt < ? ORDER BY lastMessageAt DESC, id",
            query.pop("channel", None),
            first,
            last,
            **query,
        )
    )
