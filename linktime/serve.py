"""The server as a program: from the environment to the end of the session."""

from __future__ import annotations

import asyncio
import logging
import os
import sys

from .app import app
from .config import KEY_MISSING, Settings
from .errors import ConfigError
from .telemetry import Telemetry, set_up

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
    try:
        settings = Settings.from_environ(os.environ)
    except ConfigError as error:
        sys.exit(_complain(error.faults))
    return settings, set_up(os.environ, arguments=settings.trace_arguments)


async def _serving(settings: Settings, telemetry: Telemetry) -> None:
    async with app(settings, telemetry) as application:
        _say(RUNNING if settings.api_key else KEY_MISSING)
        await application.serve()


def _complain(faults: list[str]) -> int:
    for fault in faults:
        _say(fault)
    return 2


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - stderr is where a person looks
