"""The HTTP application: every resource under /api/v1, and the sandbox's own routes beside it."""

from __future__ import annotations

import asyncio
from email.utils import format_datetime
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from . import (
    availability,
    bookings,
    calls,
    contacts,
    conversations,
    event_types,
    faults,
    journal,
    profile,
    settings,
    webhooks,
    workflows,
)
from .account import ACCOUNT, Account, account_of
from .answers import refusals
from .faults import FAULTS, Faults
from .journal import JOURNAL, Journal, read_body, record
from .limit import WINDOW, SlidingWindow, guard, tell
from .spoil import STOPPING, spoil

_LARGEST_BODY: Final = 1 << 20  # bytes
_RESOURCES: Final = (
    availability,
    bookings,
    calls,
    contacts,
    conversations,
    event_types,
    profile,
    settings,
    webhooks,
    workflows,
)


def application(account: Account, window: SlidingWindow, entries: Journal) -> web.Application:
    """Join the resources of *account*; *window* guards them and *entries* remembers who asked."""
    root = web.Application(middlewares=[refusals], client_max_size=_LARGEST_BODY)
    api = web.Application(middlewares=[_dated, record, refusals, read_body, guard, spoil])
    api[ACCOUNT], api[WINDOW], api[STOPPING] = account, window, asyncio.Event()
    rules = Faults()
    for app in (root, api):
        app[FAULTS] = rules
        app[JOURNAL] = entries
    for resource in _RESOURCES:
        api.add_routes(resource.routes)
    api.on_response_prepare.append(tell)
    api.on_shutdown.append(_stop)
    root.add_routes([*faults.routes, *journal.routes])
    root.add_subapp("/api/v1", api)
    return root


@web.middleware
async def _dated(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Date an answer by the account's clock, as its rows are."""
    response = await handler(request)
    response.headers.setdefault("Date", format_datetime(account_of(request).now(), usegmt=True))
    return response


async def _stop(app: web.Application) -> None:
    app[STOPPING].set()
