"""The spans and metrics of the real program that a collector receives."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from oteltap import OtelTapHttpProtobufReceiver, OtelTapHttpProtobufReceiverSettings

from linktime.sandbox import Sandbox
from tests.support.collector import Collector, collector
from tests.support.http_server import answer, upstream
from tests.support.process import Child, child
from tests.support.sandbox_client import misbehave

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
FIXED = {"mcp.protocol.version": "2025-11-25", "network.transport": "pipe"}
CALL = {"mcp.method.name": "tools/call", "gen_ai.operation.name": "execute_tool", **FIXED}


@asynccontextmanager
async def traced(sandbox: Sandbox, **settings: str) -> AsyncIterator[tuple[Collector, Child]]:
    async with (
        collector() as backend,
        child(
            LINKTIME_BASE_URL=sandbox.url,
            LINKTIME_API_KEY=sandbox.key,
            LINKTIME_BUDGET="process",  # a file's first step may be a wait worth a span
            OTEL_EXPORTER_OTLP_ENDPOINT=backend.url,
            **settings,
        ) as server,
    ):
        await server.greet()
        yield backend, server


async def test_call_is_one_tree_from_client_span_to_each_attempt(sandbox: Sandbox) -> None:
    await misbehave(sandbox, path="/bookings", status=503, times=1)
    async with traced(sandbox) as (backend, server):
        call = server.ask("tools/call", name="list_bookings", arguments={}, _meta={"traceparent": TRACEPARENT})
        await server.result(call)
        assert await server.close() == 0

    root = backend.named("tools/call list_bookings")
    first, second = [span for span in backend.under(root) if span.name == "GET /bookings"]
    exchange = {"http.request.method": "GET", "url.template": "/bookings", "server.address": "127.0.0.1"}
    assert (root.trace, root.parent) == tuple(TRACEPARENT.split("-")[1:3])
    assert root.as_tree() == (
        "tools/call list_bookings",
        "server",
        {
            **CALL,
            "gen_ai.tool.name": "list_bookings",
            "jsonrpc.request.id": "2",
            "linktime.cache.result": "miss",
            "linktime.outcome": "ok",
            "linktime.budget.remaining": 57,  # two attempts, and the look for the account's zone
            "linktime.budget.servers": 1,
            "linktime.retries": 1,
        },
    )
    assert first.as_tree() == (
        "GET /bookings",
        "client",
        {**exchange, "http.response.status_code": 503, "error.type": "503"},
    )
    assert second.as_tree() == (
        "GET /bookings",
        "client",
        {**exchange, "http.response.status_code": 200, "http.request.resend_count": 1},
    )
    assert {span.trace for span in (first, second)} == {root.trace}
    assert {span.attributes["url.full"] for span in (first, second)} == {f"{sandbox.url}/api/v1/bookings"}
    assert {span.attributes["server.port"] for span in (first, second)} == {int(sandbox.url.rpartition(":")[2])}
    assert [span.status for span in (root, first, second)] == [(0, ""), (2, ""), (0, "")]
    assert backend.named("GET /settings").parent == root.ident
    assert len([span for span in backend.spans if span.name != "wait for budget"]) == 6  # a busy machine adds waits
    assert len({span.attributes.get("mcp.session.id") for span in backend.spans if span.kind == "server"}) == 1
    assert backend.resources[0]["service.name"] == "linktime-mcp"


async def test_no_trace_header_reaches_linktime(sandbox: Sandbox) -> None:
    async with (
        collector() as backend,
        upstream(answer(200, b"{}")) as service,
        child(LINKTIME_BASE_URL=service.url, LINKTIME_API_KEY="k", OTEL_EXPORTER_OTLP_ENDPOINT=backend.url) as server,
    ):
        await server.greet()
        await server.result(server.ask("tools/call", name="get_me", arguments={}, _meta={"traceparent": TRACEPARENT}))

    assert not {"traceparent", "tracestate", "baggage", "b3"} & set(service.seen[0].headers)


async def test_coalesced_call_links_to_the_span_of_the_fetch(sandbox: Sandbox) -> None:
    await misbehave(sandbox, path="/integrations", delaySeconds=2)
    async with traced(sandbox) as (backend, server):
        for call in [server.call("list_integrations") for _ in range(2)]:
            await server.result(call)
        await server.close()

    spans = {
        span.attributes["linktime.cache.result"]: span
        for span in backend.spans
        if "integrations" in span.name[6:] and span.kind == "server"
    }
    assert spans["coalesced"].links == (spans["miss"].ident,)
    assert backend.under(spans["coalesced"]) == []
    requests = [span.name for span in backend.under(spans["miss"]) if span.name != "wait for budget"]
    assert requests == ["GET /integrations"]


async def test_wait_for_budget_is_a_span_with_or_without_a_request() -> None:
    async with (
        Sandbox(limit=1, period=2) as sandbox,
        traced(sandbox, LINKTIME_RATE_LIMIT="1", LINKTIME_RATE_PERIOD="2") as (backend, server),
    ):
        await server.result(server.call("get_me"))
        await server.result(server.call("list_webhooks"))
        dropped = server.call("list_event_types")
        await server.result(server.ask("ping"))
        server.notify("notifications/cancelled", requestId=dropped)
        await server.result(server.ask("ping"))
        await server.result(server.ask("ping"))
        await server.close()

    waited = backend.named("tools/call list_webhooks")
    assert [span.name for span in backend.under(waited)] == ["wait for budget", "GET /webhooks"]
    assert waited.attributes["linktime.queue.wait"] > 0
    [cancelled] = backend.under(backend.named("tools/call list_event_types"))
    assert (cancelled.name, cancelled.status) == ("wait for budget", (0, ""))
    assert backend.named("tools/call list_event_types").attributes["linktime.outcome"] == "cancelled"


async def test_a_clients_mistake_is_no_error_and_its_words_go_nowhere(sandbox: Sandbox) -> None:
    async with traced(sandbox, OTEL_METRICS_EXPORTER="otlp") as (backend, server):
        await server.answer(server.call("book_ada_lovelace"))
        await server.answer(server.ask("ada/lovelace"))
        await server.answer(server.ask("tools/call", nonsense="ada"))
        failed = server.call("get_booking", bookingId="ada@lovelace.example")
        await server.result(failed)
        await server.close()

    assert b"lovelace" not in b"".join(backend.bodies)
    assert [
        (span.name, span.status, span.attributes.get("rpc.response.status_code")) for span in backend.spans[2:5]
    ] == [
        ("tools/call", (0, ""), "-32602"),
        ("_OTHER", (0, ""), "-32601"),
        ("tools/call", (0, ""), "-32602"),
    ]
    refused = backend.named("tools/call get_booking")
    assert refused.status == (2, "not_found")
    assert (refused.attributes["error.type"], refused.attributes["linktime.outcome"]) == ("tool_error", "not_found")
    assert backend.named("GET /bookings/{id}").attributes["url.full"].endswith("/api/v1/bookings/[redacted]")


async def test_metrics_begin_at_zero_and_end_at_the_total(sandbox: Sandbox) -> None:
    async with traced(sandbox) as (backend, server):
        for tool in ("list_integrations", "list_integrations", "get_me"):
            await server.result(server.call(tool))
        await server.result(server.call("get_booking"))
        await server.close()

    assert backend.values("linktime.cache.requests", linktime__cache__result="hit") == [0, 1]
    assert backend.values("linktime.cache.requests", linktime__cache__result="miss") == [0, 2]
    assert backend.values("linktime.refusals", linktime__outcome="invalid_arguments") == [0, 1]
    assert backend.values("linktime.limiter.slots", linktime__limiter__state="used")[-1] == 2
    assert backend.values("linktime.queue.depth")[-1] == 0
    assert backend.values("http.client.request.duration", url__template="/me") == [1]
    assert backend.values("mcp.server.operation.duration", gen_ai__tool__name="list_integrations") == [2]
    assert backend.values("mcp.server.session.duration") == [1]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_loses_no_span(sandbox: Sandbox, number: signal.Signals) -> None:
    async with traced(sandbox) as (backend, server):
        for _ in range(20):
            await server.result(server.call("get_me"))
        server.process.send_signal(number)
        assert await server.ended() == 0

    assert sum(span.name == "tools/call get_me" for span in backend.spans) == 20


async def test_a_receiver_of_other_hands_decodes_the_same_tree(sandbox: Sandbox) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with (
        OtelTapHttpProtobufReceiver(OtelTapHttpProtobufReceiverSettings(http_port=port)) as tap,
        child(
            LINKTIME_BASE_URL=sandbox.url,
            LINKTIME_API_KEY=sandbox.key,
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}",
        ) as server,
        asyncio.timeout(20),
    ):
        arriving = asyncio.gather(
            tap.await_trace(lambda span: span.name == "tools/call get_me"),
            tap.await_trace(lambda span: span.name == "GET /me"),
            tap.await_metric(lambda metric: metric.name == "linktime.queue.depth"),
        )
        await server.greet()
        await server.result(server.call("get_me"))
        await server.close()
        root, exchange, depth = await arriving

    assert (exchange.trace_id, exchange.parent_span_id) == (root.trace_id, root.span_id)
    assert (root.kind, exchange.kind) == (2, 3)
    assert depth.unit == "{request}"


async def test_several_exporters_at_once_get_the_same_spans(sandbox: Sandbox) -> None:
    async with traced(sandbox, OTEL_TRACES_EXPORTER="otlp,console", OTEL_METRICS_EXPORTER="console") as (
        backend,
        server,
    ):
        await server.result(server.call("get_me"))
        await server.close()

    assert all(f"span={span.ident}" in server.stderr for span in backend.spans)
    assert "METRIC linktime.queue.depth value=0\n" in server.stderr
    assert backend.points == []


async def test_names_of_guests_are_in_no_telemetry_or_log(sandbox: Sandbox) -> None:
    guest: dict[str, Any] = {"name": "Ada Lovelace", "email": "ada@lovelace.example", "phone": "+44 20 7946 0958"}
    secrets = [*guest.values(), "Lovelace", "likes engines", sandbox.key, "whsec_", "ada%40"]
    settings = {"OTEL_TRACES_EXPORTER": "otlp,console", "OTEL_METRICS_EXPORTER": "otlp,console"}
    async with traced(sandbox, LINKTIME_TRACE_ARGUMENTS="1", **settings) as (backend, server):
        made = await server.result(server.call("create_contact", **guest, notes="likes engines"))
        contact = made["structuredContent"]["id"]
        await server.result(server.call("list_contacts", search="Ada Lovelace"))
        await server.result(server.call("update_contact", contactId=contact, notes="likes engines"))
        await server.result(server.call("get_contact", contactId=guest["email"]))
        await server.result(server.call("create_webhook", url="https://lovelace.example/h", events=["booking.created"]))
        await server.result(server.call("get_contact", contactId=sandbox.key, **{"Ada Lovelace": "x"}))
        await server.close()

    emitted = b"".join(backend.bodies) + server.stderr.encode()
    assert [secret for secret in secrets if secret.encode() in emitted] == []
    emitted = backend.named("tools/call update_contact").attributes["gen_ai.tool.call.arguments"]
    assert orjson.loads(emitted) == {"contactId": contact, "notes": "[redacted]"}


@pytest.mark.slow
async def test_sdk_is_not_imported_if_it_is_disabled(sandbox: Sandbox) -> None:
    program = (
        "import sys, linktime.cli as cli\n"
        "sys.argv = ['linktime-mcp']\n"
        "sys.addaudithook(lambda event, args: event == 'import' and args[0].startswith('opentelemetry.sdk')"
        " and print('IMPORTED', args[0], file=sys.stderr))\n"
        "cli.main()\n"
    )
    for settings in ({"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}):
        async with child(
            sys.executable, "-c", program, LINKTIME_BASE_URL=sandbox.url, LINKTIME_API_KEY=sandbox.key, **settings
        ) as server:
            await server.greet()
            await server.result(server.call("get_me"))
            assert await server.close() == 0

        assert "IMPORTED" not in server.stderr
        assert "Z SPAN " not in server.stderr
