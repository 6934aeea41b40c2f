"""Any JSON value in a 2xx answer of LinkTime is accepted by the official clients, and by the schema they validate."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from hypothesis import given, settings, strategies as st
from jsonschema import Draft202012Validator
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp_types import PromptReference

from linktime.message import Reply, Request, get
from linktime.pipeline.local import AccountZone
from linktime.protocol.prompts import PROMPTS
from linktime.protocol.resources import RESOURCES, Resource
from linktime.protocol.session import Session
from linktime.sanitize import visible
from linktime.tools import TOOLS
from tests.support.http_server import Line, answer, upstream
from tests.support.process import environ
from tests.support.programs import need, program
from tests.support.sdk_client import connected
from tests.support.sessions import upstream_of
from tests.support.tool_requests import REQUESTS

CALLS: Final = {expected.tool: expected.arguments for expected in REQUESTS}
PLAYED: Final = ("list_bookings", "check_availability", "get_me", "create_booking", "cancel_booking", "update_settings")
SHAPES: Final[list[tuple[int, bytes]]] = [
    (204, b""),
    (200, b"null"),
    (200, b"[]"),
    (200, b"{}"),
    (200, b"7"),
    (200, b'"done"'),
    (200, b"true"),
    (200, b"[null,1,[2],{}]"),
    (201, b'{"id":"clx9"}'),
    (200, b'{"data":null}'),
    (200, b'{"data":[],"pagination":null}'),
    (200, b'{"data":{"id":null},"pagination":"none"}'),
    (200, b'{"slots":[],"timezone":null}'),
    (200, b'{"slots":{"2026-03-02":[{"startTime":"2026-03-02T15:00:00Z"}]},"timezone":["UTC"]}'),
    (200, b'{"data":[{"id":7,"startTime":"2026-03-02T15:00:00Z","inviteeTimezone":5,"status":null}]}'),
    (200, b'{"data":[{"id":"b1","notes":"likes \\ud83d"}],"pagination":{"page":"1","total":1e999}}'),
    (200, b'{"bookingId":12345678901234567890123,"success":"yes","data":NaN}'),
    (201, b'{"booking":{"id":"clx9"},"x":' + b"[" * 300 + b"]" * 300 + b"}"),
]
JSON_VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(codec=None), max_size=9)
            | st.sampled_from(
                ["data", "pagination", "slots", "timezone", "id", "startTime", "inviteeTimezone", "success"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
SCRIPT: Final = """
const { Client } = require("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport } = require("@modelcontextprotocol/sdk/client/stdio.js");
(async () => {
  const [command, args, env, calls, shapes, control] = JSON.parse(process.argv[2]);
  const client = new Client({ name: "test", version: "0" });
  await client.connect(new StdioClientTransport({ command, args, env, stderr: "ignore" }));
  await client.listTools();
  const refused = [];
  for (let shape = 0; shape < shapes; shape++) {
    await fetch(`${control}/shape/${shape}`);
    for (const call of calls) {
      try {
        const result = await client.callTool(call);
        if (result.isError) refused.push([shape, call.name, result.content[0].text]);
      } catch (error) {
        refused.push([shape, call.name, String(error)]);
      }
    }
  }
  console.log(JSON.stringify(refused));
  await client.close();
})();
"""


@dataclass
class Service:
    """A LinkTime that answers every request with the same *shape*. `GET /shape/N` selects another one."""

    url: str = ""
    shape: int = 0


@asynccontextmanager
async def service() -> AsyncIterator[Service]:
    state = Service()

    async def act(line: Line) -> None:
        target = server.seen[-1].target
        if target.startswith("/shape/"):
            state.shape = int(target.removeprefix("/shape/"))
        status, body = SHAPES[state.shape]
        await line.write(answer(status, body) if body else b"HTTP/1.1 204 No Content\r\n\r\n")

    async with upstream(act) as server:
        state.url = server.url
        yield state


def settings_of(url: str, state: Path) -> dict[str, str]:
    return {
        "LINKTIME_BASE_URL": url,
        "LINKTIME_API_KEY": "lt_live_x",
        "LINKTIME_RATE_LIMIT": "5000",
        "LINKTIME_CACHE_TTL": "0",
        "XDG_STATE_HOME": str(state),
    }


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_the_python_client_accepts_every_shape(mode: str, tmp_path: Path) -> None:
    refused = []
    async with asyncio.timeout(120), service() as linktime:
        parameters = StdioServerParameters(
            command=sys.executable, args=["-m", "linktime"], env=environ(**settings_of(linktime.url, tmp_path))
        )
        async with Client(parameters, mode=mode) as client:
            await client.list_tools()
            for linktime.shape in range(len(SHAPES)):
                for name in PLAYED:
                    result = await client.call_tool(name, CALLS[name])
                    if result.is_error:
                        refused.append((SHAPES[linktime.shape], name, result.content))
    assert refused == []


@pytest.mark.slow
async def test_the_typescript_client_accepts_every_shape(tmp_path: Path) -> None:
    node, modules = program("node"), Path(os.environ.get("LINKTIME_TEST_CLIENTS", ".")).parent
    sdk = "@modelcontextprotocol/sdk"
    need(sdk, is_there=(modules / sdk).exists())
    script = tmp_path / "accept.cjs"
    script.write_text(SCRIPT)
    calls = [{"name": name, "arguments": CALLS[name]} for name in PLAYED]

    async with asyncio.timeout(120), service() as linktime:
        env = environ(**settings_of(linktime.url, tmp_path))
        order = [sys.executable, ["-m", "linktime"], env, calls, len(SHAPES), linktime.url]
        process = await asyncio.create_subprocess_exec(
            node, script, json.dumps(order), stdout=-1, stderr=-1, env=env | {"NODE_PATH": str(modules)}
        )
        out, err = await process.communicate()

    assert process.returncode == 0, err.decode()
    assert json.loads(out) == []


def replying(data: Any) -> Session:
    async def send(_: Request) -> Reply:
        return Reply(200, visible(data))

    zone = AccountZone(send, get("/settings"), clock=lambda: 0.0, epoch=lambda: 0, spare=lambda: True, life=30.0)
    return Session(upstream_of(send, clock=lambda: 0.0, zone=zone), TOOLS)


async def answered(session: Session, name: str) -> Any:
    async with asyncio.timeout(20), connected(session.server) as client:
        return await client.call_tool(name, CALLS[name])


@pytest.mark.slow
@settings(max_examples=150)
@given(JSON_VALUES, st.sampled_from(sorted(TOOLS)))
def test_any_json_value_becomes_an_answer_that_fits_its_schema(data: Any, name: str) -> None:
    result = asyncio.run(answered(replying(data), name))

    assert not result.is_error, result.content
    assert orjson.loads(result.content[0].text) == result.structured_content
    Draft202012Validator(TOOLS[name].output_schema).validate(result.structured_content)


@pytest.mark.slow
@settings(max_examples=60)
@given(JSON_VALUES, st.sampled_from(RESOURCES))
def test_any_json_value_becomes_a_resource_and_completions(data: Any, resource: Resource) -> None:
    async def visit() -> Any:
        async with asyncio.timeout(20), connected(replying(data).server) as client:
            for prompt in PROMPTS.values():
                for argument in prompt.arguments:
                    typed = {"name": argument.name, "value": "a"}
                    await client.complete(PromptReference(name=prompt.name), typed)
            return await client.read_resource(resource.uri.replace("{id}", "b1"))

    [content] = asyncio.run(visit()).contents
    assert isinstance(orjson.loads(content.text), dict)
