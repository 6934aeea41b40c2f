"""The server as a program: from the environment to the end of the session."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Mapping
from typing import TypeVar

from .app import app
from .config import Settings
from .errors import ConfigError
from .telemetry import Telemetry, Variables, set_up

_T = TypeVar("_T")

RUNNING = "LinkTime MCP server running"


def serve() -> None:
    """Serve stdin and stdout, and end the program; with status 2 where the settings can't be right."""
    logging.basicConfig(format="linktime-mcp: %(levelname)s %(message)s", level=logging.WARNING)
    asyncio.run(_serving(*_configured()))
    # What the SDK imported takes longer to tear down than clients wait; all of ours is closed and flushed by now.
    sys.stderr.flush()
    os._exit(0)


def _configured() -> tuple[Settings, Telemetry]:
    """Read what the environment asks for, or say all that is wrong with it and end."""
    faults: list[str] = []
    settings, variables = _read(Settings.from_environ, faults), _read(Variables.from_environ, faults)
    if settings is None or variables is None:
        sys.exit(_complain(faults))
    return settings, set_up(variables, arguments=settings.trace_arguments)


def _read(reader: Callable[[Mapping[str, str]], _T], faults: list[str]) -> _T | None:
    try:
        return reader(os.environ)
    except ConfigError as error:
        faults += error.faults
        return None


async def _serving(settings: Settings, telemetry: Telemetry) -> None:
    async with app(settings, telemetry) as application:
        _say(settings.missing_key or RUNNING)
        await application.serve()


def _complain(faults: list[str]) -> int:
    for fault in faults:
        _say(fault)
    return 2


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - stderr is where a person looks
