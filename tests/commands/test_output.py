"""The output of every command: in any encoding, and when its reader leaves."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path
from typing import Any

import pytest

from linktime.sandbox import Sandbox
from tests.support.process import PATIENCE, environ
from tests.support.shell_user import Ended, settings_of

pytestmark = pytest.mark.slow  # starts many processes

NAME = "Zoë O'Ünï 中文"
# The status of each command, and a text of its output that ASCII lacks
COMMANDS = {
    "--help": (0, ""),
    "--version": (0, ""),
    "install --help": (0, ""),
    "install cursor --print": (0, NAME),
    "install cursör": (2, "cursör"),
    "tools": (0, ""),
    "tools create_booking": (0, "…"),
    "tools --json": (0, "…"),
    "call get_me": (0, NAME),
    "call get_me --json": (0, NAME),
    "call get_me cölor=1": (2, "cölor"),
    "budget": (2, ""),
    "completion bash": (0, ""),
    "doctor": (0, ""),
    "demo": (0, "…"),
}
WRITERS = ["tools", "tools --json", "call get_me", "install cursor --print", "completion bash", "doctor", "demo"]


@pytest.fixture
async def sandbox(tmp_path: Path) -> Any:
    """Run a sandbox whose account has a name that few encodings can write."""
    async with Sandbox(limit=0, owner={"name": NAME}) as running:
        yield running


async def run(command: str, home: Path, sandbox: Sandbox, stdout: int = PIPE, **settings: str) -> Ended:
    """Run a command in *home*, without a terminal."""
    variables = {"HOME": str(home), "USERPROFILE": str(home), "XDG_CONFIG_HOME": ""}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "linktime", *command.split()),
        stdin=DEVNULL,
        stdout=stdout,
        stderr=PIPE,
        env=environ(**variables, **settings_of(sandbox, **settings)),
    )
    async with asyncio.timeout(3 * PATIENCE):
        out, err = await process.communicate()
    return Ended(process.returncode, (out or b"").decode(), err.decode())


@pytest.mark.parametrize(
    ("command", "encoding"),
    [(command, "ascii") for command in COMMANDS] + [(command, "cp1252") for command in ("tools --json", "call get_me")],
)
async def test_pipe_gets_utf8_in_every_encoding(tmp_path: Path, sandbox: Sandbox, command: str, encoding: str) -> None:
    home = tmp_path / NAME
    home.mkdir()

    ended = await run(command, home, sandbox, PYTHONIOENCODING=encoding)

    status, text = COMMANDS[command]
    assert ended.status == status, ended.err
    assert text in ended.out + ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("command", WRITERS)
async def test_closed_pipe_ends_a_command_quietly(tmp_path: Path, sandbox: Sandbox, command: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)

    ended = await run(command, tmp_path, sandbox, writing)

    os.close(writing)
    # The doctor's status is that of its findings.
    assert (ended.status, ended.err) == (0 if command == "doctor" else 1, "")


@pytest.mark.posix
@pytest.mark.parametrize("command", ["tools", "tools --json", "call get_me", "doctor", "demo"])
@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/proc/self/oom_score_adj", ""),  # refuses with EINVAL, as Windows does for a closed pipe
        ("/dev/full", "No space left"),
    ],
)
async def test_output_that_fails_is_no_traceback(
    tmp_path: Path, sandbox: Sandbox, command: str, path: str, reason: str
) -> None:
    device = os.open(path, os.O_WRONLY)

    ended = await run(command, tmp_path, sandbox, device)

    os.close(device)
    assert ended.status == (0 if command == "doctor" and not reason else 1)
    assert len(ended.err.splitlines()) == bool(reason), ended.err
    assert reason in ended.err
