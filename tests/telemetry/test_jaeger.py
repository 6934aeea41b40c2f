"""A session of the real server, as a real Jaeger with the dashboards' configuration shows it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from linktime.sandbox import Sandbox
from tests.support.jaeger import PATIENCE, Jaeger, Span, attributes, drawn, jaeger, parent
from tests.support.metrics_store import store
from tests.support.process import Child, child
from tests.support.sandbox_client import misbehave

CLIENT: Final = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")  # the trace and the span of the client
MONITOR: Final = ("calls", "errors", "latencies")  # the graphs of the tab
FAILED: Final = "tools/call get_booking"
ANSWERED: Final = "tools/call list_bookings"

pytestmark = [pytest.mark.jaeger, pytest.mark.slow, pytest.mark.timeout(240), pytest.mark.posix]


@asynccontextmanager
async def session(sandbox: Sandbox, pages: Jaeger) -> AsyncIterator[Child]:
    settings = {
        "LINKTIME_BASE_URL": sandbox.url,
        "LINKTIME_API_KEY": sandbox.key,
        "LINKTIME_CACHE_TTL": "300",
        "LINKTIME_RATE_LIMIT": "1000",
        "OTEL_EXPORTER_OTLP_ENDPOINT": pages.collector,
        "OTEL_METRIC_EXPORT_INTERVAL": "500",
    }
    async with child(**settings) as server:
        await server.greet()
        yield server
        assert await server.close() == 0


async def retried(sandbox: Sandbox, server: Child, pages: Jaeger) -> list[Span]:
    """Make a call that LinkTime refuses once. Return its spans."""
    await server.result(server.call("list_bookings"))  # so that the zone is known, and the next call sends one request
    await misbehave(sandbox, path="/bookings", method="GET", status=503, times=1)
    meta = {"traceparent": f"00-{'-'.join(CLIENT)}-01"}
    await server.result(server.ask("tools/call", name="list_bookings", arguments={"page": 2}, _meta=meta))
    trace = await pages.waits_for(
        f"/api/traces/{CLIENT[0]}",
        lambda page: bool(page) and any(span["operationName"] == ANSWERED for span in page["data"][0]["spans"]),
    )
    spans: list[Span] = trace["data"][0]["spans"]
    return [span for span in spans if span["operationName"] != "wait for budget"]  # a busy machine has such spans


async def monitored(server: Child, pages: Jaeger) -> dict[str, dict[str, float]]:
    """Make calls until the Monitor tab has every graph. A rate needs calls before and after an export."""
    async with asyncio.timeout(PATIENCE):
        while True:
            await server.answer(server.call("get_booking", bookingId="unknown"))
            await server.answer(server.call("list_bookings"))
            graphs = {graph: await pages.monitor(graph, "linktime-mcp") for graph in MONITOR}
            if FAILED in graphs["errors"] and {FAILED, ANSWERED} <= graphs["latencies"].keys():
                return graphs
            await asyncio.sleep(0.5)


async def test_jaeger_shows_a_call_as_one_tree_and_measures_it(tmp_path: Path, sandbox: Sandbox) -> None:
    async with store(tmp_path) as metrics, jaeger(tmp_path, metrics.url) as pages, session(sandbox, pages) as server:
        spans = await retried(sandbox, server, pages)
        graphs = await monitored(server, pages)
        services = await pages.get("/api/services")
        operations = await pages.get("/api/operations", service="linktime-mcp")

    [root] = [span for span in spans if parent(span) == CLIENT[1]]
    tree = list(drawn(root, spans))
    first, second = (attributes(span) for _, span in tree[1:])
    assert [name for name, _ in tree] == [ANSWERED, "├─ GET /bookings", "└─ GET /bookings"]
    assert (
        attributes(root).items()
        >= {
            "span.kind": "server",
            "mcp.method.name": "tools/call",
            "mcp.protocol.version": "2025-11-25",
            "network.transport": "pipe",
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "list_bookings",
            "linktime.outcome": "ok",
            "linktime.cache.result": "miss",
            "linktime.retries": 1,
        }.items()
    )
    request = {
        "span.kind": "client",
        "http.request.method": "GET",
        "url.template": "/bookings",
        "url.full": f"{sandbox.url}/api/v1/bookings",
    }
    failure = {"http.response.status_code": 503, "error.type": "503", "error": True, "otel.status_code": "ERROR"}
    assert first.items() >= (request | failure).items()
    assert second.items() >= (request | {"http.response.status_code": 200, "http.request.resend_count": 1}).items()
    assert "error" not in second
    assert services["data"] == ["linktime-mcp"]
    assert {(each["name"], each["spanKind"]) for each in operations["data"]} >= {
        (ANSWERED, "server"),
        (FAILED, "server"),
        ("initialize", "server"),
        ("GET /bookings", "client"),
        ("GET /bookings/{id}", "client"),
    }
    assert graphs["calls"].keys() >= {ANSWERED, FAILED, "initialize"}
    assert graphs["errors"][FAILED] == 1
    assert graphs["errors"].get(ANSWERED, 0) == 0
    assert 0 < graphs["latencies"][FAILED] <= PATIENCE
