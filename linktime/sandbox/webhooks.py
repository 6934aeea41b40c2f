"""/webhooks: endpoints that receive events. Only the response of the creation shows the secret."""

from __future__ import annotations

import secrets
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import web

from . import params, readers
from .account import Account, account_of
from .events import EVENTS
from .responses import answer, created, done
from .store import Row, cuid

routes = web.RouteTableDef()


def _events(value: Any) -> list[str]:
    """Read event names, each once."""
    return list(dict.fromkeys(readers.several(readers.one_of(*EVENTS), 1, 20)(value)))


_FIELDS: Final = {"url": readers.url, "events": _events, "name": readers.text(200)}


@routes.get("/webhooks")
async def list_webhooks(request: web.Request) -> web.Response:
    """List the webhooks with their delivery counts."""
    rows = account_of(request).store.rows("SELECT * FROM webhooks ORDER BY createdAt, rowid")
    return answer({"data": [_public(row) for row in rows]})


@routes.post("/webhooks")
async def create_webhook(request: web.Request) -> web.Response:
    """Subscribe an endpoint. Return its signing secret."""
    account = account_of(request)
    fields = await params.body(request, _FIELDS, ["url", "events"])
    secret = f"whsec_{secrets.token_hex(24)}"
    # A webhook without a name gets the host name of its URL.
    webhook = {
        "id": cuid(),
        "name": urlsplit(fields["url"]).hostname,
        **fields,
        "secret": secret,
        "isActive": True,
        "createdAt": account.now(),
    }
    with account.store.transaction():
        account.store.insert("webhooks", webhook)
    return created({**_public(_find(account, webhook["id"])), "secret": secret})


@routes.patch("/webhooks/{id}")
async def update_webhook(request: web.Request) -> web.Response:
    """Update a webhook, or turn it off and on."""
    account, ident = account_of(request), request.match_info["id"]
    update = await params.changes(request, {**_FIELDS, "isActive": readers.flag})
    with account.store.transaction():
        _find(account, ident)
        account.store.update("webhooks", update, "id = ?", ident)
    return answer(_public(_find(account, ident)))


@routes.delete("/webhooks/{id}")
async def delete_webhook(request: web.Request) -> web.Response:
    """Delete a webhook."""
    account, ident = account_of(request), request.match_info["id"]
    with account.store.transaction():
        _find(account, ident)
        account.store.rows("DELETE FROM webhooks WHERE id = ?", ident)
    return done()


def _find(account: Account, ident: str) -> Row:
    """Return a webhook with its secret, or raise NotFound."""
    return account.find("webhook", "SELECT * FROM webhooks WHERE id = ?", ident)


def _public(row: Row) -> Row:
    """Return a webhook without its secret."""
    return {name: value for name, value in row.items() if name != "secret"}
