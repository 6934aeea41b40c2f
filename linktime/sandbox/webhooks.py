"""/webhooks: endpoints that are told of events; a secret is shown once, when it is made."""

from __future__ import annotations

import secrets
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import web

from . import fields, intake
from .account import Account, account_of
from .answers import answer, created, done
from .events import EVENTS
from .store import Row, cuid

routes = web.RouteTableDef()


def _events(value: Any) -> list[str]:
    return list(dict.fromkeys(fields.several(fields.one_of(*EVENTS), 1, 20)(value)))


_FIELDS: Final = {"url": fields.url, "events": _events, "name": fields.text(200)}


@routes.get("/webhooks")
async def list_webhooks(request: web.Request) -> web.Response:
    """List the endpoints with their counts."""
    rows = account_of(request).store.rows("SELECT * FROM webhooks ORDER BY createdAt, rowid")
    return answer({"data": [_shown(row) for row in rows]})


@routes.post("/webhooks")
async def create_webhook(request: web.Request) -> web.Response:
    """Subscribe an endpoint."""
    account = account_of(request)
    asked = await intake.body(request, _FIELDS, ["url", "events"])
    secret = f"whsec_{secrets.token_hex(24)}"
    webhook = {
        "id": cuid(),
        "name": urlsplit(asked["url"]).hostname,
        **asked,
        "secret": secret,
        "isActive": True,
        "createdAt": account.now(),
    }
    with account.store.transaction():
        account.store.insert("webhooks", webhook)
    return created({**_shown(_find(account, webhook["id"])), "secret": secret})


@routes.patch("/webhooks/{id}")
async def update_webhook(request: web.Request) -> web.Response:
    """Change an endpoint, or switch it off and on."""
    account, ident = account_of(request), request.match_info["id"]
    asked = await intake.changes(request, {**_FIELDS, "isActive": fields.flag})
    with account.store.transaction():
        _find(account, ident)
        account.store.update("webhooks", asked, "id = ?", ident)
    return answer(_shown(_find(account, ident)))


@routes.delete("/webhooks/{id}")
async def delete_webhook(request: web.Request) -> web.Response:
    """Forget an endpoint."""
    account, ident = account_of(request), request.match_info["id"]
    with account.store.transaction():
        _find(account, ident)
        account.store.rows("DELETE FROM webhooks WHERE id = ?", ident)
    return done()


def _find(account: Account, ident: str) -> Row:
    return account.find("webhook", "SELECT * FROM webhooks WHERE id = ?", ident)


def _shown(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "secret"}
