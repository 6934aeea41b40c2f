"""The first answers come from the memo of an earlier session, and are those of the session itself.

A program that is to answer early starts for real, because a fork has nothing to import. The others are forks.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

import linktime
from linktime.front import Front
from linktime.pipeline.system import STATE
from linktime.sandbox import Sandbox
from tests.support.process import MODERN, PATIENCE, REAL, Child, child, environ, greeting

pytestmark = pytest.mark.posix  # on Windows no thread can answer

OUTDATED: Final = "outdated"
KEY: Final = "lt_live_front"
RUNNING: Final = "LinkTime MCP server running"
INITIALIZED: Final = {"jsonrpc": "2.0", "method": "notifications/initialized"}
PROGRAM: Final = (
    "import sys; sys.path.insert(0, {folder!r}); sys.path.insert(1, {packages!r});"
    "from linktime.__main__ import main; main()"
)

Step = Callable[[str], str]


def of_bodies(step: Callable[[str], Any]) -> Step:
    return lambda text: json.dumps({key: step(body) for key, body in json.loads(text).items()})


DAMAGES: Final[dict[str, Step]] = {
    "large": lambda text: text + " " * (4 << 20),
    "cut": lambda text: text[:-1],
    "other shape": lambda _: "[1]",
    "other values": of_bodies(len),
    "two lines": of_bodies(lambda body: body + "\n"),
    "no line": of_bodies(str.rstrip),
    "half an emoji": of_bodies(lambda body: body[:-2] + "\ud800}\n"),
    "deep": lambda _: "[" * 100_000,
}


def frame(ident: Any, method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": ident, "method": method, "params": params}


def memo(home: Path) -> Path:
    return home / "linktime-mcp" / "memo.json"


@asynccontextmanager
async def program(home: Path, *command: str, **settings: str) -> AsyncIterator[Child]:
    budget = {"LINKTIME_API_KEY": KEY, "LINKTIME_BUDGET": "process", STATE: str(home)}
    async with child(*command, **budget | settings) as server:
        yield server
        assert await server.close() == 0
        assert server.noise == []


async def opening(server: Child, version: str = "2025-11-25", **capabilities: Any) -> list[Any]:
    """Return the results of the first requests, which are sent at once."""
    first = frame(1, "initialize", **greeting(version, **capabilities))
    server.write(first, INITIALIZED, frame(2, "tools/list", _meta={"progressToken": 1}))
    return [(await server.answer(ident))["result"] for ident in (1, 2)]


async def record(home: Path, *command: str, **settings: str) -> list[Any]:
    """Let a session record its first answers. Mark them in the memo, so that a test sees where an answer comes from."""
    async with program(home, *command, **settings) as server:
        results = await opening(server)
    mark(home)
    return results


def mark(home: Path) -> None:
    memo(home).write_text(of_bodies(lambda body: body.replace('"name":"', '"name":"MARKED'))(memo(home).read_text()))


def marks(results: list[Any]) -> list[bool]:
    return ["MARKED" in json.dumps(result) for result in results]


async def test_second_start_gives_the_recorded_answers(tmp_path: Path) -> None:
    async with program(tmp_path) as server:
        cold = await opening(server)
    recorded = memo(tmp_path).read_bytes()
    async with program(tmp_path, *REAL) as server:
        warm = await opening(server)

    assert warm == cold
    assert memo(tmp_path).read_bytes() == recorded
    assert memo(tmp_path).stat().st_mode & 0o777 == 0o600
    assert KEY.encode() not in recorded
    assert server.log == [RUNNING]


async def test_wrong_answers_are_replaced_and_logged_once(tmp_path: Path) -> None:
    cold = await record(tmp_path)
    async with program(tmp_path, *REAL) as server:
        assert marks(await opening(server)) == [True, True]
    async with program(tmp_path) as later:
        assert await opening(later) == cold

    assert server.stderr.count(OUTDATED) == 1
    assert later.log == [RUNNING]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "version", "capabilities"),
    [
        ({"LINKTIME_READ_ONLY": "1"}, "2025-11-25", {}),
        ({"LINKTIME_API_KEY": "lt_live_other"}, "2025-11-25", {}),
        ({"LINKTIME_PLAIN_IMPORTS": "1"}, "2025-11-25", {}),
        ({}, "2025-06-18", {}),
        ({}, "2025-11-25", {"extensions": {"com.example/other": {}}}),
    ],
)
async def test_other_start_is_answered_by_the_session(
    tmp_path: Path, settings: dict[str, str], version: str, capabilities: dict[str, Any]
) -> None:
    cold = await record(tmp_path)
    async with program(tmp_path, **settings) as server:
        other = await opening(server, version, **capabilities)

    assert marks(other) == [False, False]
    assert (len(other[1]["tools"]) < len(cold[1]["tools"])) == ("LINKTIME_READ_ONLY" in settings)
    assert other[0]["protocolVersion"] == version
    assert server.log == [RUNNING]


@pytest.mark.slow
async def test_other_version_is_answered_by_the_session(tmp_path: Path) -> None:
    copy, packages = tmp_path / "copy" / "linktime", tmp_path / "packages"
    shutil.copytree(Path(linktime.__file__).parent, copy)
    packages.mkdir()
    command = (sys.executable, "-c", PROGRAM.format(folder=str(copy.parent), packages=str(packages)))
    versions = [(await record(tmp_path, *command))[0]["serverInfo"]["version"]]
    for change in ("none", "program", "installation"):
        match change:
            case "program":
                (copy / "__init__.py").write_text('"""Changed."""\n\n__version__ = "99.0"\n')
            case "installation":
                (packages / "mcp-99.dist-info").mkdir()
        async with program(tmp_path, *command) as server:
            results = await opening(server)
        versions.append(results[0]["serverInfo"]["version"])
        assert marks(results) == [change == "none"] * 2
        mark(tmp_path)

    assert versions[2:] == ["99.0", "99.0"] != versions[:2]


async def test_ids_and_tokens_do_not_change_the_answer(tmp_path: Path) -> None:
    await record(tmp_path)
    async with program(tmp_path, *REAL) as server:
        meta = {"progressToken": "other", "traceparent": "00-" + "1" * 32 + "-" + "2" * 16 + "-01"}
        server.write(frame("é", "initialize", **greeting()), INITIALIZED, frame(-1, "tools/list", _meta=meta))
        results = [await server.answer(ident) for ident in ("é", -1)]

    assert marks(results) == [True, True]
    assert len(server.frames) == 2


async def test_client_may_repeat_an_id(tmp_path: Path) -> None:
    results = []
    for command in ((), REAL):
        async with program(tmp_path, *command) as server:
            for method, params in (("initialize", greeting()), ("tools/list", {}), ("prompts/list", {})):
                server.write(frame(1, method, **params))
                results.append((await server.answer(1))["result"])
                server.frames.clear()
        assert (server.frames, server.log) == ([], [RUNNING])

    assert results[:3] == results[3:]
    assert [set(result) & {"serverInfo", "tools", "prompts"} for result in results[:3]] == [
        {"serverInfo"},
        {"tools"},
        {"prompts"},
    ]


@pytest.mark.slow
@pytest.mark.parametrize("ident", [True, False, None, 1.5, 1 << 64, (1 << 64) + 1, -(1 << 63) - 1, 10**50, "\ud800"])
async def test_odd_id_is_answered_by_the_session(tmp_path: Path, ident: Any) -> None:
    frames = []
    for settings in ({"LINKTIME_PLAIN_IMPORTS": "1"}, {}, {}):
        async with program(tmp_path, *REAL, **settings) as server:
            server.write(frame(0, "initialize", **greeting()), INITIALIZED)
            server.write(json.dumps(frame(ident, "tools/list")).encode(), frame(1, "prompts/list"))
            await server.answer(1)
        frames.append(server.frames)
        assert server.log == [RUNNING]

    assert frames[0] == frames[1] == frames[2]
    assert len(frames[0]) == 3


@pytest.mark.slow
async def test_id_of_a_cancelled_request_can_come_again(tmp_path: Path) -> None:
    await record(tmp_path)
    async with program(tmp_path, *REAL) as server:
        await opening(server)
        cancelled = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 2}}
        server.frames.clear()
        server.write(cancelled, frame(2, "prompts/list"))
        assert "prompts" in (await server.answer(2))["result"]

    assert len(server.frames) == 1


@pytest.mark.slow
async def test_failed_write_leaves_no_file(tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000));"
    rest = memo(tmp_path).with_name("memo.json.1")
    rest.parent.mkdir()
    rest.touch()
    os.utime(rest, (0, 0))  # of a program that was killed
    async with program(tmp_path, sys.executable, "-c", limit + "from linktime.__main__ import main; main()") as server:
        await opening(server)

    assert list(memo(tmp_path).parent.iterdir()) == []


async def test_modern_era_is_answered_from_the_memo(tmp_path: Path) -> None:
    for command in ((), REAL):
        async with program(tmp_path, *command) as server:
            methods = "server/discover", "tools/list", "resources/list", "resources/templates/list", "skills/list"
            idents = [server.ask(method, _meta=MODERN) for method in methods]
            results = [await server.result(ident) for ident in idents]
        assert marks(results) == [bool(command)] * 5
        mark(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "line"),
    [({"LINKTIME_API_KEY": "lt_live_..."}, "LINKTIME_API_KEY"), ({"PYTHONWARNINGS": "error"}, "PYTHONWARNINGS")],
)
async def test_notice_is_written_before_the_first_answer(tmp_path: Path, settings: dict[str, str], line: str) -> None:
    """A client that only tests the connection reads no further."""
    log = tmp_path / "log"
    env = environ(**{"LINKTIME_API_KEY": KEY, STATE: str(tmp_path)} | settings)
    await record(tmp_path)
    for _ in range(2):
        with log.open("wb") as file:
            process = await asyncio.create_subprocess_exec(*REAL, stdin=PIPE, stdout=PIPE, stderr=file, env=env)
        assert process.stdin
        assert process.stdout
        async with asyncio.timeout(PATIENCE):
            process.stdin.write(json.dumps(frame(1, "initialize", **greeting())).encode() + b"\n")
            answer = await process.stdout.readline()
            assert line in log.read_text()
            await process.communicate(b"")
        assert process.returncode == 0
        assert marks([json.loads(answer)]) == [False]


async def test_invalid_setting_ends_the_program_unanswered(tmp_path: Path) -> None:
    await record(tmp_path)
    async with child(LINKTIME_API_KEY=KEY, LINKTIME_QUEUE="none", **{STATE: str(tmp_path)}) as server:
        server.ask("ping")
        assert await server.ended() == 2

    assert server.frames == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_signal_during_the_start_ends_the_session(tmp_path: Path, number: int) -> None:
    await record(tmp_path)
    async with program(tmp_path, *REAL) as server:
        await opening(server)
        server.process.send_signal(number)
        assert await server.ended() == 0

    assert len(server.frames) == 2


async def test_other_frames_wait_for_the_session_in_order(tmp_path: Path, sandbox: Sandbox) -> None:
    settings = {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key}
    await record(tmp_path, **settings)
    async with program(tmp_path, *REAL, **settings) as server:
        await opening(server)
        server.write(b"{", frame(7, "tools/call", name="get_me", arguments={}), frame(8, "tools/list"))
        server.stdin.write(json.dumps(frame(9, "ping")).encode())
        assert await server.close() == 0

    assert {answer.get("id") for answer in server.frames[2:]} == {None, 7, 8, 9}
    assert server.frames[2]["error"]["code"] == -32700
    assert len(server.frames) == 6


async def test_frame_may_come_in_two_parts(tmp_path: Path) -> None:
    await record(tmp_path)
    first, _, *rest = json.dumps(frame(1, "initialize", **greeting())).partition(" ")
    async with program(tmp_path) as server:
        server.stdin.write(first.encode())
        await server.said(RUNNING)
        server.stdin.write("".join(rest).encode() + b"\n")
        result = await server.answer(1)

    assert marks([result]) == [False]


async def test_unread_answers_are_not_lost(tmp_path: Path) -> None:
    """They are more than a pipe holds."""
    opened = [frame(0, "initialize", **greeting()), INITIALIZED, *(frame(n, "tools/list") for n in range(1, 9))]
    async with program(tmp_path) as server:
        server.write(*opened)
        await server.answer(8)
    mark(tmp_path)
    async with program(tmp_path, *REAL) as server:
        server.pause_reading()
        server.write(*opened)
        await server.said(RUNNING)
        server.resume_reading()
        await server.answer(8)

    assert [answer["id"] for answer in server.frames] == [*range(9)]
    assert marks(server.frames)[0]
    assert not marks(server.frames)[8]  # the session took over before


@pytest.mark.slow
@pytest.mark.measured
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
async def test_damaged_memo_is_ignored(tmp_path: Path, damage: Step) -> None:
    cold = await record(tmp_path)
    memo(tmp_path).write_text(damage(memo(tmp_path).read_text()))
    async with program(tmp_path) as server:
        assert await opening(server) == cold

    assert server.log == [RUNNING]


@pytest.mark.slow
@pytest.mark.measured
@pytest.mark.parametrize("fault", ["open", "pipe", "pipe with a writer", "folder", "foreign"])
async def test_unsafe_memo_is_ignored(tmp_path: Path, request: pytest.FixtureRequest, fault: str) -> None:
    cold = await record(tmp_path)
    file = memo(tmp_path)
    match fault:
        case "open":
            file.chmod(0o644)
        case "pipe" | "pipe with a writer":
            file.unlink()
            os.mkfifo(file)
            if fault != "pipe":
                request.addfinalizer(partial(os.close, os.open(file, os.O_RDWR)))
        case "folder":
            file.unlink()
            file.mkdir()
        case "foreign":
            if os.geteuid():
                pytest.skip("only root can give a file away")
            os.chown(file, 12345, -1)
    async with program(tmp_path) as server:
        assert await opening(server) == cold

    assert server.log == [RUNNING]


async def test_long_session_records_no_more_than_its_start(tmp_path: Path) -> None:
    async with program(tmp_path) as server:
        for _ in range(40):
            await server.result(server.ask("ping"))
    recorded = json.loads(memo(tmp_path).read_text())
    for version in ("2024-11-05", "2025-03-26", "2025-06-18"):
        async with program(tmp_path) as server:
            await opening(server, version)
            for _ in range(14):
                await server.result(server.ask("ping"))

    assert len(recorded) == 16
    assert len(json.loads(memo(tmp_path).read_text())) == 32


def test_nothing_answers_early_on_windows() -> None:
    front = Front()
    front.begin("win32")
    front.end()

    assert front.state == b""
