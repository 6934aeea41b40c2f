"""The server as a program, from the environment to the exit status."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from typing import NoReturn, TypeVar

from . import stderr
from .app import app
from .config import KEY_MISSING, Settings
from .errors import ConfigError
from .telemetry import Telemetry, Variables, set_up

_T = TypeVar("_T")

log = logging.getLogger(__name__)

RUNNING = "LinkTime MCP server running"
_FLUSH = 0.2  # s; a stderr that nobody reads does not hold the exit


def serve() -> None:
    """Serve stdin and stdout, then end the program. The exit status is 2 if a setting is invalid, 1 after a fault."""
    stderr.secure()
    with stderr.redirected():
        handlers = [stderr.LineHandler()]
        logging.basicConfig(format="linktime-mcp: %(levelname)s %(message)s", level=logging.WARNING, handlers=handlers)
        try:
            asyncio.run(_serving(*_configured()))
        except Exception:
            log.exception("the server stopped")  # Python itself would wait on a stderr that nobody reads
            _end(1)
    # The teardown of the SDK's modules takes longer than clients wait. Everything of this project is closed by now.
    _end(0)


def _end(status: int) -> NoReturn:
    stderr.flush(_FLUSH)
    os._exit(status)


def _configured() -> tuple[Settings, Telemetry]:
    """Read the environment. If it has faults, write them to stderr and end the program."""
    faults: list[str] = []
    settings, variables = _read(Settings.from_environ, faults), _read(Variables.from_environ, faults)
    if settings is None or variables is None:
        for fault in faults:
            stderr.write_line(fault)
        _end(2)
    return settings, set_up(variables, arguments=settings.trace_arguments)


def _read(reader: Callable[[Mapping[str, str]], _T], faults: list[str]) -> _T | None:
    try:
        return reader(os.environ)
    except ConfigError as error:
        faults += error.faults
        return None


async def _serving(settings: Settings, telemetry: Telemetry) -> None:
    async with app(settings, telemetry) as application:
        stderr.write_line(RUNNING if settings.api_key else KEY_MISSING)
        await application.serve()
