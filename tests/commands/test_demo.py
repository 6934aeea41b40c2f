from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from linktime.commands.demo import SCENES, play
from linktime.commands.demo.server_process import Service
from linktime.sandbox import Sandbox
from tests.support.process import PATIENCE, environ
from tests.support.sandbox_client import misbehave

pytestmark = [pytest.mark.slow, pytest.mark.measured]

SMALLEST = 4096  # bytes; no pipe holds less
Played = tuple[str, subprocess.CompletedProcess[str]]


@asynccontextmanager
async def demo(stdout: int, **settings: str) -> AsyncIterator[Process]:
    """Start the program's demo. Kill it if the test leaves it running."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "linktime", "demo"),
        stdin=DEVNULL,
        stdout=stdout,
        stderr=PIPE,
        env=environ(**settings),
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def alive(mark: str) -> set[int]:
    """Return the processes that were started with this LOGNAME. The SDK passes LOGNAME on to a server."""
    pids = set()
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = place.read_bytes().split(b"\0")
        except OSError:  # it ended meanwhile
            continue
        if f"LOGNAME={mark}".encode() in variables:
            pids.add(int(place.parent.name))
    return pids


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Run the demo once, with a setting that would end the server. Return the mark of its processes and its output."""
    mark = str(tmp_path_factory.mktemp("demo"))
    env = environ(LOGNAME=mark, COLUMNS="200", LINKTIME_CACHE_TTL="nonsense", FORCE_COLOR="")
    command = [sys.executable, "-m", "linktime", "demo"]
    return mark, subprocess.run(
        command, capture_output=True, encoding="utf-8", env=env, timeout=3 * PATIENCE, check=False
    )


def test_demo_is_plain_text_with_all_scenes(played: Played) -> None:
    _, ended = played

    assert (ended.returncode, ended.stderr) == (0, "")
    titles = re.findall(r"^\d\. (.+)$", ended.stdout, re.MULTILINE)
    assert titles == list(SCENES.values())
    assert len(re.findall(r"^User ", ended.stdout, re.MULTILINE)) == 12  # 3 has two messages, and 9 has three
    assert re.search(r"^All 8 conversations ", ended.stdout, re.MULTILINE)
    assert [word for word in ("Traceback", "\x1b", "lt_live_", " \n") if word in ended.stdout] == []


def test_demo_begins_with_its_marks_and_ends_with_commands(played: Played) -> None:
    introduction, _, rest = played[1].stdout.partition("\n1. ")
    _, _, ending = rest.partition("\nNext steps\n")

    assert "scripted" in introduction
    assert re.findall(r"^\[\w+\]", introduction, re.MULTILINE) == ["[miss]", "[hit]"]
    assert re.findall(r"^linktime-mcp (\w+)", ending, re.MULTILINE) == ["demo", "demo", "sandbox", "install"]


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_demo_leaves_no_process_running(played: Played) -> None:
    mark, _ = played

    assert alive(mark) == set()


def test_summary_matches_the_calls(played: Played) -> None:
    text = played[1].stdout
    conversations = text[text.index("\n1. ") : text.index("\nAll 8 ")]

    def number(pattern: str) -> int:
        match = re.search(pattern, text)
        assert match is not None
        return int(match[1])

    calls, reads, hits = number(r"Tool calls +(\d+)"), number(r"(\d+) reads, "), number(r"Cache +(\d+) of")
    assert len(re.findall(r"^  tool ", conversations, re.MULTILINE)) == calls
    assert conversations.count("[hit]") == hits > 0
    assert conversations.count("[hit]") + conversations.count("[miss]") == reads
    assert number(r"Upstream +(\d+) requests") == calls - hits
    assert number(r"Budget +(\d+) requests left") == 60 - (calls - hits)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
async def test_interrupt_ends_the_demo_and_its_server(tmp_path: Path) -> None:
    from fcntl import F_SETPIPE_SZ, fcntl  # noqa: PLC0415 - does not exist on Windows

    reader, writer = os.pipe()
    fcntl(writer, F_SETPIPE_SZ, SMALLEST)  # the demo writes more, so it cannot end before the interrupt
    async with demo(writer, LOGNAME=str(tmp_path)) as process, asyncio.timeout(PATIENCE):
        os.close(writer)
        output = b""
        while b"\nUser " not in output:
            output += await asyncio.to_thread(os.read, reader, 64)
        running = alive(str(tmp_path))

        process.send_signal(signal.SIGINT)
        while output:
            output = await asyncio.to_thread(os.read, reader, SMALLEST)
        _, stderr = await process.communicate()
    os.close(reader)

    assert len(running) == 2
    assert (process.returncode, stderr) == (130, b"")
    assert alive(str(tmp_path)) == set()


def test_closed_output_ends_the_demo_quietly() -> None:
    command = [sys.executable, "-m", "linktime", "demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ()) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()

        assert (process.wait(PATIENCE), process.stderr.read()) == (1, b"")


def test_error_result_fails_with_place_and_reason(capsys: pytest.CaptureFixture[str]) -> None:
    @asynccontextmanager
    async def refuses_bookings() -> AsyncIterator[Sandbox]:
        async with Sandbox(limit=0) as sandbox:
            await misbehave(sandbox, times=None, method="POST", path="/bookings", status=409)
            yield sandbox

    status = play(refuses_bookings)

    text = " ".join(capsys.readouterr().out.split())
    assert status == 1
    assert re.search(r" Failed conversation 1 \(.+?\): create_booking answered conflict:", text)
    assert " stderr LinkTime MCP server running" in text
    assert "All 8" not in text


def test_failed_server_start_shows_its_stderr() -> None:
    @asynccontextmanager
    async def nowhere() -> AsyncIterator[Service]:
        yield Service("not a url", "lt_live_x")

    with redirect_stdout(StringIO()) as written:
        status = play(nowhere)

    text = " ".join(written.getvalue().split())
    assert status == 1
    assert " Failed the demo " in text
    assert " stderr LINKTIME_BASE_URL: " in text
    assert "lt_live_x" not in text
