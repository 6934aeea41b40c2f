"""The command line."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from . import __version__
from .config import KEY_MISSING, Settings
from .errors import ConfigError
from .telemetry import Telemetry, Variables, set_up

_T = TypeVar("_T")

RUNNING = "LinkTime MCP server running"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `linktime-mcp`; ends with status 2 where the command line or the settings can't be right, 130 on Ctrl-C."""
    chosen = _parser().parse_args(arguments)
    try:
        match chosen.command:
            case "sandbox":
                _sandbox(chosen.host, chosen.port, chosen.db)
            case "demo":
                _demo()
            case _:
                _serve()
    except KeyboardInterrupt:
        sys.exit(130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="linktime-mcp",
        description="LinkTime for AI assistants: an MCP server over stdio. Without a command it serves.",
    )
    parser.add_argument("--version", action="version", version=f"linktime-mcp {__version__}")
    commands = parser.add_subparsers(dest="command", title="commands")
    commands.add_parser("serve", help="serve MCP over stdin and stdout (the default)")
    commands.add_parser("demo", help="play eight conversations against a sandbox; needs no key and no network")
    sandbox = commands.add_parser("sandbox", help="run a LinkTime of your own, for trying things out")
    sandbox.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    sandbox.add_argument("--port", type=int, default=8787, help="0 picks a free one (default: %(default)s)")
    sandbox.add_argument("--db", default=":memory:", metavar="FILE", help="keep the account in FILE")
    return parser


def _serve() -> None:
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
    from .app import app  # noqa: PLC0415 - the SDK behind it takes longer to import than the other commands run

    async with app(settings, telemetry) as application:
        _say(RUNNING if settings.api_key else KEY_MISSING)
        await application.serve()


def _sandbox(host: str, port: int, db: str) -> None:
    from .sandbox import run  # noqa: PLC0415 - the server never pays for it

    asyncio.run(run(host, port, db))


def _demo() -> None:
    from .demo import play  # noqa: PLC0415 - likewise
    from .sandbox import Sandbox  # noqa: PLC0415

    async def played() -> int:
        async with Sandbox() as sandbox:
            return await play(sandbox.url, sandbox.key)

    sys.exit(asyncio.run(played()))


def _complain(faults: list[str]) -> int:
    for fault in faults:
        _say(fault)
    return 2


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - stderr is where a person looks
