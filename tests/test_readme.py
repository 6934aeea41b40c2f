"""Runs every snippet and command of the README and its reference as written. One without a rule is a fault."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import tomllib
from asyncio import create_subprocess_exec, timeout
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from importlib.metadata import files, metadata
from importlib.util import find_spec
from pathlib import Path
from subprocess import check_output
from typing import Final

import pytest
from aiohttp import ClientSession

from linktime import __version__
from linktime.commands.clients import CLIENTS, sandbox_settings
from tests.support.demo_view import COMMAND, demo_view
from tests.support.newcomer import clone, program_machine, uv_machine
from tests.support.process import PATIENCE, child, environ
from tests.support.programs import program, run

pytestmark = pytest.mark.posix  # pastes the README's commands into a shell

ROOT: Final = Path(__file__).parent.parent
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES: Final = README + (ROOT / "dashboards" / "REFERENCE.md").read_text(encoding="utf-8")
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BLOCKS: Final[list[tuple[str, str]]] = re.findall(r"^```(\w*)\n(.*?)^```$", PAGES, re.MULTILINE | re.DOTALL)
SNIPPETS: Final = [block for language, block in BLOCKS if language == "json"]
PROGRAMS: Final = (
    r"claude|code|codex|docker|gemini|linktime-mcp|npx|pip|pipx|py|pytest|python3?|uv|uvx|where|which|\.venv/bin/\w+"
)
INLINE: Final = rf"`(linktime-mcp|(?:(?:{PROGRAMS}) |--)[^`]*)`"
INSTALLATION: Final = 600  # s; to fetch and install all that the tests need, on a busy machine
HERE: Final = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # where linktime-mcp is found
SOURCES: Final = [file.read_text(encoding="utf-8") for file in (ROOT / "linktime").rglob("*.py")]


async def plays_the_demo(command: str, place: Path) -> None:
    status, out = await run("sh", "-c", command, env=uv_machine(place), cwd=clone(place), patience=INSTALLATION)

    assert status == 0, out
    assert re.search(r"^Budget ", out, re.MULTILINE), out
    assert "linktime-mcp install" in out.splitlines()[-1], out


async def passes_tests(command: str, place: Path) -> None:
    env = uv_machine(place) | {"PYTEST_ADDOPTS": "-n0 tests/test_hosts.py tests/protocol/test_summary.py"}

    status, out = await run("sh", "-c", command, env=env, cwd=clone(place), patience=INSTALLATION)

    assert status == 0, out
    assert re.search(r"^=+ \d+ passed", out, re.MULTILINE), out


async def is_run_by_ci(command: str, _: Path) -> None:
    assert f"\n{command}\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def steps(tool: str) -> tuple[str, str, str]:
    """Return the commands that install, replace and remove the program by *tool*."""
    return f"{tool} install .", f"{tool} install --force .", f"{tool} uninstall linktime-mcp"


async def is_a_step_before_the_removal(command: str, _: Path) -> None:
    *before, removal = steps(command.split(" install", maxsplit=1)[0])

    assert command in before
    assert COMMANDS[removal] == installs_and_removes_the_program


async def installs_and_removes_the_program(command: str, place: Path) -> None:
    env, programs = program_machine(place)
    installed = programs / "linktime-mcp"

    for step in steps(command.split(" uninstall", maxsplit=1)[0]):
        status, out = await run("sh", "-c", step, env=env, cwd=clone(place / step), patience=INSTALLATION)
        assert status == 0, out
        assert installed.exists() == (step != command)
        if installed.exists():
            async with child(str(installed)) as server:
                assert (await server.greet())["serverInfo"]["version"] == __version__


async def plays_the_demo_by_pipx(command: str, place: Path) -> None:
    env, _ = program_machine(place)

    status, out = await run("sh", "-c", command, env=env, cwd=clone(place), patience=INSTALLATION)

    assert status == 0, out
    assert re.search(r"^Budget ", out, re.MULTILINE), out


async def is_the_same_in_powershell(command: str, _: Path) -> None:
    posix = command.replace("py -m", "python3 -m").replace("; ", " && ").replace(".venv\\Scripts\\", ".venv/bin/")

    assert COMMANDS[posix] in {plays_the_demo, is_run_by_ci}  # there is no PowerShell here


async def has_its_module(command: str, _: Path) -> None:
    module, *options = command.split(" -m ")[1].split()
    status, out = await run(sys.executable, "-m", module, *options, "--help", env=environ(), cwd=ROOT)

    assert status == 0, out
    assert [option for option in options if option not in out] == []


async def has_its_script(command: str, _: Path) -> None:
    assert (
        find_spec(command.split(" -m ")[1]) is not None
    )  # it takes minutes, and tests/test_benchmarks.py plays a part


async def names_existing_tests(command: str, _: Path) -> None:
    assert list((ROOT / command.rsplit(maxsplit=1)[-1]).glob("test_*.py"))


async def ends_well(command: str, place: Path) -> None:
    env, _ = program_machine(place)

    status, out = await run("sh", "-c", command, env=env, cwd=place)

    assert status == 0, out


async def is_explained(command: str, _: Path) -> None:
    status, out = await run(*command.split(), "--help", env=environ(PATH=HERE))

    assert status == 0
    assert [name for name in CLIENTS if name not in out] == []


async def shows_the_views(command: str, _: Path) -> None:
    assert command.split()[1:] == list(COMMAND[3:-1])
    async with demo_view() as demo, ClientSession() as http, http.get(demo.url) as page:
        assert page.status == 200


async def plays_here(command: str, _: Path) -> None:
    status, out = await run(*command.split(), env=environ(PATH=HERE))

    assert status == 0, out
    assert re.search(rf"^{command.rsplit(maxsplit=1)[-1]}\. ", out, re.MULTILINE), out


async def is_for_another_client(command: str, _: Path) -> None:
    pytest.skip(f"{command} needs a client that cannot be installed here")


async def writes_to_the_client(command: str, place: Path) -> None:
    env = environ(PATH=HERE, HOME=str(place), LINKTIME_API_KEY="lt_live_...")
    *_, name = arguments = command.removesuffix(" --uninstall").replace("CLIENT", "cursor").split()

    for options in (["--print"], ["--yes"], ["--project", "--yes"], ["--uninstall", "--yes"]):
        status, out = await run(*arguments, *options, env=env, cwd=place)
        assert status == (2 if "--project" in options and not CLIENTS[name].project else 0), out


async def installs_the_sandbox(command: str, place: Path) -> None:
    (place / ".cursor").mkdir()
    env = environ(PATH=HERE, HOME=str(place))

    _, port = (*command.split(" --port "), "8787")[:2]

    status, out = await run(*command.replace("CLIENT", "cursor").split(), "--yes", env=env, cwd=place)

    assert status == 0, out
    written = json.loads((place / ".cursor" / "mcp.json").read_text(encoding="utf-8"))
    assert written["mcpServers"]["linktime"]["env"] == sandbox_settings(int(port))


@cache
def helps() -> str:
    """Return the help texts of the commands with options."""
    commands = [["linktime-mcp", name, "--help"] for name in ("install", "doctor", "call", "budget", "sandbox")]
    return "".join(check_output(command, env=environ(PATH=HERE), text=True, timeout=PATIENCE) for command in commands)


async def is_an_option(option: str, _: Path) -> None:
    assert f" {option.split(maxsplit=1)[0]} " in helps()


async def finds_no_fault(command: str, place: Path) -> None:
    async with sandbox_of(place=place) as variables:
        status, out = await run(*command.split(), env=environ(PATH=HERE, HOME=str(place), **variables), cwd=place)

    assert status == 0, out
    assert "no faults" in out.splitlines()[-1]


async def answers_with_a_sandbox(command: str, place: Path) -> None:
    words = [{"NAME": "get_me"}.get(word, word) for word in command.split()]
    async with sandbox_of(place=place) as variables:
        status, out = await run(*words, env=environ(PATH=HERE, HOME=str(place), **variables), cwd=place)

    assert status == 0, out
    assert out.strip()


async def compares_with_the_contract(command: str, place: Path) -> None:
    async with sandbox_of(place=place) as variables:
        env = environ(PATH=HERE, HOME=str(place), LINKTIME_BUDGET="process", **variables)
        status, out = await run(*command.split(), "--yes", env=env, cwd=place)

    assert status == 0, out
    assert "confirmed" in out
    assert "different" not in out


async def brings_what_is_looked_for(command: str, _: Path) -> None:
    [extra] = re.findall(r"\[(\w+)\]", command)
    [package] = re.findall(r"^[\w-]+", *PROJECT["optional-dependencies"][extra])
    [module] = re.findall(rf'find_spec\("([\w.]*\b{extra})"\)', "".join(SOURCES))

    assert extra in (metadata("linktime-mcp").get_all("Provides-Extra") or [])
    assert f"{module.replace('.', '/')}/__init__.py" in map(str, files(package) or [])


async def serves_until_ctrl_c(command: str, _: Path) -> None:
    async with child(command, PATH=HERE, LINKTIME_API_KEY="lt_live_x") as server:
        await server.said("LinkTime MCP server running")
        server.process.send_signal(signal.SIGINT)

        assert await server.ended() in {0, 130}  # 130 before it is ready for signals
    assert server.log == ["LinkTime MCP server running"]


async def prints_a_path_that_starts(command: str, _: Path) -> None:
    status, out = await run("sh", "-c", command, env=environ(PATH=HERE))
    assert status == 0, out

    async with child(out.strip()) as server:
        assert (await server.greet())["serverInfo"]["version"] == __version__


async def is_for_windows(command: str, _: Path) -> None:
    pytest.skip(f"{command} is for Windows")


async def has_its_file(_: str, __: Path) -> None:
    assert (ROOT / "dashboards" / "compose.yaml").is_file()  # there may be no engine here


async def runs_a_linktime(command: str, place: Path) -> None:
    arguments = command.removeprefix("linktime-mcp sandbox").split()
    async with (
        sandbox_of(*arguments, place=place) as variables,
        child("linktime-mcp", PATH=HERE, **variables) as server,
    ):
        await server.greet()
        me = await server.result(server.call("get_me"))

    assert set(variables) == {"LINKTIME_API_KEY", "LINKTIME_BASE_URL"}
    assert me["structuredContent"]["username"]
    assert (place / "FILE").is_file() == ("FILE" in arguments)


async def connects_claude_code(command: str, place: Path) -> None:
    claude = program("claude")
    path = f"{Path(claude).parent}{os.pathsep}{HERE}"
    quiet = {"DISABLE_TELEMETRY": "1", "DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
    env = {"PATH": path, "HOME": str(place)} | quiet

    await run("sh", "-c", command, env=env, cwd=place)
    _, out = await run(claude, "mcp", "list", env=env, cwd=place)

    assert "✔ Connected" in out, out


async def writes_the_log(command: str, place: Path) -> None:
    await connects_claude_code("claude mcp add linktime --env LINKTIME_API_KEY=lt_live_... -- linktime-mcp", place)
    env = {"PATH": f"{Path(program('claude')).parent}{os.pathsep}{HERE}", "HOME": str(place)}

    await run(*command.split(), "mcp", "list", env=env, cwd=place)

    assert "Server stderr: LINKTIME_API_KEY" in (place / "FILE").read_text(encoding="utf-8")


Rule = Callable[[str, Path], Awaitable[None]]
"""A check of a command, which runs in an empty folder."""

COMMANDS: Final[dict[str, Rule]] = {
    "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/linktime-mcp demo": plays_the_demo,
    'python3 -m venv .venv && .venv/bin/pip install -e ".[dev]" && .venv/bin/pytest': is_run_by_ci,
    "py -m venv .venv; .venv\\Scripts\\pip install .; .venv\\Scripts\\linktime-mcp demo": is_the_same_in_powershell,
    'py -m venv .venv; .venv\\Scripts\\pip install -e ".[dev]"; .venv\\Scripts\\pytest': is_the_same_in_powershell,
    "uvx --from . linktime-mcp demo": plays_the_demo,
    "uv run --extra dev pytest": passes_tests,
    "pipx run --spec . linktime-mcp demo": plays_the_demo_by_pipx,
    "pipx install .": is_a_step_before_the_removal,
    "uv tool install .": is_a_step_before_the_removal,
    "pipx install --force .": is_a_step_before_the_removal,
    "uv tool install --force .": is_a_step_before_the_removal,
    "pipx uninstall linktime-mcp": installs_and_removes_the_program,
    "uv tool uninstall linktime-mcp": installs_and_removes_the_program,
    **{f"linktime-mcp install {name}": writes_to_the_client for name in CLIENTS},
    "linktime-mcp install CLIENT --uninstall": writes_to_the_client,
    "linktime-mcp install": is_explained,
    "linktime-mcp demo 1": plays_here,
    "linktime-mcp demo 9": plays_here,
    "linktime-mcp demo --view": shows_the_views,
    ".venv/bin/python -m tests.torture --virtual": has_its_module,
    ".venv/bin/python -m tests.benchmarks": has_its_module,
    ".venv/bin/python -m tests.benchmarks.conversations": has_its_script,
    ".venv/bin/python -m tests.benchmarks.injection": has_its_script,
    ".venv/bin/pytest tests/conformance": names_existing_tests,
    "claude --debug-file FILE": writes_the_log,
    "gemini --debug": is_for_another_client,
    "linktime-mcp install CLIENT": writes_to_the_client,
    "--project": is_an_option,
    "--print": is_an_option,
    "--uninstall": is_an_option,
    "--yes": is_an_option,
    "linktime-mcp doctor": finds_no_fault,
    "linktime-mcp doctor --json": answers_with_a_sandbox,
    "--json": is_an_option,
    "linktime-mcp doctor --api": compares_with_the_contract,
    'pipx install ".[redis]"': brings_what_is_looked_for,
    'pipx install ".[grpc]"': brings_what_is_looked_for,
    "linktime-mcp": serves_until_ctrl_c,
    "which linktime-mcp": prints_a_path_that_starts,
    "where linktime-mcp": is_for_windows,
    "claude mcp add linktime --env LINKTIME_API_KEY=lt_live_... -- linktime-mcp": connects_claude_code,
    "linktime-mcp tools": answers_with_a_sandbox,
    "linktime-mcp tools NAME": answers_with_a_sandbox,
    "linktime-mcp call list_bookings limit=5": answers_with_a_sandbox,
    "linktime-mcp budget": answers_with_a_sandbox,
    "--watch": is_an_option,
    "linktime-mcp completion zsh": answers_with_a_sandbox,
    "linktime-mcp completion fish": answers_with_a_sandbox,
    "linktime-mcp sandbox": runs_a_linktime,
    "--port 0": runs_a_linktime,
    "--db FILE": runs_a_linktime,
    "--no-log": runs_a_linktime,
    "linktime-mcp install CLIENT --sandbox": installs_the_sandbox,
    "linktime-mcp install CLIENT --sandbox --port 8788": installs_the_sandbox,
    "--port 8788": is_an_option,
    "pipx ensurepath": ends_well,
    "docker compose up": has_its_file,
}
"""Every command of the README, and its check."""


@asynccontextmanager
async def sandbox_of(*options: str, place: Path) -> AsyncIterator[dict[str, str]]:
    """Run a sandbox on a free port, and yield the environment that it prints."""
    command = ("linktime-mcp", "sandbox", "--port", "0", *options)
    process = await create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE, env=environ(PATH=HERE), cwd=place)
    assert process.stdout is not None
    try:
        async with timeout(PATIENCE):
            words = await process.stdout.readuntil(b"LINKTIME_API_KEY=") + await process.stdout.readline()
        yield dict(re.findall(r"^export (\w+)=(\S+)$", words.decode(), re.MULTILINE))
    finally:
        process.terminate()
        await process.communicate()


def test_every_block_and_command_has_a_test() -> None:
    lines = [line for language, block in BLOCKS if language in {"sh", "powershell"} for line in block.splitlines()]
    prose = re.sub(r"^```.*?^```$", "", PAGES, flags=re.MULTILINE | re.DOTALL)

    assert PAGES.count("```") == 2 * len(BLOCKS)
    assert {language for language, _ in BLOCKS} == {"json", "mermaid", "powershell", "sh"}
    assert {*lines, *re.findall(INLINE, prose)} == set(COMMANDS)


@pytest.mark.slow
@pytest.mark.timeout(3 * INSTALLATION + 60)  # three installations, each of which fetches its packages
@pytest.mark.parametrize("command", COMMANDS)
async def test_every_command_behaves_as_described(command: str, tmp_path: Path) -> None:
    await COMMANDS[command](command, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("text", SNIPPETS)
async def test_every_snippet_starts_the_server(text: str) -> None:
    config = json.loads(text)
    [server] = (config.get("mcpServers") or config["servers"]).values()
    answers = {f"${{input:{each['id']}}}": "lt_live_..." for each in config.get("inputs", [])}
    env = {name: answers.get(value, value) for name, value in server["env"].items()}

    filled = {name: value.replace("lt_live_...", "lt_live_x") for name, value in env.items()}
    async with child(server["command"], *server.get("args", []), PATH=HERE, **filled) as running:
        greeting = await running.greet()

        assert await running.close() == 0
    assert greeting["serverInfo"]["version"] == __version__
    assert running.log == ["LinkTime MCP server running"]
