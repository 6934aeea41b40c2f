"""The server as a program, from the environment to the exit status."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NoReturn

from .. import stderr
from ..app import app
from ..config import Settings
from ..errors import ConfigError
from ..front import Front
from ..pipeline.system import is_same_file
from ..telemetry import Telemetry, set_up
from .startup import is_plain

log = logging.getLogger(__name__)

RUNNING = "LinkTime MCP server running"
_FLUSH = 0.2  # s; a stderr that the client does not read must not delay the exit


def serve(notices: Sequence[str] = (), front: Front | None = None, platform: str = sys.platform) -> None:
    """Write the *notices* to stderr, serve stdin and stdout after the *front*, then end the program.

    The exit status is 0 after a session, 2 if a setting is invalid, and 1 after a fault of the program. *platform* is a
    name of `sys.platform`, which decides about threads and signals.
    """
    stderr.secure(partial(is_same_file, platform=platform))
    with stderr.redirected():
        for notice in notices:
            stderr.write_line(notice)
        handlers = [stderr.LineHandler()]
        logging.basicConfig(format="linktime-mcp: %(levelname)s %(message)s", level=logging.WARNING, handlers=handlers)
        try:
            # asyncio.run would wait for the threads that look up names.
            asyncio.new_event_loop().run_until_complete(_serving(*_configured(), front or Front(), platform))
        except Exception:
            log.exception("the server stopped")  # Python itself would wait for the reader of stderr
            _end(1)
    # The teardown of the SDK's modules takes longer than clients wait. Everything of this project is closed by now.
    _end(0)


def _end(status: int) -> NoReturn:
    stderr.flush(_FLUSH)
    os._exit(status)


def _configured() -> tuple[Settings, Telemetry]:
    """Read the environment. If a setting is invalid, write a line for each to stderr and end the program."""
    try:
        settings = Settings.from_environ(os.environ)
    except ConfigError as error:
        for fault in error.faults:
            stderr.write_line(fault)
        _end(2)
    return settings, set_up(os.environ, arguments=settings.trace_arguments)


def _log(environ: Mapping[str, str]) -> Callable[[str], None] | None:
    """Return the function that writes a line for each call, unless the user switched all tracing off."""
    exporter, disabled = (
        environ.get(f"OTEL_{name}", "").strip().lower() for name in ("TRACES_EXPORTER", "SDK_DISABLED")
    )
    return None if exporter == "none" or disabled == "true" else stderr.write_line


async def _serving(settings: Settings, telemetry: Telemetry, front: Front, platform: str) -> None:
    async with app(settings, telemetry, lazy=not is_plain(), log=_log(os.environ)) as application:
        front.end()
        front.records = not settings.missing_key
        stderr.write_line(settings.missing_key or RUNNING)
        stderr.flush(_FLUSH)  # a client that only tests the connection stops reading after the first answer
        await application.serve(front, platform)
