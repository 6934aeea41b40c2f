"""The first answers come from the memo of an earlier session, and are those of the session itself."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from linktime.pipeline.system import STATE
from tests.support.process import MODERN, Child, child

pytestmark = pytest.mark.posix  # on Windows no thread can answer

OUTDATED = "outdated"
KEY = "lt_live_front"
VIEWS = {"extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html;profile=mcp-app"]}}}
OTHER: dict[str, Any] = {"extensions": {"com.example/other": {}}}


@asynccontextmanager
async def program(home: Path, **settings: str) -> AsyncIterator[Child]:
    budget = {"LINKTIME_API_KEY": KEY, "LINKTIME_BUDGET": "process", STATE: str(home)}
    async with child(**budget | settings) as server:
        yield server
        assert await server.close() == settings.get("status", 0)


def memo(home: Path) -> Path:
    return home / "linktime-mcp" / "memo.json"


def marked(home: Path, mark: str = "MARKED") -> None:
    """Change each recorded answer, so that a test sees where an answer comes from."""
    answers = json.loads(memo(home).read_text())
    memo(home).write_text(
        json.dumps({key: body.replace('"name":"', f'"name":"{mark}') for key, body in answers.items()})
    )


async def opening(server: Child, version: str = "2025-11-25", **capabilities: Any) -> list[Any]:
    greeting = await server.greet(version, **capabilities)
    return [greeting, await server.result(server.ask("tools/list"))]


def is_marked(results: list[Any]) -> bool:
    return "MARKED" in json.dumps(results)


async def test_second_start_answers_from_the_memo(tmp_path: Path) -> None:
    async with program(tmp_path) as server:
        cold = await opening(server)
    recorded = memo(tmp_path).read_bytes()
    async with program(tmp_path) as server:
        warm = await opening(server)

    assert warm == cold
    assert memo(tmp_path).read_bytes() == recorded
    assert OUTDATED not in server.stderr
    assert memo(tmp_path).stat().st_mode & 0o777 == 0o600
    assert KEY.encode() not in recorded


async def test_outdated_answer_is_replaced_and_logged_once(tmp_path: Path) -> None:
    async with program(tmp_path) as server:
        cold = await opening(server)
    marked(tmp_path)
    async with program(tmp_path) as server:
        assert is_marked(await opening(server))
    async with program(tmp_path) as later:
        assert await opening(later) == cold

    assert server.stderr.count(OUTDATED) == 1
    assert OUTDATED not in later.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "version", "capabilities"),
    [
        ({"LINKTIME_READ_ONLY": "1"}, "2025-11-25", {}),
        ({"LINKTIME_API_KEY": "lt_live_other"}, "2025-11-25", {}),
        ({"LINKTIME_PLAIN_IMPORTS": "1"}, "2025-11-25", {}),
        ({}, "2025-06-18", {}),
        ({}, "2025-11-25", OTHER),
    ],
)
async def test_other_start_is_answered_by_the_session(
    tmp_path: Path, settings: dict[str, str], version: str, capabilities: dict[str, Any]
) -> None:
    async with program(tmp_path) as server:
        cold = await opening(server)
    marked(tmp_path)
    async with program(tmp_path, **settings) as server:
        other = await opening(server, version, **capabilities)

    assert not is_marked(other)
    assert (other != cold) == bool(version != "2025-11-25" or capabilities or "LINKTIME_READ_ONLY" in settings)


async def test_ids_and_tokens_do_not_change_the_answer(tmp_path: Path) -> None:
    async with program(tmp_path) as server:
        await opening(server)
    marked(tmp_path)
    async with program(tmp_path) as server:
        await server.greet()
        meta = {"progressToken": 5, "traceparent": "00-" + "1" * 32 + "-" + "2" * 16 + "-01"}
        server.write({"jsonrpc": "2.0", "id": "other", "method": "tools/list", "params": {"_meta": meta}})
        assert is_marked([await server.answer("other")])


async def test_modern_era_is_answered_from_the_memo(tmp_path: Path) -> None:
    for is_warm in (False, True):
        async with program(tmp_path) as server:
            results = [
                await server.result(server.ask(method, _meta=MODERN)) for method in ("server/discover", "tools/list")
            ]
        assert is_marked(results) == is_warm
        marked(tmp_path)


async def test_invalid_setting_ends_a_warm_program(tmp_path: Path) -> None:
    async with program(tmp_path) as server:
        await opening(server)
    async with child(LINKTIME_API_KEY=KEY, LINKTIME_QUEUE="none", **{STATE: str(tmp_path)}) as server:
        server.ask("ping")
        assert await server.ended() == 2

    assert server.frames == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_signal_during_the_start_ends_a_warm_session(tmp_path: Path, number: int) -> None:
    async with program(tmp_path) as server:
        await opening(server)
    async with child(LINKTIME_API_KEY=KEY, LINKTIME_BUDGET="process", **{STATE: str(tmp_path)}) as server:
        await server.greet()
        server.process.send_signal(number)
        assert await server.ended() == 0

    assert server.noise == []


async def test_order_is_kept_after_a_frame_for_the_session(tmp_path: Path) -> None:
    async with program(tmp_path) as server:
        await opening(server)
    async with program(tmp_path) as server:
        server.write(b"{", {"jsonrpc": "2.0", "id": 7, "method": "ping"})
        await server.answer(7)

    assert [frame.get("error", {}).get("code") for frame in server.frames] == [-32700, None]


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["open", "large", "damaged", "other shape", "link", "pipe"])
async def test_unsafe_memo_is_ignored(tmp_path: Path, fault: str) -> None:
    async with program(tmp_path) as server:
        cold = await opening(server)
    marked(tmp_path)
    match fault:
        case "open":
            memo(tmp_path).chmod(0o644)
        case "large":
            memo(tmp_path).write_text(memo(tmp_path).read_text() + " " * (1 << 20))
        case "damaged":
            memo(tmp_path).write_bytes(memo(tmp_path).read_bytes()[:-1])
        case "other shape":
            memo(tmp_path).write_text('{"a": 1}')
        case "link":
            memo(tmp_path).rename(tmp_path / "elsewhere")
            memo(tmp_path).symlink_to(tmp_path / "elsewhere")
        case "pipe":
            memo(tmp_path).unlink()
            os.mkfifo(memo(tmp_path))
    async with program(tmp_path) as server:
        assert await opening(server) == cold
