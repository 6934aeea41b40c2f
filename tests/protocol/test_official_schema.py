"""Every message of the server is valid against the official schema.json of its revision, in success and in failure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import ValidationError

from linktime.pipeline.ledger.factory import STATE
from linktime.protocol.prompts import PROMPTS
from linktime.protocol.resources import RESOURCES
from linktime.protocol.skills import SKILLS
from linktime.protocol.views import VIEWS
from linktime.sandbox import Sandbox
from linktime.tools import TOOLS
from tests.support.http_server import Line, answer, upstream
from tests.support.official_schemas import schemas, validator
from tests.support.process import Child, child
from tests.support.tool_requests import REQUESTS

MODERN: Final = "2026-07-28"
REVISIONS: Final = ("2025-03-26", "2025-06-18", "2025-11-25", MODERN)
RESULTS: Final = {
    "initialize": "InitializeResult",
    "server/discover": "DiscoverResult",
    "ping": "EmptyResult",
    "tools/list": "ListToolsResult",
    "tools/call": "CallToolResult",
    "prompts/list": "ListPromptsResult",
    "prompts/get": "GetPromptResult",
    "resources/list": "ListResourcesResult",
    "resources/templates/list": "ListResourceTemplatesResult",
    "resources/read": "ReadResourceResult",
    "completion/complete": "CompleteResult",
    "skills/list": "Result",  # an extension, so the schema has only the common part
    "skills/get": "Result",
}
LISTS: Final = [method for method in RESULTS if method.endswith("/list")]
ERRORS: Final = {-32021: "MissingRequiredClientCapabilityError", -32022: "UnsupportedProtocolVersionError"}
FORMS: Final[dict[str, Any]] = {"elicitation": {"form": {}}}

each_revision = pytest.mark.parametrize("revision", REVISIONS)


class Wire:
    """A client that asks in the way of one *revision*, and remembers the method of each request."""

    def __init__(self, server: Child, revision: str, capabilities: dict[str, Any]) -> None:
        self.server = server
        self.revision = revision
        self.methods: dict[Any, str] = {}
        self._capabilities = capabilities
        self._meta = {
            "io.modelcontextprotocol/protocolVersion": revision,
            "io.modelcontextprotocol/clientCapabilities": capabilities,
        }

    async def begin(self) -> None:
        """Perform the handshake, or discover the server."""
        if self.revision == MODERN:
            await self.ask("server/discover")
            return
        parameters = {"protocolVersion": self.revision, "capabilities": self._capabilities}
        await self.ask("initialize", **parameters, clientInfo={"name": "t", "version": "0"})
        self.server.notify("notifications/initialized")

    def send(self, method: str, **params: Any) -> int:
        """Send a request without waiting."""
        meta = {"_meta": {**self._meta, **params.pop("_meta", {})}} if self.revision == MODERN else {}
        ident = self.server.ask(method, **params | meta)
        self.methods[ident] = method
        return ident

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a request and wait for its answer."""
        return await self.server.answer(self.send(method, **params))

    def check(self) -> list[str]:
        """Validate every frame that came. Return the kinds of the messages."""
        return [kind for frame in self.server.frames for kind in self._checked(frame)]

    def _checked(self, frame: Any) -> list[str]:
        if isinstance(frame, list):
            self._is(frame, "JSONRPCBatchResponse")
            return [kind for each in frame for kind in self._checked(each)]
        self._is(frame, "JSONRPCMessage")
        if "method" in frame:
            self._is(frame, "ServerRequest" if "id" in frame else "ServerNotification")
            return [frame["method"]]
        if "error" in frame:
            code = frame["error"]["code"]
            self._is(frame, ERRORS.get(code, "JSONRPCMessage"))
            return [str(code)]
        method = self.methods[frame["id"]]
        kind = "InputRequiredResult" if frame["result"].get("resultType") == "input_required" else RESULTS[method]
        self._is(frame["result"], kind)
        return [f"{method} failed" if frame["result"].get("isError") else kind]

    def _is(self, value: Any, kind: str) -> None:
        validator(self.revision, kind).validate(value)


@asynccontextmanager
async def wire(
    revision: str, url: str, state: Path, *, declared: dict[str, Any] | None = None, **settings: str
) -> AsyncIterator[Wire]:
    settings = {"LINKTIME_BASE_URL": url, "LINKTIME_API_KEY": "lt_live_x", STATE: str(state)} | settings
    async with child(**settings) as server:
        connection = Wire(server, revision, declared or {})
        await connection.begin()
        yield connection


@asynccontextmanager
async def agreeable() -> AsyncIterator[str]:
    """Run a LinkTime that answers every request with the same object. Yield its URL."""

    async def act(line: Line) -> None:
        row = b'"id":"x","date":"2026-03-12","startTime":"2026-03-02T15:00:00.000Z","notes":"n"'
        await line.write(answer(200, b'{%s,"data":[{%s}]}' % (row, row)))

    async with upstream(act) as server:
        yield server.url


@pytest.mark.slow
@each_revision
async def test_every_tool_and_list_is_valid(revision: str, sandbox: Sandbox, tmp_path: Path) -> None:
    free: dict[str, Any] = {"LINKTIME_RATE_LIMIT": "5000"}
    async with agreeable() as url, wire(revision, url, tmp_path / "1", **free) as good:
        for expected in REQUESTS:
            await good.ask("tools/call", name=expected.tool, arguments=expected.arguments)
        kinds = good.check()
    async with wire(revision, sandbox.url, tmp_path / "2", LINKTIME_API_KEY=sandbox.key, **free) as real:
        for expected in REQUESTS:
            await real.ask("tools/call", name=expected.tool, arguments=expected.arguments)
            await real.ask("tools/call", name=expected.tool, arguments={"nonsense": 1, "limit": "x"})
        for method in LISTS:
            await real.ask(method)
        for uri in [*(each.uri.replace("{id}", "b1") for each in RESOURCES), *SKILLS, *VIEWS]:
            await real.ask("resources/read", uri=uri)
            await real.ask("skills/get", uri=uri)
        for prompt in PROMPTS.values():
            await real.ask("prompts/get", name=prompt.name, arguments={each.name: "x" for each in prompt.arguments})
            for argument in prompt.arguments:
                ref = {"type": "ref/prompt", "name": prompt.name}
                await real.ask("completion/complete", ref=ref, argument={"name": argument.name, "value": "a"})
        if revision != MODERN:  # which has no ping
            await real.ask("ping")
        real_kinds = real.check()

    assert kinds.count("CallToolResult") == len(REQUESTS) >= len(TOOLS)
    assert real_kinds.count("tools/call failed") >= len(REQUESTS)
    missing = {"initialize", "ping"} if revision == MODERN else {"server/discover"}
    assert {RESULTS[method] for method in RESULTS.keys() - missing} <= set(real_kinds)


@each_revision
async def test_every_failure_is_valid(revision: str, tmp_path: Path) -> None:
    async with agreeable() as url, wire(revision, url, tmp_path, LINKTIME_CONFIRM="1") as connection:
        refused: list[tuple[str, dict[str, Any]]] = [
            ("tools/call", {"name": "no_such_tool"}),
            ("tools/call", {}),
            ("prompts/get", {"name": "book_meeting", "arguments": {}}),
            ("resources/read", {"uri": "linktime://nothing"}),
            (
                "completion/complete",
                {"ref": {"type": "ref/prompt", "name": "x"}, "argument": {"name": "a", "value": ""}},
            ),
            ("no/such/method", {}),
            ("tools/call", {"name": "delete_webhook", "arguments": {"webhookId": "w1"}}),
            *((method, {"cursor": "bogus"}) for method in LISTS),
        ]
        for method, params in refused:
            await connection.ask(method, **params)
        if revision >= "2025-11-25":  # an earlier schema has no error without an id
            connection.server.write(b"{", b'{"jsonrpc":"2.0"}')
        else:
            connection.server.write(b'{"jsonrpc":"2.0","id":"p","method":3,"params":')
        await connection.ask("tools/list")
        kinds = connection.check()

    assert {"-32602", "-32601"} <= set(kinds)
    assert ("-32700" in kinds and "-32600" in kinds) is (revision >= "2025-11-25")
    assert ("-32021" in kinds) is (revision == MODERN)
    assert ("tools/call failed" in kinds) is (revision != MODERN)


@pytest.mark.parametrize("revision", REVISIONS[1:])
async def test_every_question_is_valid(revision: str, tmp_path: Path) -> None:
    declared = {"elicitation": {}} if revision == "2025-06-18" else FORMS
    async with agreeable() as url, wire(revision, url, tmp_path, declared=declared, LINKTIME_CONFIRM="1") as connection:
        for expected in REQUESTS:
            if TOOLS[expected.tool].confirmation is None:
                continue
            call = connection.send("tools/call", name=expected.tool, arguments=expected.arguments)
            reply = await first(connection.server, call)
            if "method" in reply:
                connection.server.write({"jsonrpc": "2.0", "id": reply["id"], "result": {"action": "decline"}})
                await connection.server.answer(call)
        kinds = connection.check()

    assert kinds.count("InputRequiredResult" if revision == MODERN else "elicitation/create") >= 8


async def first(server: Child, call: int) -> dict[str, Any]:
    """Wait for the answer to *call* or for a question about it."""
    seen = {frame["id"] for frame in server.frames if frame.get("method") == "elicitation/create"}
    answered = asyncio.ensure_future(server.answer(call))
    while not answered.done():
        for frame in server.frames:
            if frame.get("method") == "elicitation/create" and frame["id"] not in seen:
                answered.cancel()
                return {**frame}
        await asyncio.sleep(0.01)
    return await answered


@pytest.mark.slow
@each_revision
async def test_every_notification_is_valid(revision: str, tmp_path: Path) -> None:
    scarce: dict[str, Any] = {"LINKTIME_RATE_LIMIT": "1", "LINKTIME_RATE_PERIOD": "2", "LINKTIME_CACHE_TTL": "0"}
    async with agreeable() as url, wire(revision, url, tmp_path, **scarce) as connection:
        calls = [
            connection.send("tools/call", name="list_webhooks", arguments={}, _meta={"progressToken": token})
            for token in ("a", "b")
        ]
        for call in calls:
            await connection.server.answer(call)
        kinds = connection.check()

    assert "notifications/progress" in kinds


def test_the_suite_has_the_schema_of_each_revision() -> None:
    assert sorted(schemas()) == list(REVISIONS)
    for revision in REVISIONS:
        with pytest.raises(ValidationError):
            validator(revision, "ListToolsResult").validate({"tools": [{"name": "t"}]})
