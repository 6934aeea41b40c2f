"""The command line of `linktime-mcp`."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn

from . import __version__
from .commands.startup import ignore_plugins, sparing
from .commands.terminal import has_user, is_closed, prepare_streams
from .front import Front
from .pipeline.system import WINDOWS, know_name

ON_A_TERMINAL: Final = (
    "linktime-mcp is an MCP server: an MCP client starts it and sends requests to its stdin. Run linktime-mcp install "
    "CLIENT to add it to a client, or linktime-mcp --help for other commands. Press Ctrl-C to end it."
)
_COMMANDS: Final = ("serve", "install", "doctor", "tools", "call", "budget", "demo", "sandbox", "completion")


def main(arguments: Sequence[str] | None = None, *, notices: Sequence[str] = (), front: Front | None = None) -> None:
    """Run `linktime-mcp`. The server writes the *notices* to stderr first. The *front* answers until it is ready.

    The exit status is 2 for an invalid command line or setting, and 130 after Ctrl-C.
    """
    ignore_plugins()
    prepare_streams()
    know_name(sys.platform)
    # A client gives no argument, and to build the parser takes 4 ms of the start.
    is_client = arguments is None and len(sys.argv) == 1
    chosen = argparse.Namespace(command="serve") if is_client else _parser().parse_args(arguments)
    try:
        # The doctor ends the program itself.
        match chosen.command:
            case "sandbox":
                _printed(lambda: _sandbox(chosen))
            case "demo":
                _printed(lambda: _demo(chosen))
            case "doctor":
                _doctor(chosen)
            case "install":
                _printed(lambda: _install(chosen))
            case "tools":
                _printed(lambda: _tools(chosen))
            case "call":
                _printed(lambda: _call(chosen))
            case "budget":
                _printed(lambda: _budget(chosen))
            case "completion":
                _printed(lambda: _completion(chosen))
            case _:
                _serve(notices, front or Front())
    except KeyboardInterrupt:
        sys.exit(130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="linktime-mcp",
        description="LinkTime for AI assistants: an MCP server over stdio. Without a command it serves.",
    )
    parser.add_argument("--version", action="version", version=f"linktime-mcp {__version__}")
    commands = parser.add_subparsers(dest="command", title="commands", metavar="COMMAND")
    commands.add_parser("serve", help="serve MCP over stdin and stdout (the default)")
    demo = commands.add_parser("demo", help="play nine scenes against a sandbox, without a key and without a network")
    demo.add_argument("scene", metavar="N", nargs="?", help="play only this scene")
    demo.add_argument("--list", action="store_true", dest="titles", help="list the scenes")
    demo.add_argument("--view", action="store_true", help="show the sandbox's calendar and free times in a browser")
    demo.add_argument("--no-browser", action="store_true", help="with --view: print the address without opening it")
    doctor = commands.add_parser("doctor", help="diagnose problems and suggest fixes (exit status 1 on a fault)")
    doctor.add_argument("--json", action="store_true", help="print one JSON object")
    doctor.add_argument("--api", action="store_true", help="compare LinkTime's API with the contract, by reads only")
    doctor.add_argument("--yes", action="store_true", help="with --api: send the requests without asking")
    install = commands.add_parser("install", help="add linktime to the configuration of your MCP client")
    install.add_argument(
        "client",
        metavar="CLIENT",
        help="claude-desktop, claude-code, cursor, windsurf, vscode, codex, gemini-cli or zed",
    )
    install.add_argument("--project", action="store_true", help="for the project in this directory only")
    either = install.add_mutually_exclusive_group()
    either.add_argument("--uninstall", action="store_true", help="remove it again")
    either.add_argument("--print", action="store_true", dest="show", help="print the change without writing it")
    either.add_argument("--sandbox", action="store_true", help="connect it to a local sandbox, without an account")
    install.add_argument(
        "--port", type=int, metavar="PORT", help="with --sandbox: the port of the sandbox (default: 8787)"
    )
    install.add_argument("--yes", action="store_true", help="write without asking")
    _add_calls(commands)
    sandbox = commands.add_parser("sandbox", help="run a local LinkTime with sample data and without an account")
    sandbox.add_argument("--host", default="127.0.0.1", help="listen on this address (default: %(default)s)")
    sandbox.add_argument(
        "--port", type=int, default=8787, help="listen on this port, or 0 for any free port (default: %(default)s)"
    )
    sandbox.add_argument("--db", default=":memory:", metavar="FILE", help="keep the data in FILE")
    sandbox.add_argument(
        "--log",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="write a line for each request to stderr, which is the default",
    )
    return parser


def _add_calls(commands: Any) -> None:
    """Add the commands that use the tools from a shell to the subparsers."""
    tools = commands.add_parser("tools", help="list the tools, or describe one")
    tools.add_argument("name", metavar="NAME", nargs="?", help="describe this tool")
    tools.add_argument("--json", action="store_true", help="print JSON")
    call = commands.add_parser(
        "call",
        help="call one tool from a shell",
        description="Call one tool with your key, budget and settings. A call keeps no answers for the next one. It "
        "sends no write again that the last call made within two minutes. The exit status is 1 for an error of the "
        "call, and 2 for a wrong command line, argument or setting.",
        epilog="Example: linktime-mcp call check_availability eventTypeSlug=30min from=today to=tomorrow",
    )
    call.add_argument("tool", metavar="TOOL", help="the tool: linktime-mcp tools lists them")
    call.add_argument(
        "words",
        metavar="NAME=VALUE",
        nargs="*",
        help="its arguments: linktime-mcp tools TOOL describes them. Lists and objects are JSON",
    )
    call.add_argument("--json", action="store_true", help="print the answer as JSON")
    call.add_argument("--yes", action="store_true", help="confirm a destructive call without being asked")
    budget = commands.add_parser("budget", help="show who spends the request budget of the key now")
    budget.add_argument("--watch", action="store_true", help="show it every second, until Ctrl-C")
    budget.add_argument("--json", action="store_true", help="print JSON (with --watch one line a second)")
    completion = commands.add_parser("completion", help="print the script that completes names in a shell")
    completion.add_argument("shell", choices=("bash", "zsh", "fish"))


def _serve(notices: Sequence[str], front: Front) -> None:
    with sparing("mcp", "mcp.server"):  # they import the SDK's client and its HTTP half
        from .commands.serve import serve  # noqa: PLC0415 - only this command needs its imports

    serve([*notices, *([ON_A_TERMINAL] if has_user() else [])], front)


def _sandbox(chosen: argparse.Namespace) -> int:
    from .sandbox import run  # noqa: PLC0415 - likewise

    is_windows = sys.platform == WINDOWS
    asyncio.run(run(chosen.host, chosen.port, chosen.db, log=chosen.log, powershell=is_windows))
    return 0


def _demo(chosen: argparse.Namespace) -> int:
    from .commands.demo import UnknownScene, play, scene_list, scene_number  # noqa: PLC0415 - likewise
    from .sandbox import Sandbox  # noqa: PLC0415

    if chosen.view:
        from .commands.demo.host import show  # noqa: PLC0415

        return show(Sandbox, browse=not chosen.no_browser)
    if chosen.titles:
        sys.stdout.write(scene_list())
        return 0
    try:
        number = None if chosen.scene is None else scene_number(chosen.scene)
    except UnknownScene as error:
        _parser().exit(2, f"linktime-mcp: {error}")
    return play(Sandbox, number)


def _doctor(chosen: argparse.Namespace) -> None:
    with sparing("mcp", "mcp.server"):
        from .commands.doctor import doctor  # noqa: PLC0415 - likewise

    if chosen.api:
        from .commands.doctor.api import compare  # noqa: PLC0415 - it imports aiohttp at once

        compare(machine=chosen.json, agreed=chosen.yes)
    doctor(machine=chosen.json)


def _install(chosen: argparse.Namespace) -> int:
    from .commands.clients import SANDBOX_PORT  # noqa: PLC0415 - likewise
    from .commands.install import Context, Options, Refused, install  # noqa: PLC0415

    if chosen.port is not None and not chosen.sandbox:
        _parser().exit(2, "linktime-mcp: --port is the port of the sandbox. Add --sandbox, or leave it out.\n")
    if chosen.port is not None and not 0 < chosen.port < 65536:
        _parser().exit(2, f"linktime-mcp: --port {chosen.port} is not a port. Choose one from 1 to 65535.\n")
    port = chosen.port or SANDBOX_PORT
    options = Options(chosen.client, chosen.project, chosen.uninstall, chosen.show, chosen.yes, chosen.sandbox, port)
    try:
        install(options, Context.current())
    except Refused as refused:
        if sys.stderr:
            sys.stderr.write(f"linktime-mcp: {refused}\n")
        return refused.status
    return 0


def _tools(chosen: argparse.Namespace) -> int:
    from .commands.call import UsageError, find_tool  # noqa: PLC0415 - likewise
    from .commands.listing import list_tools  # noqa: PLC0415

    try:
        list_tools(find_tool(chosen.name) if chosen.name else None, as_json=chosen.json)
    except UsageError as error:
        _parser().exit(2, f"linktime-mcp: {error}\n")
    return 0


def _call(chosen: argparse.Namespace) -> int:
    with sparing():
        from .commands.call import Options, call  # noqa: PLC0415 - likewise

    return call(Options(chosen.tool, chosen.words, chosen.json, chosen.yes))


def _budget(chosen: argparse.Namespace) -> int:
    from .commands.budget import budget  # noqa: PLC0415 - likewise

    return budget(watch=chosen.watch, as_json=chosen.json)


def _completion(chosen: argparse.Namespace) -> int:
    from .commands.completion import script  # noqa: PLC0415 - likewise

    sys.stdout.write(script(chosen.shell, _COMMANDS))
    return 0


def _printed(command: Callable[[], int]) -> NoReturn:
    """Run a *command* that raises OSError only for its output, and exit with its status, or 1 if the output is lost.

    Output that is left in the buffer would make Python print a traceback at its end.
    """
    if sys.stdout is None:  # closed by the parent process
        sys.exit("linktime-mcp: the output is closed")
    try:
        status = command()
        sys.stdout.flush()
    except OSError as fault:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1 if is_closed(fault) else f"linktime-mcp: the output can't be written: {fault.strerror}")
    sys.exit(status)
