"""The HTTP application: the resources under /api/v1, and the sandbox's control routes beside them."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from ..contract import Contract
from . import (
    availability,
    bookings,
    calls,
    contacts,
    conversations,
    event_types,
    fault_rules,
    profile,
    request_log,
    settings,
    webhooks,
    workflows,
)
from .access import HOST, protect
from .account import ACCOUNT, Account, http_date
from .fault_injection import STOPPING, inject_faults
from .fault_rules import FAULTS, Faults
from .params import check_query
from .rate_limit import WINDOW, SlidingWindow, add_headers, authorize
from .request_log import REQUEST_LOG, RequestLog, read_body, record
from .responses import answer, refusals
from .spelling import CONTRACT, respell, routes_of
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


def application(
    account: Account, window: SlidingWindow, log: RequestLog, host: str, variant: Variant, *, contract: Contract
) -> web.Application:
    """Build the application that serves *account* on *host* in the spelling of *contract*.

    It is limited by *window* and recorded in *log*.
    """
    # Middlewares run from left to right. The key and the limit come before a fault, a fault before the query check.
    root = web.Application(middlewares=[refusals, protect], client_max_size=_LARGEST_BODY)
    api = web.Application(
        middlewares=[
            _dated,
            record,
            refusals,
            read_body,
            authorize,
            note_arrival,
            inject_faults,
            respell,
            check_query,
            vary,
        ]
    )
    api[ACCOUNT], api[WINDOW], api[STOPPING] = account, window, asyncio.Event()
    root[HOST] = host
    rules = Faults()
    for app in (root, api):
        app[FAULTS] = rules
        app[REQUEST_LOG] = log
    api[VARIANT], api[CONTRACT] = variant, contract
    for resource in _RESOURCES:
        api.add_routes(routes_of(resource.routes, contract))
    api.on_response_prepare.append(add_headers)
    api.on_shutdown.append(_stop)
    root.add_routes([*fault_rules.routes, *request_log.routes])
    root.router.add_get("/openapi.json", partial(_show_contract, contract))
    root.add_subapp("/api/v1", api)
    return root


async def _show_contract(contract: Contract, _: web.Request) -> web.Response:
    """Return the OpenAPI document of everything under /api/v1."""
    return answer(contract.document)


@web.middleware
async def _dated(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Date an answer by the account's clock, as its rows are."""
    response = await handler(request)
    response.headers.setdefault("Date", http_date(request))
    return response


async def _stop(app: web.Application) -> None:
    app[STOPPING].set()
