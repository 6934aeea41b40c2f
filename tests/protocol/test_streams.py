"""Standard streams that are unread, closed, broken or the same."""

from __future__ import annotations

import asyncio
import os
import select
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import orjson
import pytest

from tests.support.process import PATIENCE, environ
from tests.support.wires import COMMANDS

pytestmark = pytest.mark.posix  # a shell redirects the streams

GREETING = (
    b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},'
    b'"clientInfo":{"name":"t","version":"0"}}}\n{"jsonrpc":"2.0","method":"notifications/initialized"}\n'
)
LIST = b'{"jsonrpc":"2.0","id":2,"method":"tools/list"}\n'
MALFORMED = b"[]\n"
LOGGED = b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":"x"}}\n'  # a line in the log
PIPE_SIZE = 64 << 10  # bytes
PING = b'{"jsonrpc":"2.0","id":3,"method":"ping"}\n'


TRANSPORTS = pytest.mark.parametrize("transport", COMMANDS)


@asynccontextmanager
async def program(
    redirection: str = "", *, transport: str = "polled", stdout: int = PIPE, stderr: int = DEVNULL
) -> AsyncIterator[Process]:
    """Start the program from a shell with a *redirection* of its streams."""
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", f'exec "$0" "$@" {redirection}', *COMMANDS[transport]),
        stdin=PIPE,
        stdout=stdout,
        stderr=stderr,
        env=environ(LINKTIME_API_KEY="lt_live_x", LINKTIME_BUDGET="process"),
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def status(process: Process) -> int:
    async with asyncio.timeout(PATIENCE):
        return await process.wait()


@pytest.mark.slow
@TRANSPORTS
@pytest.mark.parametrize("ending", ["EOF", "SIGTERM"])
@pytest.mark.parametrize("unread", [LIST * 40, MALFORMED * 20_000], ids=["answers", "refusals"])
async def test_a_client_that_never_reads_does_not_hold_the_exit(unread: bytes, ending: str, transport: str) -> None:
    nobody, stdout = os.pipe()
    try:
        async with program(transport=transport, stdout=stdout) as process:
            assert process.stdin is not None
            process.stdin.write(GREETING + unread)
            await process.stdin.drain()
            await asyncio.to_thread(wait_until_full, stdout)
            if ending == "EOF":
                process.stdin.close()
            else:
                process.send_signal(signal.SIGTERM)

            assert await status(process) == 0
    finally:
        os.close(nobody)
        os.close(stdout)


@pytest.mark.slow
@TRANSPORTS
async def test_a_client_that_reads_late_gets_every_frame(transport: str) -> None:
    reader, stdout = os.pipe()
    async with program(transport=transport, stdout=stdout) as process:
        assert process.stdin is not None
        process.stdin.write(GREETING + LIST * 40 + PING)
        await asyncio.to_thread(wait_until_full, stdout)
        os.close(stdout)
        with os.fdopen(reader, "rb") as answers:
            lines = [await asyncio.to_thread(answers.readline) for _ in range(42)]
            process.stdin.close()

            assert await status(process) == 0
            assert answers.read() == b""
    assert [orjson.loads(line)["id"] for line in lines] == [1, *[2] * 40, 3]


def wait_until_full(pipe: int) -> None:
    """Wait until a writer to *pipe* has to stop. Its frames may leave parts of the pages of the pipe empty."""
    for _ in range(2000):
        if not select.select([], [pipe], [], 0)[1]:
            return
        signal.sigtimedwait([], 0.01)
    raise TimeoutError


@pytest.mark.measured
@pytest.mark.slow
async def test_an_unread_stderr_stops_nothing() -> None:
    nobody, stderr = os.pipe()
    try:
        async with program(stderr=stderr) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(GREETING + LOGGED * 4000 + PING)
            async with asyncio.timeout(PATIENCE):
                frames = [orjson.loads(await process.stdout.readline()) for _ in range(2)]
            process.stdin.close()

            assert [frame["id"] for frame in frames] == [1, 3]
            assert await status(process) == 0
    finally:
        os.close(nobody)
        os.close(stderr)


@pytest.mark.measured
@pytest.mark.slow
@pytest.mark.parametrize("redirection", ["2>&-", "2>&1", "2</dev/null", "2>/dev/full"])
async def test_stdout_carries_frames_only_whatever_stderr_is(redirection: str) -> None:
    async with program(redirection) as process:
        async with asyncio.timeout(PATIENCE):
            out, _ = await process.communicate(GREETING + LOGGED + PING)

        assert [orjson.loads(line)["id"] for line in out.splitlines()] == [1, 3]
        assert process.returncode == 0


async def test_a_stderr_without_a_reader_ends_nothing() -> None:
    reader, stderr = os.pipe()
    os.close(reader)
    try:
        async with program(stderr=stderr) as process, asyncio.timeout(PATIENCE):
            out, _ = await process.communicate(GREETING + LOGGED + PING)
    finally:
        os.close(stderr)
    assert [orjson.loads(line)["id"] for line in out.splitlines()] == [1, 3]
    assert process.returncode == 0


@pytest.mark.measured
@pytest.mark.slow
@TRANSPORTS
@pytest.mark.parametrize("redirection", ["<&-", ">&-", "<&- >&- 2>&-", "> /dev/null", ">/dev/full"])
async def test_odd_streams_end_it_quietly(redirection: str, transport: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as stderr:
        async with (
            program(redirection, transport=transport, stderr=stderr.fileno()) as process,
            asyncio.timeout(PATIENCE),
        ):
            await process.communicate(GREETING + PING)

    assert process.returncode == 0
    assert "Traceback" not in log.read_text()
