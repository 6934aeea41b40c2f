"""The rules of the protocol that clients rely on: identity, freshness, cursors and the codes of failures."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS
from mcp_types.methods import CACHEABLE_METHODS

from linktime import __version__
from linktime.errors import BudgetSpent, Failure, RateLimited, Rejected, Unavailable
from linktime.message import Notes, Reply, Request
from linktime.protocol.session import Session
from linktime.protocol.session.refusals import RATE_LIMITED
from linktime.sandbox import Sandbox
from linktime.tools import TOOLS
from tests.support.process import Child, child
from tests.support.sdk_client import connected
from tests.support.sessions import upstream_of
from tests.support.traced_app import traced

BOUND: Final = 10.0  # s
MODERN: Final = "2026-07-28"
INFO: Final = "io.modelcontextprotocol/serverInfo"
META: Final = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}
LISTS: Final = ("tools/list", "prompts/list", "resources/list", "resources/templates/list")
each_era = pytest.mark.parametrize("mode", ["legacy", MODERN])


@asynccontextmanager
async def client(answer: Reply | Failure, mode: str = "legacy", **options: Any) -> AsyncIterator[Client]:
    """Connect to a session whose service gives one *answer*."""

    async def send(_: Request) -> Reply:
        if isinstance(answer, Failure):
            raise answer
        return answer

    under_test = Session(upstream_of(send, **options), TOOLS)
    async with asyncio.timeout(BOUND), connected(under_test.server, mode=mode) as connection:
        yield connection


async def results(server: Child, *methods: str, **params: Any) -> list[Any]:
    return [await server.result(server.ask(method, _meta=META, **params)) for method in methods]


async def test_both_eras_have_the_same_identity() -> None:
    async with child() as modern, child() as legacy:
        [discovered, tools] = await results(modern, "server/discover", "tools/list")
        greeting = await legacy.greet()

    info = discovered["_meta"][INFO]
    [icon] = info["icons"]
    assert greeting["serverInfo"] == info
    assert (info["name"], info["title"], info["version"]) == ("linktime", "LinkTime", __version__)
    assert info["description"]
    assert info["websiteUrl"].startswith("https://")
    assert b64decode(icon["src"].removeprefix(f"data:{icon['mimeType']};base64,")).startswith(b"\x89PNG")
    assert len(icon["src"]) < 400
    assert tools["_meta"][INFO] == {name: info[name] for name in ("name", "title", "version")}


async def test_static_results_may_be_kept_for_an_hour() -> None:
    static = sorted(CACHEABLE_METHODS - {"resources/read"})
    async with child() as server:
        answers = await results(server, *static)

    assert {(each["ttlMs"], each["cacheScope"]) for each in answers} == {(3_600_000, "private")}
    assert set(LISTS) < set(static)


@pytest.mark.parametrize(("age", "left"), [(None, 30_000), (12.5, 17_500), (31.0, 0)])
async def test_resource_may_be_kept_as_long_as_in_the_cache(age: float | None, left: int) -> None:
    reply = Reply(200, {"id": "u1"}, Notes(cache="hit", age_seconds=age))
    async with client(reply, MODERN, cache_ttl=30.0) as connection:
        read = await connection.read_resource("linktime://account")

    assert (read.ttl_ms, read.cache_scope) == (left, "private")


async def test_resource_is_stale_at_once_without_a_cache(sandbox: Sandbox) -> None:
    async with traced(sandbox, mode=MODERN, cache_ttl=0) as seen:
        read = await seen.client.read_resource("linktime://account")
    async with traced(sandbox, mode=MODERN, cache_ttl=20) as seen:
        kept = await seen.client.read_resource("linktime://account")

    assert read.ttl_ms == 0
    assert kept.ttl_ms == 20_000


@each_era
@pytest.mark.parametrize("method", LISTS)
async def test_unknown_cursor_is_refused(mode: str, method: str) -> None:
    async with client(Reply(200, {}), mode) as connection:
        lister = getattr(connection, "list_" + method.removesuffix("/list").replace("resources/t", "resource_t"))
        with pytest.raises(MCPError) as refused:
            await lister(cursor="bogus")
        first = await lister(cursor="")

    assert refused.value.code == INVALID_PARAMS
    assert "cursor" in refused.value.message
    assert first.next_cursor is None


@pytest.mark.parametrize(
    ("failure", "code", "data"),
    [
        (BudgetSpent(12.2), RATE_LIMITED, {"error": "rate_limited", "retryAfter": 13}),
        (RateLimited("429.", retry_after=7.0), RATE_LIMITED, {"error": "rate_limited", "retryAfter": 7}),
        (RateLimited("429."), RATE_LIMITED, {"error": "rate_limited"}),
        (
            Unavailable("Gone.", sent=True, retry_after=0.2),
            INTERNAL_ERROR,
            {"error": "unavailable", "retryAfter": 1},
        ),
        (Rejected("forbidden", "No.", status=403), INTERNAL_ERROR, {"error": "forbidden"}),
    ],
)
@each_era
async def test_failed_resource_has_the_wait_as_data(
    mode: str, failure: Failure, code: int, data: dict[str, Any]
) -> None:
    async with client(failure, mode) as connection:
        with pytest.raises(MCPError) as refused:
            await connection.read_resource("linktime://account")

    assert refused.value.code == code
    assert refused.value.error.data == data
    assert refused.value.message == str(failure)
    assert -32019 <= RATE_LIMITED <= -32000


@pytest.mark.parametrize(
    ("method", "params", "field"),
    [
        ("tools/call", {}, "params.name"),
        ("tools/call", {"name": "get_me", "arguments": [1]}, "params.arguments"),
        ("tools/list", {"cursor": 5}, "params.cursor"),
        ("prompts/get", {}, "params.name"),
        ("resources/read", {"uri": 3}, "params.uri"),
        ("completion/complete", {"ref": {"type": "ref/prompt", "name": "my_week"}}, "params.argument"),
    ],
)
async def test_invalid_params_name_the_field(method: str, params: dict[str, Any], field: str) -> None:
    async with child() as modern, child() as legacy:
        await legacy.greet()
        answers = [
            await server.answer(server.ask(method, **params | meta))
            for server, meta in zip((modern, legacy), ({"_meta": META}, {}), strict=True)
        ]

    for answer in answers:
        assert answer["error"]["code"] == INVALID_PARAMS
        assert field in answer["error"]["message"]
