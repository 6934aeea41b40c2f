"""`linktime-mcp doctor`: checks everything between a client and LinkTime, and suggests a fix for each fault."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

from ...pipeline.system import account_home
from ..locations import Environment
from ..terminal import is_closed
from . import clients, entries, other_entries, service, settings, versions
from .guard import guarded
from .redaction import redacted, without_keys
from .report import Findings, as_json, as_text, count

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
    """Run all checks, in at most 20 s. Each key costs at most one request that counts.

    If the environment has no key, the environment of the first client entry with a key is examined. The areas are in
    the order of cause and effect, so that a fault comes before the faults that follow from it. The last ones are the
    entries with other settings than the examined ones.
    """
    # Local files first. They decide which settings are examined.
    files = entries.find(environment)
    server = entries.server_environment(environment.variables, files.entries)
    usable, problems = settings.read(server.variables)
    checks = asyncio.to_thread(clients.check, files, usable.api_key, environment)
    # The network takes the longest, and the entries do not depend on each other.
    examined, others = await asyncio.gather(
        service.check(usable, problems, server.prompt),
        other_entries.check(server, environment.variables, files.entries),
    )
    findings = {
        "clients": await guarded("files", checks, list),
        "settings": await guarded("settings", asyncio.to_thread(settings.check, server, problems), list),
        **examined,
        **({"other entries": others} if others else {}),
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
