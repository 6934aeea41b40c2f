"""`linktime-mcp doctor`: looks at all that lies between a client and LinkTime, and names what cures each fault."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

from ..clients import Place, System
from ..config import Settings
from ..proxy import proxy_of
from . import budget, clients, connection, entries, service, settings, versions
from .discretion import discreet, without
from .finding import Finding
from .net import caught
from .report import Findings, as_json, as_text, count

_NOWHERE: Final = Path(os.devnull)  # no file can lie in it


def doctor(*, machine: bool) -> NoReturn:
    """Examine, tell a person or a *machine*, and end the program: with status 1 if there is a fault."""
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home raises where there is none
    surroundings = {**os.environ, "HOME": home, "USERPROFILE": home}
    here = Place(System.called(sys.platform), surroundings, _directory())
    loop = asyncio.new_event_loop()
    findings = loop.run_until_complete(examine(here))
    told = _tell((as_json if machine else as_text)(discreet(findings, home)))
    os._exit(bool(count(findings, "fault")) or not told)  # a thread that still looks up a name would hold a usual end


async def examine(place: Place) -> Findings:
    """Look at everything; it makes one request that counts at most, and takes 20 s at most.

    Where the environment has no key, it is as if the first client that has one had started us.
    """
    found = list(entries.find(place))
    given = entries.adopted(place.environ, found)
    readable, malformed = settings.read(given.environ)
    key = readable.api_key
    findings = {
        "settings": await caught("settings", asyncio.to_thread(settings.examine, given, malformed), list),
        **await _outside(readable, malformed),
        "clients": await caught("files", asyncio.to_thread(clients.examine, found, key), list),
        "versions": await caught("versions", asyncio.to_thread(versions.examine), list),
    }
    return without(findings, entries.keys(place.environ, found))


def _directory() -> Path:
    try:
        return Path.cwd()
    except OSError:  # somebody deleted it
        return _NOWHERE


def _tell(text: str) -> bool:
    """Write it to stdout, if that can be done; a reader who left has seen enough."""
    if sys.stdout is None:
        return False
    try:
        sys.stdout.buffer.write(text.encode(sys.stdout.encoding, "replace"))  # the locale may have no arrows
        sys.stdout.flush()
    except BrokenPipeError:
        return True
    except OSError as fault:
        with suppress(AttributeError, OSError):  # stderr may be closed or full, too
            sys.stderr.write(f"linktime-mcp: what was found can't be written: {fault.strerror}\n")
        return False
    return True


async def _outside(readable: Settings, malformed: Collection[str]) -> Findings:
    """Look at the service and the budget; a budget that nobody began, or nobody can use, is left alone."""
    if settings.BASE in malformed:
        return {"service": [_unasked("connection", f"{settings.BASE} can't be read")]}
    looks = settings.BUDGET not in malformed and readable.api_key is not None
    proxied = proxy_of(readable.base_url) is not None
    looked, way = await asyncio.gather(
        caught("place", budget.look(readable) if looks else _nothing(), budget.Look),
        caught("connection", connection.look(readable, proxied=proxied), list),
    )
    if readable.api_key is None:
        key = [_unasked("key", "there is none that can be read")]
    elif way[0].state == "fault":
        key = [_unasked("key", "there is no connection")]
    else:
        used = readable if looked.began else readable.model_copy(update={"budget": "process"})
        key = await caught("key", service.ask(used, proxied=proxied), list)
    return {"service": [*way, *key], "budget": looked.findings}


async def _nothing() -> budget.Look:
    return budget.Look([_unasked("place", "that takes a key and a budget that can be read")])


def _unasked(subject: str, why: str) -> Finding:
    return Finding(subject, "warning", f"not looked at, since {why}", "Cure that first.")
