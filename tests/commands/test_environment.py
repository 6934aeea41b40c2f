"""The environment of the process: only LINKTIME_* settings keep the server from starting."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import subprocess
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from linktime.commands.serve import RUNNING
from linktime.config import KEY_MISSING
from linktime.sandbox import Sandbox
from linktime.sanitize.placeholders import Placeholder
from tests.support.process import PATIENCE, child, environ
from tests.support.sandbox_client import paths

pytestmark = [pytest.mark.slow, pytest.mark.posix]  # starts many processes; a shell prepares each process

PYTHON = [sys.executable, "-m", "linktime"]


class Ended(NamedTuple):
    """A server that has ended: its status, its tools, its answer to get_me, and the lines of its log."""

    status: int
    tools: list[Any]
    profile: Any
    log: list[str]


async def served(sandbox: Sandbox, settings: dict[str, str], *, shell: str = "") -> Ended:
    """Run the server over *sandbox* for a short session, after *shell* has prepared its process."""
    env = {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key, **settings}
    async with child("sh", "-c", f"{shell}\nexec {shlex.join(PYTHON)}", **env) as server:
        await server.greet()
        tools = (await server.result(server.ask("tools/list")))["tools"]
        profile = await server.result(server.call("get_me"))
        status = await server.close()
    return Ended(status, tools, profile, server.log)


def assert_serves(ended: Ended) -> None:
    """Check that the server answered the call, and described its tools."""
    assert ended.status == 0
    assert RUNNING in ended.log
    assert [tool["name"] for tool in ended.tools if not tool["description"]] == []
    assert not ended.profile.get("isError")


@pytest.mark.parametrize(
    "settings",
    [
        {"PYTHONOPTIMIZE": "1"},
        {"PYTHONOPTIMIZE": "2"},
        {"PYTHONWARNINGS": "default"},
        {"PYTHONIOENCODING": "ascii:strict", "PYTHONUTF8": "0", "LC_ALL": "POSIX"},
        {"PYTHONDEVMODE": "1", "PYTHONASYNCIODEBUG": "1"},
        {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONINSPECT": "1"},
        {"PYTHONSTARTUP": "/nope", "PYTHONPYCACHEPREFIX": "/nope", "PYTHONSAFEPATH": "1"},
        {"LC_ALL": "C", "LANG": "C", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "xx_YY.none", "LANG": "xx", "LANGUAGE": "xx"},
        {"TZ": "Mars/Phobos", "TERM": "", "COLUMNS": "x", "FORCE_COLOR": "1"},
        {"TMPDIR": "/nope", "HOME": "/nope", "XDG_CONFIG_HOME": "/nope"},
        {"HOME": "", "XDG_STATE_HOME": "", "XDG_CACHE_HOME": "", "XDG_DATA_HOME": ""},
        {"XDG_STATE_HOME": "/proc/nope"},
        {"XDG_STATE_HOME": "relative/state"},
    ],
    ids=",".join,
)
async def test_serves_in_odd_environments(sandbox: Sandbox, tmp_path: Path, settings: dict[str, str]) -> None:
    assert_serves(await served(sandbox, settings, shell=f"cd {tmp_path}"))


async def test_optimized_python_lists_the_same_tools(sandbox: Sandbox) -> None:
    plain, optimized = [await served(sandbox, {"PYTHONOPTIMIZE": level}) for level in ("", "2")]

    assert optimized.tools == plain.tools


@pytest.mark.measured
async def test_warnings_as_errors_are_ignored_with_one_line(sandbox: Sandbox) -> None:
    ended = await served(sandbox, {"PYTHONWARNINGS": "error", "PYTHONTZPATH": "relative"})

    assert_serves(ended)
    assert [line for line in ended.log if "PYTHONWARNINGS" in line] == [ended.log[0]]


@pytest.mark.measured
@pytest.mark.parametrize("path", ["/nope/keys.log", "/", "pipe"])
async def test_unwritable_key_log_is_ignored_with_one_line(sandbox: Sandbox, tmp_path: Path, path: str) -> None:
    os.mkfifo(tmp_path / "pipe")

    ended = await served(sandbox, {"SSLKEYLOGFILE": path}, shell=f"cd {tmp_path}")

    assert_serves(ended)
    assert [line for line in ended.log if "SSLKEYLOGFILE" in line] == [ended.log[0]]


async def test_writable_key_log_is_kept(sandbox: Sandbox, tmp_path: Path) -> None:
    ended = await served(sandbox, {"SSLKEYLOGFILE": str(tmp_path / "keys.log")})

    assert_serves(ended)
    assert ended.log == [RUNNING]
    assert (tmp_path / "keys.log").is_file()


@pytest.mark.measured
async def test_serves_without_home_and_path(sandbox: Sandbox, tmp_path: Path) -> None:
    assert_serves(await served(sandbox, {}, shell=f"cd {tmp_path}; unset HOME PATH LANG"))


async def test_serves_in_a_deleted_directory(sandbox: Sandbox, tmp_path: Path) -> None:
    assert_serves(await served(sandbox, {}, shell=f"mkdir {tmp_path}/gone; cd {tmp_path}/gone; rmdir {tmp_path}/gone"))


@pytest.mark.measured
@pytest.mark.parametrize(
    ("module", "package"), [("mcp", False), ("mcp", True), ("orjson", True), ("logging", False), ("calendar", True)]
)
async def test_files_named_like_modules_are_searched_last(
    sandbox: Sandbox, tmp_path: Path, module: str, *, package: bool
) -> None:
    path = tmp_path / module / "__init__.py" if package else tmp_path / f"{module}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text("raise SystemExit(3)\n")

    ended = await served(sandbox, {"PYTHONPATH": str(tmp_path)}, shell=f"cd {tmp_path}")

    assert_serves(ended)
    assert [line for line in ended.log if str(tmp_path) in line] == [ended.log[0]]
    assert module in ended.log[0]


@pytest.mark.parametrize("folder", ["mcp", "logging", "tests"])
async def test_folder_without_modules_hides_nothing(sandbox: Sandbox, tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / "own.py").write_text("")

    ended = await served(sandbox, {"PYTHONPATH": str(tmp_path)}, shell=f"cd {tmp_path}")

    assert_serves(ended)
    assert ended.log == [RUNNING]


@pytest.mark.measured
def test_folder_with_installed_packages_keeps_its_place(tmp_path: Path) -> None:
    (tmp_path / "orjson-0.dist-info").mkdir()
    (tmp_path / "orjson.py").write_text("raise SystemExit(3)\n")
    env = environ(PYTHONPATH=str(tmp_path))

    ended = subprocess.run([*PYTHON, "serve"], stdin=subprocess.DEVNULL, env=env, check=False, timeout=PATIENCE)

    assert ended.returncode == 3


@pytest.mark.parametrize("ending", ["/api/v1", "/api/v1/"])
async def test_base_url_may_end_with_the_version_of_the_api(sandbox: Sandbox, ending: str) -> None:
    assert_serves(await served(sandbox, {"LINKTIME_BASE_URL": f"{sandbox.url}{ending}"}))
    assert set(paths(sandbox)) == {"GET /me"}


@pytest.mark.parametrize("value", ["${LINKTIME_API_KEY}", '"lt_live_x"'])
async def test_placeholder_counts_as_a_missing_key(sandbox: Sandbox, value: str) -> None:
    ended = await served(sandbox, {"LINKTIME_API_KEY": value})

    assert (ended.status, paths(sandbox)) == (0, [])
    assert len(ended.tools) == 32
    [line] = ended.log
    text = ended.profile["content"][0]["text"]
    assert text.startswith(f"unauthorized: {line}")
    assert line.startswith(KEY_MISSING)
    assert any(f"LINKTIME_API_KEY {reason}" in line for reason in Placeholder)
    assert value not in line + text


@pytest.mark.measured
async def test_terminal_gets_an_explanation_of_the_program() -> None:
    ours, theirs = os.openpty()
    process = await asyncio.create_subprocess_exec(
        *PYTHON, stdin=theirs, stdout=PIPE, stderr=PIPE, env=environ(LINKTIME_API_KEY="lt_live_x")
    )
    os.close(theirs)
    assert process.stderr is not None
    try:
        async with asyncio.timeout(PATIENCE):
            first = (await process.stderr.readline()).decode()
            running = (await process.stderr.readline()).decode()
            os.write(ours, b"\x04")  # Ctrl-D
            out, _ = await process.communicate()
    finally:
        os.close(ours)
        with contextlib.suppress(ProcessLookupError):
            process.kill()

    assert all(word in first for word in ("MCP server", "linktime-mcp install CLIENT", "--help"))
    assert running == f"{RUNNING}\n"
    assert (process.returncode, out) == (0, b"")
