"""Both transports below the session behave alike: polled pipes, and threads as on Windows."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import orjson
import pytest

from linktime.protocol.stdio.frames import LARGEST_FRAME
from linktime.sandbox import Sandbox
from tests.support.process import child
from tests.support.sandbox_client import arrived, misbehave
from tests.support.wires import COMMANDS, WIRES, play

pytestmark = pytest.mark.slow  # starts many processes

OVER_WIRES = pytest.mark.parametrize(
    ("transport", "kind"),
    [
        pytest.param(*wire, id="-".join(wire), marks=pytest.mark.posix if {"terminal", "polled"} & {*wire} else ())
        for wire in WIRES
    ],
)
OVER_PIPES = pytest.mark.parametrize("transport", COMMANDS)

PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
MALFORMED: list[tuple[bytes, int, Any]] = [
    (b"{", -32700, None),
    (b"\xff\xfe", -32700, None),
    (b'"\\ud800"', -32600, None),
    (b"[" * 5000 + b"]" * 5000, -32700, None),
    (b'[{"jsonrpc":"2.0","id":7,"method":"ping"},{"id":8,"result":{}}]', -32600, 7),
    (b"[]", -32600, None),
    (b'{"jsonrpc":"2.0","id":7}', -32600, None),
    (b"3", -32600, None),
    (b'{"id":7,"method":"ping"}', -32600, 7),
    (b'{"jsonrpc":"2.0","id":"s","method":"ping","params":[1]}', -32600, "s"),
    (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', -32600, None),
    (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600, None),
    (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600, 1.5),
    (b"x" * (LARGEST_FRAME + 1), -32600, None),
    (b"x" * (LARGEST_FRAME * 3), -32600, None),
]
ODD: list[tuple[bytes, Any]] = [
    (b'\xef\xbb\xbf{"jsonrpc":"2.0","id":7,"method":"ping"}\r', 7),
    (b'{"jsonrpc":"2.0","id":8,"method":"ping","params":{"a":NaN}}', 8),
    (b'{"jsonrpc":"2.0","id":9.0,"method":"ping","params":[]}\r', 9),
    (b'  {"jsonrpc":"2.0","id":10,"method":"ping","params":null}  ', 10),
    (b'{"jsonrpc":"2.0","id":11,"method":"ping","params":{"_meta":[]}}', 11),
    (b'{"jsonrpc":"2.0","id":12,"method":"ping","params":{"_meta":{"progressToken":null}}}', 12),
    (b'{"jsonrpc":"2.0","id":"\xff","method":"ping"}', "\ufffd"),
]
UNANSWERED = [
    b"",
    b"  \r",
    b'{"jsonrpc":"2.0","id":7,"result":5}',
    b'{"jsonrpc":"2.0","id":7,"error":"no"}',
    b'{"jsonrpc":"2.0","id":null,"error":{"code":"x"}}',
    b'{"id":7,"result":{}}',
    b'{"jsonrpc":"2.0","id":7,"result":[]}',
    b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":[1]}',
    b'{"method":"notifications/cancelled"}',
]


def ping(ident: int) -> bytes:
    return b'{"jsonrpc":"2.0","id":%d,"method":"ping"}' % ident


def greeting() -> bytes:
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "0"}}
    return orjson.dumps({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": params})


def frames(transport: str, kind: str, folder: Path, *lines: bytes) -> list[Any]:
    """Return all frames of the program for these lines, of which the last one has no newline."""
    ended = play(transport, kind, folder, b"\n".join(lines))
    assert ended.status == 0
    assert ended.log.splitlines()[-1] == "LinkTime MCP server running"  # on a terminal after a hint for people
    assert b"\r" not in ended.out
    return [orjson.loads(line) for line in ended.out.splitlines()]


@pytest.mark.measured
@OVER_WIRES
def test_malformed_frames_are_answered_under_their_ids(transport: str, kind: str, tmp_path: Path) -> None:
    lines = [line for line, _, _ in MALFORMED]

    *refusals, pong = frames(transport, kind, tmp_path, *lines, PING)

    assert [(each["error"]["code"], each["id"]) for each in refusals] == [case[1:] for case in MALFORMED]
    assert pong["result"] == {}


@pytest.mark.measured
@OVER_WIRES
def test_odd_requests_are_answered_under_their_ids(transport: str, kind: str, tmp_path: Path) -> None:
    answers = frames(transport, kind, tmp_path, *(line for line, _ in ODD))

    assert [(each["id"], each["result"]) for each in answers] == [(ident, {}) for _, ident in ODD]


@OVER_WIRES
def test_responses_and_notifications_are_never_answered(transport: str, kind: str, tmp_path: Path) -> None:
    assert [each["id"] for each in frames(transport, kind, tmp_path, *UNANSWERED, PING)] == [1]


@OVER_WIRES
def test_no_frame_is_lost_or_overtaken(transport: str, kind: str, tmp_path: Path) -> None:
    requests = [ping(ident) for ident in range(500)]
    requests[100:400:10] = [request.replace(b"ping", b"tools/list") for request in requests[100:400:10]]

    hello, *answers = frames(transport, kind, tmp_path, greeting(), *requests)

    assert hello["id"] == "hello"
    assert [each["id"] for each in answers] == list(range(500))
    assert {len(each["result"]["tools"]) for each in answers[100:400:10]} == {32}


@pytest.mark.measured
@OVER_WIRES
def test_too_long_last_line_is_refused(transport: str, kind: str, tmp_path: Path) -> None:
    (refusal,) = frames(transport, kind, tmp_path, b"x" * LARGEST_FRAME * 2)

    assert refusal["error"]["code"] == -32600


@OVER_PIPES
async def test_a_batch_is_answered_as_one_frame(transport: str) -> None:
    async with child(*COMMANDS[transport], LINKTIME_API_KEY="lt_live_x") as server:
        await server.greet("2025-03-26")
        server.write(b"[" + b",".join(map(ping, range(50, 99))) + b"]", ping(99))
        await server.result(99)

        assert await server.close() == 0

    (answers,) = [frame for frame in server.frames if isinstance(frame, list)]
    assert {each["id"] for each in answers} == set(range(50, 99))


@pytest.mark.measured
@OVER_PIPES
@pytest.mark.posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_one_signal_ends_it_while_stdin_is_open(transport: str, number: int) -> None:
    async with child(*COMMANDS[transport], LINKTIME_API_KEY="lt_live_x") as server:
        await server.greet()
        server.process.send_signal(number)

        assert await server.ended() == 0

    assert server.log == ["LinkTime MCP server running"]


@pytest.mark.measured
@OVER_PIPES
async def test_a_lost_reader_of_stdout_ends_it(transport: str) -> None:
    async with child(*COMMANDS[transport], LINKTIME_API_KEY="lt_live_x") as server:
        await server.greet()
        server.stop_reading()

        assert await server.ended() == 0

    assert server.log == ["LinkTime MCP server running"]


@OVER_PIPES
async def test_a_second_signal_ends_it_at_once(transport: str, sandbox: Sandbox) -> None:
    settings = {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key, "LINKTIME_WORKERS": "1"}
    async with child(*COMMANDS[transport], **settings) as server:
        await server.greet()
        await misbehave(sandbox, path="/contacts", method="POST", hang=True)
        server.call("create_contact", name="Ada Lovelace", email="ada@example.com")
        await arrived(sandbox, "/contacts")
        waiting = server.call("get_me")
        await server.result(server.ask("ping"))

        server.process.terminate()
        assert (await server.result(waiting))["content"][0]["text"].startswith("shutting_down: ")
        server.process.terminate()

        assert await server.ended() == -signal.SIGTERM


@OVER_PIPES
async def test_calls_in_flight_are_answered_at_the_end(transport: str, sandbox: Sandbox) -> None:
    settings = {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key}
    async with child(*COMMANDS[transport], **settings) as server:
        await server.greet()
        await misbehave(sandbox, path="/contacts", method="POST", delaySeconds=1)
        call = server.call("create_contact", name="Ada Lovelace", email="ada@example.com")
        await arrived(sandbox, "/contacts")

        assert await server.close() == 0
        assert (await server.result(call))["isError"] is False
