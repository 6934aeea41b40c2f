"""The command line."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from . import __version__
from .startup import sparing


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `linktime-mcp`; ends with status 2 where the command line or the settings can't be right, 130 on Ctrl-C."""
    chosen = _parser().parse_args(arguments)
    try:
        match chosen.command:
            case "sandbox":
                _printed(lambda: _sandbox(chosen))
            case "demo":
                _demo()
            case "doctor":
                _doctor(machine=chosen.json)
            case "install":
                _printed(lambda: _install(chosen))
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
    doctor = commands.add_parser("doctor", help="look for what is wrong, and tell what cures it; 1 if there is a fault")
    doctor.add_argument("--json", action="store_true", help="tell it as one JSON object")
    install = commands.add_parser("install", help="write linktime into the configuration of your MCP client")
    install.add_argument(
        "client",
        metavar="CLIENT",
        help="claude-desktop, claude-code, cursor, windsurf, vscode, codex, gemini-cli or zed",
    )
    install.add_argument("--project", action="store_true", help="for the project in this directory, not for you")
    either = install.add_mutually_exclusive_group()
    either.add_argument("--uninstall", action="store_true", help="take it away again")
    either.add_argument("--print", action="store_true", dest="show", help="only print what would be written")
    install.add_argument("--yes", action="store_true", help="don't ask before writing")
    sandbox = commands.add_parser("sandbox", help="run a local LinkTime with sample data; needs no account")
    sandbox.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    sandbox.add_argument("--port", type=int, default=8787, help="0 picks a free one (default: %(default)s)")
    sandbox.add_argument("--db", default=":memory:", metavar="FILE", help="keep the account in FILE")
    sandbox.add_argument("--log", action="store_true", help="write a line for each request to stderr")
    return parser


def _serve() -> None:
    with sparing("mcp", "mcp.server"):  # whose own imports are the SDK's client and its HTTP half
        from .serve import serve  # noqa: PLC0415 - the other commands never pay for it

    serve()


def _sandbox(chosen: argparse.Namespace) -> int:
    from .sandbox import run  # noqa: PLC0415 - the server never pays for it

    asyncio.run(run(chosen.host, chosen.port, chosen.db, log=chosen.log))
    return 0


def _demo() -> None:
    from .demo import LIMIT, PERIOD, Service, play  # noqa: PLC0415 - likewise
    from .sandbox import Sandbox  # noqa: PLC0415

    async def played() -> int:
        async with Sandbox() as sandbox, Sandbox(limit=LIMIT, period=PERIOD) as limited:
            return await play(Service(sandbox.url, sandbox.key), Service(limited.url, limited.key))

    sys.exit(asyncio.run(played()))


def _doctor(*, machine: bool) -> None:
    with sparing("mcp", "mcp.server"):
        from .doctor import doctor  # noqa: PLC0415 - likewise

    doctor(machine=machine)


def _install(chosen: argparse.Namespace) -> int:
    from .install import Desk, Order, Refused, install  # noqa: PLC0415 - likewise

    try:
        desk = Desk.here()
    except Refused as refused:
        sys.exit(f"linktime-mcp: {refused}")
    return install(Order(chosen.client, chosen.project, chosen.uninstall, chosen.show, chosen.yes), desk)


def _printed(command: Callable[[], int]) -> NoReturn:
    """Run a *command* that raises OSError for its output alone; ends with its status, 1 where the output is lost.

    What is left would be written at Python's very end, and a fault there be told in three lines of no use.
    """
    if sys.stdout is None:  # closed by whoever started us
        sys.exit("linktime-mcp: the output is closed")
    try:
        status = command()
        sys.stdout.flush()
    except OSError as fault:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(f"linktime-mcp: the output can't be written: {fault.strerror}")
    sys.exit(status)
