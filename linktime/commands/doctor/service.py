"""Checks over the network with one set of settings: the connection, the key, and the budget."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress
from typing import Final

from ...config import Settings
from ...pipeline.rest.proxy import proxy_of
from . import api_key, budget, connection, settings
from .finding import Finding
from .guard import guarded
from .report import Findings

FIRST: Final = "Fix that first."

_LOOKUP: Final = 3.0  # s; a name lookup has no limit of its own


async def check(usable: Settings, problems: Collection[str], prompt: str) -> Findings:
    """Check the service and the budget. The doctor does not create a budget, and uses no budget that is broken."""
    if settings.BASE in problems:
        return {"service": [_skipped("connection", f"{settings.BASE} is invalid")]}
    has_budget = settings.BUDGET not in problems and usable.api_key is not None
    proxied = await _is_proxied(usable.base_url)
    # The two checks do not depend on each other.
    ledger, way = await asyncio.gather(
        guarded("place", budget.look(usable) if has_budget else _no_budget(prompt), budget.Look),
        guarded("connection", connection.check(usable, proxied=proxied), list),
    )
    if usable.api_key is None:
        key = [_no_key("key", prompt)]
    elif way[0].state == "fault":
        key = [_skipped("key", "no connection")]
    else:
        # Without a usable ledger the request counts only in this process.
        used = usable if ledger.began else usable.model_copy(update={"budget": "process"})
        key = await guarded("key", api_key.check(used, proxied=proxied), list)
    return {"service": [*way, *key], "budget": ledger.findings}


async def _is_proxied(base_url: str) -> bool:
    """Return whether the environment names a proxy for *base_url*. On Windows and macOS a name is looked up for it."""
    with suppress(TimeoutError):
        return await asyncio.wait_for(asyncio.to_thread(proxy_of, base_url), _LOOKUP) is not None
    return False


async def _no_budget(prompt: str) -> budget.Look:
    """Return a finding in place of the budget, because there is no key for it."""
    return budget.Look([_no_key("place", prompt)])


def _no_key(subject: str, prompt: str) -> Finding:
    """Return a finding for a check that needs the key. *prompt* is the client that asks for it."""
    if not prompt:
        return _skipped(subject, "no API key or no valid budget" if subject == "place" else "no API key")
    cure = f"Set LINKTIME_API_KEY in this shell as well to check it, or use a tool of linktime in {prompt}."
    return Finding(subject, "warning", f"skipped: only {prompt} has the API key", cure, "skipped")


def _skipped(subject: str, reason: str) -> Finding:
    """Return a finding for a check that depends on another one."""
    return Finding(subject, "warning", f"skipped: {reason}", FIRST, "skipped")
