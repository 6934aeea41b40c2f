"""`linktime-mcp doctor`: looks at all that lies between a client and LinkTime, and names what cures each fault."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from ..clients import Place, System
from ..config import Settings
from ..rest import proxy_of
from ..text import one_line
from . import budget, clients, connection, service, settings, versions
from .finding import Finding
from .report import Findings, as_json, as_text, count


def doctor(*, machine: bool) -> NoReturn:
    """Examine, tell a person or a *machine*, and end the program: with status 1 if there is a fault."""
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home raises where there is none
    surroundings = {**os.environ, "HOME": home, "USERPROFILE": home}
    here = Place(System.called(sys.platform), surroundings, Path.cwd())
    loop = asyncio.new_event_loop()
    findings = loop.run_until_complete(examine(here))
    text = (as_json if machine else as_text)(_discreet(findings, home))
    with suppress(BrokenPipeError):
        sys.stdout.buffer.write(text.encode(sys.stdout.encoding, "replace"))  # the locale may have no arrows
        sys.stdout.flush()
    os._exit(bool(count(findings, "fault")))  # a thread that still looks up a name would hold a usual end


async def examine(place: Place) -> Findings:
    """Look at everything; it makes one request that counts at most, and takes 20 s at most.

    Where the environment has no key, it is as if the first client that has one had started us.
    """
    entries = list(clients.find(place))
    given = clients.adopted(place.environ, entries)
    readable, malformed = settings.read(given.environ)
    return {
        "settings": settings.examine(given, malformed),
        **await _outside(readable, malformed),
        "clients": clients.examine(entries, readable.api_key),
        "versions": versions.examine(),
    }


async def _outside(readable: Settings, malformed: Collection[str]) -> Findings:
    """Look at the service and the budget; a budget that nobody began, or nobody can use, is left alone."""
    if settings.BASE in malformed:
        return {"service": [_unasked("connection", f"{settings.BASE} can't be read")]}
    looks = settings.BUDGET not in malformed and readable.api_key is not None
    proxied = proxy_of(readable.base_url) is not None
    looked, way = await asyncio.gather(
        budget.look(readable) if looks else _nothing(), connection.look(readable, proxied=proxied)
    )
    if readable.api_key is None:
        key = _unasked("key", "there is none that can be read")
    elif way[0].state == "fault":
        key = _unasked("key", "there is no connection")
    else:
        used = readable if looked.began else readable.model_copy(update={"budget": "process"})
        key = await service.ask(used, proxied=proxied)
    return {"service": [*way, key], "budget": looked.findings}


async def _nothing() -> budget.Look:
    return budget.Look([_unasked("place", "that takes a key and a budget that can be read")])


def _unasked(subject: str, why: str) -> Finding:
    return Finding(subject, "warning", f"not looked at, since {why}", "Cure that first.")


def _discreet(findings: Findings, home: str) -> Findings:
    """Leave out the user's name, which is in paths, and keys, e-mail addresses and signs that can't be seen."""

    def told(text: str) -> str:
        text = re.sub(r"lt_live_\w+", "[key]", one_line(text))
        return text.replace(f"{home}{os.sep}", f"~{os.sep}") if len(home) > 1 else text

    return {
        area: [finding._replace(subject=told(finding.subject), seen=told(finding.seen)) for finding in found]
        for area, found in findings.items()
    }
