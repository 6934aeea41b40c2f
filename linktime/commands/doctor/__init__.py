"""`linktime-mcp doctor`: checks everything between a client and LinkTime, and suggests a fix for each fault."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

from ...config import Settings
from ...pipeline.rest.proxy import proxy_of
from ...pipeline.system import account_home
from ..locations import Environment
from ..terminal import is_closed
from . import api_key, budget, clients, connection, entries, settings, versions
from .finding import Finding
from .guard import guarded
from .redaction import redacted, without_keys
from .report import Findings, as_json, as_text, count

FIRST: Final = "Fix that first."

_LOOKUP: Final = 3.0  # s; a name lookup has no limit of its own
_NOWHERE: Final = Path(os.devnull)  # contains no file


def doctor(*, machine: bool) -> NoReturn:
    """Run all checks, write the report as text or for a *machine* as JSON, and end the program.

    The exit status is 1 if there is a fault or if the report cannot be written.
    """
    environment = Environment.of_process(_directory())
    findings = asyncio.new_event_loop().run_until_complete(examine(environment))
    public = redacted(findings, environment.home, account_home(sys.platform))
    is_written = _write((as_json if machine else as_text)(public))
    os._exit(bool(count(findings, "fault")) or not is_written)  # a thread in a name lookup would delay a normal exit


async def examine(environment: Environment) -> Findings:
    """Run all checks: at most one request that counts, at most 20 s.

    If the environment has no key, the environment of the first client entry with a key is examined. The areas are in
    the order of cause and effect, so that a fault comes before the faults that follow from it.
    """
    # Local files first. They decide which settings are examined.
    files = entries.find(environment)
    server = entries.server_environment(environment.variables, files.entries)
    usable, problems = settings.read(server.variables)
    checks = asyncio.to_thread(clients.check, files, usable.api_key, environment)
    findings = {
        "clients": await guarded("files", checks, list),
        "settings": await guarded("settings", asyncio.to_thread(settings.check, server, problems), list),
        **await _network(usable, problems, server.prompt),
        "versions": await guarded("versions", asyncio.to_thread(versions.check), list),
    }
    return without_keys(findings, entries.keys(environment.variables, files.entries))


def _directory() -> Path:
    """Return the working directory, or a path without files if it is gone."""
    try:
        return Path.cwd()
    except OSError:  # it was deleted
        return _NOWHERE


def _write(text: str) -> bool:
    """Write to stdout. Return whether that worked. A reader that closed the pipe has read enough."""
    if sys.stdout is None:
        return False
    try:
        sys.stdout.buffer.write(text.encode(sys.stdout.encoding, "replace"))  # the locale can lack the arrow
        sys.stdout.flush()
    except OSError as fault:
        if is_closed(fault):
            return True
        with suppress(AttributeError, OSError):  # stderr is None, closed or full
            sys.stderr.write(f"linktime-mcp: the report cannot be written: {fault.strerror}\n")
        return False
    return True


async def _network(usable: Settings, problems: Collection[str], prompt: str) -> Findings:
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
