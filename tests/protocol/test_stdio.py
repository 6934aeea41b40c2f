from __future__ import annotations

import random
import sys
from typing import Any

import orjson
import pytest
from hypothesis import given, strategies as st

from linktime.protocol.stdio.draining import MOST_UNANSWERED
from linktime.protocol.stdio.frames import Malformed, encode, message_of, parse
from linktime.sandbox import Sandbox
from tests.support.process import Child, child
from tests.support.sandbox_client import arrived, misbehave

HANDSHAKES = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
MODERN = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}


async def test_stdout_carries_frames_alone_and_stderr_the_start_word(server: Child) -> None:
    await server.said("LinkTime MCP server running")

    await server.result(server.ask("tools/list"))

    assert await server.close() == 0
    assert server.noise == []


@pytest.mark.slow
@pytest.mark.parametrize("version", HANDSHAKES)
async def test_every_handshake_version_is_echoed(version: str) -> None:
    async with child(LINKTIME_API_KEY="lt_live_x") as server:
        greeting = await server.greet(version)

        tools = (await server.result(server.ask("tools/list")))["tools"]

    assert greeting["protocolVersion"] == version
    assert greeting["serverInfo"]["name"] == "linktime"
    assert "check_availability" in greeting["instructions"]
    assert len(tools) == 32


async def test_client_without_handshake_is_served_by_request_meta() -> None:
    async with child(LINKTIME_API_KEY="lt_live_x") as server:
        discovered = await server.result(server.ask("server/discover", _meta=MODERN))
        tools = await server.result(server.ask("tools/list", _meta=MODERN))

    assert "2026-07-28" in discovered["supportedVersions"]
    assert len(tools["tools"]) == 32
    assert tools["resultType"] == "complete"


@pytest.mark.parametrize("opening", ["initialize", "ping"])
async def test_connection_stays_in_the_era_of_its_handshake(opening: str) -> None:
    async with child(LINKTIME_API_KEY="lt_live_x") as server:
        if opening == "ping":
            await server.result(server.ask("ping"))
        await server.greet("2025-11-25")
        refused = await server.answer(server.ask("tools/list", _meta=MODERN))
        tools = await server.result(server.ask("tools/list"))

    assert refused["error"]["code"] == -32600
    assert len(tools["tools"]) == 32


@given(st.binary(max_size=200))
def test_any_line_is_a_message_or_malformed(line: bytes) -> None:
    try:
        message = message_of(parse(line))
    except Malformed as malformed:
        assert {answer["error"]["code"] for answer in malformed.answers} <= {-32700, -32600}
    else:
        assert message is None or message.jsonrpc == "2.0"


FRAMES = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.sampled_from(["2.0", "1.0", 2]),
        "id": st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
        "method": st.one_of(st.text(), st.integers()),
        "params": st.one_of(st.none(), st.lists(st.integers()), st.dictionaries(st.text(), st.integers())),
        "result": st.one_of(st.none(), st.dictionaries(st.text(), st.integers())),
    },
)


@given(FRAMES)
def test_a_request_keeps_its_id_or_is_refused(frame: dict[str, Any]) -> None:
    try:
        message = message_of(parse(orjson.dumps(frame, option=orjson.OPT_NON_STR_KEYS)))
    except (Malformed, orjson.JSONEncodeError):
        return
    if "method" in frame and "id" in frame:
        assert getattr(message, "id", None) == frame["id"]


def test_a_frame_is_valid_json_whatever_it_holds() -> None:
    assert orjson.loads(encode({"text": "a\ud800b", "count": 1 << 70})) == {"text": "ab", "count": 2.0**70}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"name": 5}, "params.name"),
        ({"name": "get_me", "arguments": [1]}, "params.arguments"),
        ({"name": "get_me", "_meta": 5}, "params._meta"),
    ],
)
async def test_a_refusal_names_its_field(params: dict[str, Any], field: str) -> None:
    async with child(LINKTIME_API_KEY="lt_live_x") as server:
        await server.greet()
        error = (await server.answer(server.ask("tools/call", **params)))["error"]

    assert error["code"] == -32602
    assert field in error["message"]


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [[], "{}", "", '{"timezone": null}', None])
async def test_odd_forms_of_no_arguments_are_understood(sandbox: Sandbox, arguments: Any) -> None:
    greeting = {"protocolVersion": "2025-11-25", "clientInfo": {"name": "t", "version": "0"}}
    async with child(LINKTIME_BASE_URL=sandbox.url, LINKTIME_API_KEY=sandbox.key) as server:
        await server.result(server.ask("initialize", **greeting, capabilities={"experimental": [], "roots": []}))
        result = await server.result(server.ask("tools/call", name="list_event_types", arguments=arguments, _meta=[]))

    assert result["isError"] is False


async def test_half_a_character_in_an_argument_is_refused_under_its_id() -> None:
    async with child(LINKTIME_API_KEY="lt_live_x", LINKTIME_BASE_URL="http://127.0.0.1:9") as server:
        await server.greet()
        server.write(
            b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"list_contacts",'
            b'"arguments":{"search":"a\\ud83d"}}}'
        )
        result = await server.result(7)

    assert result["content"][0]["text"].startswith("invalid_arguments: ")


async def test_a_one_shot_client_gets_its_answers(sandbox: Sandbox) -> None:
    frames: list[dict[str, Any]] = [
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": {"name": "t", "version": "0"},
            },
        },
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "get_me", "arguments": {}}},
    ]
    async with child(LINKTIME_BASE_URL=sandbox.url, LINKTIME_API_KEY=sandbox.key) as server:
        server.write(*frames)

        assert await server.close() == 0

    assert [frame["id"] for frame in server.frames] == [1, 2]
    assert server.frames[1]["result"]["isError"] is False


@pytest.mark.slow
async def test_requests_over_the_cap_are_refused(server: Child, sandbox: Sandbox) -> None:
    await misbehave(sandbox, path="/webhooks", hang=True)
    calls = [server.call("list_webhooks") for _ in range(MOST_UNANSWERED + 5)]

    refused = [await server.answer(call) for call in calls[-5:]]

    assert [answer["error"]["code"] for answer in refused] == [-32000] * 5
    assert not {frame.get("id") for frame in server.frames} & set(calls[:-5])


async def test_a_print_from_anywhere_lands_on_stderr() -> None:
    chatty = (
        "import os, threading, time\n"
        "from linktime.cli import main\n"
        "def chat():\n"
        "    while not os.path.samestat(os.fstat(1), os.fstat(2)):\n"
        "        time.sleep(0.01)\n"
        "    print('from print', flush=True)\n"
        "    os.write(1, b'from write\\n')\n"
        "threading.Thread(target=chat, daemon=True).start()\n"
        "main(['serve'])\n"
    )
    async with child(sys.executable, "-c", chatty, LINKTIME_API_KEY="lt_live_x") as server:
        await server.greet()
        await server.said("from print")
        await server.said("from write")

        assert await server.close() == 0

    assert server.noise == []


@pytest.mark.slow
async def test_flood_of_broken_frames_leaves_stdout_clean() -> None:
    dice = random.Random(20261123)
    good = b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"get_me","arguments":{}}}'
    async with child(LINKTIME_API_KEY="lt_live_x") as server:
        await server.greet()
        for _ in range(3000):
            frame = bytearray(good)
            for _ in range(dice.randint(1, 12)):
                frame[dice.randrange(len(frame))] = dice.randrange(256)
            server.write(bytes(frame).replace(b"\n", b" "))
        pong = await server.result(server.ask("ping"))

        assert await server.close() == 0

    assert pong == {}
    assert server.noise == []
    assert all(frame["jsonrpc"] == "2.0" for frame in server.frames)


async def test_ping_is_answered_while_a_call_is_under_way(server: Child, sandbox: Sandbox) -> None:
    await misbehave(sandbox, path="/me", hang=True)
    server.call("get_me")
    await arrived(sandbox, "/me")

    assert await server.result(server.ask("ping")) == {}


@pytest.mark.parametrize("value", [b"9" * 5000, b"[" * 5000 + b"]" * 5000], ids=["digits", "nesting"])
async def test_request_with_an_unreadable_value_is_answered(value: bytes) -> None:
    async with child(LINKTIME_API_KEY="lt_live_x", LINKTIME_BASE_URL="http://127.0.0.1:9") as server:
        await server.greet()
        server.write(
            b'{"jsonrpc":"2.0","id":901,"method":"tools/call","params":{"name":"list_contacts","arguments":{"page":'
            + value
            + b"}}}"
        )
        answer = await server.answer(901)

    assert answer.get("error") or answer["result"]["isError"]


async def test_null_capabilities_count_as_none() -> None:
    async with child(LINKTIME_API_KEY="lt_live_x") as server:
        greeting = {"protocolVersion": "2025-11-25", "clientInfo": {"name": "t", "version": "0"}}
        result = await server.result(server.ask("initialize", **greeting, capabilities=None))

    assert result["serverInfo"]["name"] == "linktime"
