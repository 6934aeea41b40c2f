"""GET /me: the owner of the API key."""

from __future__ import annotations

from aiohttp import web

from .account import account_of
from .responses import answer

routes = web.RouteTableDef()


@routes.get("/me")
async def get_me(request: web.Request) -> web.Response:
    """Return the owner, without the key."""
    return answer({name: value for name, value in account_of(request).owner.items() if name != "key"})
