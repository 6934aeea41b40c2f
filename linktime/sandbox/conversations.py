"""GET /conversations: threads of messages."""

from __future__ import annotations

from aiohttp import web

from . import fields, intake
from .account import account_of
from .answers import answer

routes = web.RouteTableDef()


@routes.get("/conversations")
async def list_conversations(request: web.Request) -> web.Response:
    """List threads, the latest first."""
    account = account_of(request)
    asked = intake.query(request, {"channel": fields.one_of("SMS", "WHATSAPP"), **intake.RANGE, **intake.PAGES})
    first, last = intake.span(asked, account.zone)
    return answer(
        account.store.page(
            "SELECT * FROM conversations WHERE channel = coalesce(?, channel) AND lastMessageAt >= ? "
            "AND lastMessageAt < ? ORDER BY lastMessageAt DESC, id",
            asked.pop("channel", None),
            first,
            last,
            **asked,
        )
    )
