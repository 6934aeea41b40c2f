"""The HTTP application: every resource under /api/v1, and the sandbox's own routes beside it."""

from __future__ import annotations

import asyncio
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
    fault_rules,
    journal,
    profile,
    settings,
    webhooks,
    workflows,
)
from .account import ACCOUNT, Account, http_date
from .answers import refusals
from .fault_injection import STOPPING, inject_faults
from .fault_rules import FAULTS, Faults
from .journal import JOURNAL, Journal, read_body, record
from .limit import WINDOW, SlidingWindow, guard, tell
from .variant import VARIANT, Variant, note_arrival, vary

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


def application(account: Account, window: SlidingWindow, entries: Journal, variant: Variant) -> web.Application:
    """Join the resources of *account*. *window* guards them, *entries* logs requests, *variant* shapes answers."""
    root = web.Application(middlewares=[refusals], client_max_size=_LARGEST_BODY)
    api = web.Application(middlewares=[_dated, record, refusals, read_body, guard, note_arrival, inject_faults, vary])
    api[ACCOUNT], api[WINDOW], api[STOPPING] = account, window, asyncio.Event()
    rules = Faults()
    for app in (root, api):
        app[FAULTS] = rules
        app[JOURNAL] = entries
    api[VARIANT] = variant
    for resource in _RESOURCES:
        api.add_routes(resource.routes)
    api.on_response_prepare.append(tell)
    api.on_shutdown.append(_stop)
    root.add_routes([*fault_rules.routes, *journal.routes])
    root.add_subapp("/api/v1", api)
    return root


@web.middleware
async def _dated(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Date an answer by the account's clock, as its rows are."""
    response = await handler(request)
    response.headers.setdefault("Date", http_date(request))
    return response


async def _stop(app: web.Application) -> None:
    app[STOPPING].set()
