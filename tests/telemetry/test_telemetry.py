from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from hypothesis import given, strategies as st
from mcp.shared.exceptions import MCPError
from mcp_types import PromptReference
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode

from linktime.errors import BudgetSpent, NotCommitted
from linktime.message import Notes
from linktime.sandbox import Sandbox
from linktime.telemetry import DEPTH, Middleware, Telemetry, hooks, set_up
from linktime.telemetry.instruments import INSTRUMENTS, OPERATION, Value
from linktime.telemetry.recorder import Sdk
from linktime.telemetry.redaction import redacted
from linktime.telemetry.sdk import line
from tests.support.sandbox_client import misbehave
from tests.support.traced_app import Memory, traced

TRACE, PARENT, CHILD = 0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331, 0x00F067AA0BA902B7
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@dataclass(frozen=True)
class Ping:
    """A message, as the MCP SDK passes it to a middleware."""

    meta: dict[str, Any] | None = None
    method: str = "ping"
    params: None = None
    request_id: int = 1
    protocol_version: str = "2025-11-25"


@asynccontextmanager
async def recording(after: float = 0.0) -> AsyncIterator[tuple[Memory, Middleware]]:
    """Record in memory. Load the SDK *after* seconds, or at the end."""
    memory = Memory()
    async with Telemetry(memory.load, after=after) as recorder:
        yield memory, Middleware(recorder, methods={"ping"})


def span(**changes: Any) -> ReadableSpan:
    fields: dict[str, Any] = {
        "name": "tools/call get_me",
        "context": SpanContext(TRACE, CHILD, is_remote=False),
        "parent": SpanContext(TRACE, PARENT, is_remote=True),
        "kind": SpanKind.SERVER,
        "start_time": 10**18,
        "end_time": 10**18 + 1_234_567,
    }
    return ReadableSpan(**fields | changes)


async def test_server_span_of_the_sdk_is_not_recorded(sandbox: Sandbox) -> None:
    async with traced(sandbox) as seen:
        names = [type(each).__name__ for each in seen.server.middleware]
        await seen.call("get_me")

    assert names == ["function", "Middleware", "function", "Introduction", "method"]
    assert [span.name for span in seen.spans if span.kind == "server"].count("tools/call get_me") == 1


async def test_spans_name_prompts_and_resources_but_no_person(sandbox: Sandbox) -> None:
    async with traced(sandbox) as seen:
        await seen.client.get_prompt("about_person", {"person": "Ada Lovelace"})
        await seen.client.complete(PromptReference(name="about_person"), {"name": "person", "value": "Ada Lovelace"})
        for wrong in (seen.client.get_prompt("ask Ada"), seen.client.read_resource("linktime://contacts/Ada")):
            with pytest.raises(MCPError):
                await wrong

    named = {span.name: span.attributes for span in seen.spans if span.kind == "server"}
    assert named["prompts/get about_person"]["gen_ai.prompt.name"] == "about_person"
    assert named["resources/read"]["mcp.resource.uri"] == "linktime://contacts/[redacted]"
    assert {"prompts/get", "completion/complete"} <= named.keys()
    assert "Ada" not in str(seen.spans)


async def test_unreadable_resource_is_an_error_unless_it_is_missing(sandbox: Sandbox) -> None:
    await misbehave(sandbox, path="/me", status=403)
    async with traced(sandbox) as seen:
        for uri in ("linktime://bookings/clx0000000", "linktime://account"):
            with pytest.raises(MCPError):
                await seen.client.read_resource(uri)

    missing, refused = (span for span in seen.spans if span.name == "resources/read")
    assert missing.attributes["rpc.response.status_code"] == "-32602"
    assert "error.type" not in missing.attributes
    assert (refused.attributes["error.type"], refused.attributes["linktime.outcome"]) == ("-32603", "forbidden")


async def test_unsampled_calls_are_measured(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    async with traced(sandbox) as seen:
        await seen.call("get_me")

    assert seen.spans == []
    assert seen.memory.count("linktime.cache.requests", linktime__cache__result="miss") >= 1
    assert seen.memory.count("mcp.server.operation.duration", gen_ai__tool__name="get_me") == 1


async def test_no_middleware_is_installed_if_telemetry_is_off(sandbox: Sandbox) -> None:
    off = Telemetry()
    async with traced(sandbox, off) as seen:
        names = [type(each).__name__ for each in seen.server.middleware]
        result = await seen.call("get_me")

    assert not off.on
    # the era, the fields of a refusal, the client, the extensions
    assert names == ["function", "function", "Introduction", "method"]
    assert not result.is_error


def test_a_span_is_one_line_that_a_person_can_read() -> None:
    attributes = {"gen_ai.tool.name": "get_me", "a": 'say "x"\nand', "b": True, "c": 1.5}

    assert line(span(attributes=attributes, links=[Link(SpanContext(TRACE, 7, is_remote=False))])) == (
        '01:46:40.000Z SPAN      1.23ms ok  server   "tools/call get_me" trace=0af7651916cd43dd8448eb211c80319c '
        "span=00f067aa0ba902b7 parent=b7ad6b7169203331 link=0000000000000007 "
        'a="say \\"x\\"\\nand" b=true c=1.5\n'
    )
    assert " ERR server " in line(span(status=Status(StatusCode.ERROR), parent=None))


async def test_instruments_have_units_boundaries_and_zeros() -> None:
    async with recording() as (memory, _):
        pass

    zeros = [name for name, _, point in memory.points if getattr(point, "value", None) == 0]
    assert {name: zeros.count(name) for name in zeros} == {
        row.name: len(values)
        for row in INSTRUMENTS
        if row.kind == "counter"
        for values in row.attributes.values()
        if values  # the open attributes of a counter have no zeros
    }
    [session] = [point for name, _, point in memory.points if name == "mcp.server.session.duration"]
    assert tuple(session.explicit_bounds) == OPERATION.boundaries


@pytest.mark.parametrize(
    ("meta", "trace", "parent"),
    [
        (None, None, ""),
        ({}, None, ""),
        ({"traceparent": TRACEPARENT}, TRACE, "b7ad6b7169203331"),
        ({"traceparent": TRACEPARENT, "tracestate": "a=1"}, TRACE, "b7ad6b7169203331"),
        ({"traceparent": TRACEPARENT, "tracestate": "a" * 513}, TRACE, "b7ad6b7169203331"),
        ({"traceparent": TRACEPARENT, "tracestate": 5}, TRACE, "b7ad6b7169203331"),
        ({"traceparent": "01" + TRACEPARENT[2:] + "-more"}, TRACE, "b7ad6b7169203331"),
        ({"traceparent": TRACEPARENT + "-more"}, None, ""),
        ({"traceparent": "ff" + TRACEPARENT[2:]}, None, ""),
        ({"traceparent": TRACEPARENT.upper()}, None, ""),
        ({"traceparent": f"00-{'0' * 32}-b7ad6b7169203331-01"}, None, ""),
        ({"traceparent": f"00-0af7651916cd43dd8448eb211c80319c-{'0' * 16}-01"}, None, ""),
        ({"traceparent": ["x"]}, None, ""),
        ({"traceparent": 5}, None, ""),
    ],
)
async def test_parent_follows_the_w3c_format(meta: dict[str, Any] | None, trace: int | None, parent: str) -> None:
    async with recording() as (memory, middleware):
        await middleware(Ping(meta), _answer)

    [ping] = memory.spans
    assert ping.parent == parent
    assert (int(ping.trace, 16) == TRACE) is (trace == TRACE)


async def test_client_that_does_not_sample_gets_no_span() -> None:
    async with recording() as (memory, middleware):
        await middleware(Ping({"traceparent": TRACEPARENT[:-1] + "0"}), _answer)

    assert memory.spans == []


def test_arguments_show_no_personal_data() -> None:
    plain = {
        "bookingId": "clx1abc9",
        "eventTypeSlug": "30min",
        "startTime": "2026-03-02T13:00:00-05:00",
        "from": "2026-03-02",
        "inviteeTimezone": "America/New_York",
        "durationMinutes": 30,
        "isActive": True,
        "events": ["booking.created"],
        "rules": [{"dayOfWeek": 1, "startTime": "09:00"}],
    }
    hidden = {
        "inviteeName": "Ada Lovelace",
        "inviteeEmail": "ada@lovelace.example",
        "phone": "+442079460958",
        "notes": 5,
        "limit": 442079460958,
        "contactId": "442079460958",
        "webhookId": "whsec_abc",
        "overrideId": "lt_live_abc",
        "slug": "555-123-4567",
    }
    more = {"rules": [{"dayOfWeek": 1, "startTime": "09:00", "note": "Ada"}]}

    output = orjson.loads(redacted(plain | hidden | more | {"Ada": "x"}, {*plain, *hidden}))

    assert output == plain | dict.fromkeys([*hidden, "[redacted]"], "[redacted]")


def test_arguments_without_bounds_are_not_shown() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]

    assert orjson.loads(redacted({"eventTypeIds": deep}, {"eventTypeIds"})) == {"eventTypeIds": [[[["[redacted]"]]]]}
    assert redacted({"eventTypeIds": ["clx1abc9"] * 5000}, {"eventTypeIds"}) == '"[redacted]"'


@pytest.mark.slow
@given(st.dictionaries(st.text(max_size=9), st.recursive(st.none() | st.floats() | st.text(), st.lists)))
def test_whatever_the_arguments_are_they_can_be_shown(arguments: dict[str, Any]) -> None:
    assert isinstance(redacted(arguments, arguments), str)


async def test_refusals_and_outcomes_are_counted_by_word() -> None:
    async def call(_: Any) -> None:
        hooks.failed(BudgetSpent(5.0))
        hooks.failed(NotCommitted("it was not"))
        hooks.answered(Notes(outcome="verified"))

    async with recording() as (memory, middleware):
        await middleware(Ping(), call)
        hooks.failed(BudgetSpent(5.0))  # outside of any message

    assert memory.count("linktime.refusals", linktime__outcome="rate_limited") == 1
    assert memory.count("linktime.outcomes", linktime__outcome="not_committed") == 1
    assert memory.count("linktime.outcomes", linktime__outcome="verified") == 1


async def test_wait_without_a_request_names_its_reason() -> None:
    async def call(_: Any) -> None:
        hooks.waited("GET", 1.5, BudgetSpent(5.0))
        hooks.waited("GET", 1.5, KeyError("ada@lovelace.example"))
        hooks.waited("GET", 1.5, asyncio.CancelledError())
        hooks.waited("GET", 1.5)
        hooks.waited("GET", 0.001)

    async with recording() as (memory, middleware):
        await middleware(Ping(), call)
        hooks.waited("GET", 1.5)  # outside of any message

    *waits, ping = memory.spans
    assert [(wait.attributes.get("error.type"), wait.status) for wait in waits] == [
        ("rate_limited", (2, "rate_limited")),
        ("KeyError", (2, "")),
        (None, (0, "")),
        (None, (0, "")),
    ]
    assert {(round(wait.seconds, 3), wait.parent, wait.trace) for wait in waits} == {(1.5, ping.ident, ping.trace)}


@pytest.mark.parametrize("after", [0.0, 3600.0])
async def test_messages_before_the_sdk_keep_their_times(after: float) -> None:
    other = asyncio.Event()

    async def call(_: Any) -> None:
        hooks.waited("GET", 0.25)
        with hooks.exchange_span("GET", "/me", "", api="https://linktime.io/api/v1", resends=0):
            other.set()
            await asyncio.sleep(0.05)

    async with recording(after) as (memory, middleware):
        await middleware(Ping({"traceparent": TRACEPARENT}), call)
        assert other.is_set()
        assert memory.spans == [] or after == 0.0

    wait, exchange, ping = memory.spans
    assert [one.name for one in memory.spans] == ["wait for budget", "GET /me", "ping"]
    assert {one.trace for one in memory.spans} == {TRACEPARENT[3:35]}
    assert (ping.parent, wait.parent, exchange.parent) == (TRACEPARENT[36:52], ping.ident, ping.ident)
    assert 0.05 <= exchange.seconds <= ping.seconds < 0.25 < wait.seconds + 0.001


async def test_measurements_have_exemplars_of_their_span() -> None:
    async with recording(after=3600.0) as (memory, middleware):
        await middleware(Ping(), _answer)

    [exemplar] = [
        exemplar for name, _, point in memory.points if name == OPERATION.name for exemplar in point.exemplars
    ]
    assert f"{exemplar.span_id:016x}" == memory.spans[0].ident


async def test_gauges_are_read_on_the_loop() -> None:
    readers = list[int]()

    def levels() -> list[tuple[float, dict[str, Value]]]:
        readers.append(threading.get_ident())
        return [(7, {})]

    memory = Memory()
    recorder = Telemetry(memory.load, after=3600.0)
    async with recorder:
        recorder.observe(DEPTH, levels)

    assert [point.value for name, _, point in memory.points if name == DEPTH.name] == [7]
    assert set(readers) == {threading.get_ident()}


async def test_gauge_of_a_closed_loop_has_no_value() -> None:
    memory = Memory()

    async def session() -> None:
        async with Telemetry(lambda: memory.load()._replace(close=[])) as recorder:
            recorder.observe(DEPTH, lambda: [(1, {})])

    await asyncio.to_thread(asyncio.run, session())
    data = await asyncio.to_thread(memory.reader.get_metrics_data)
    assert data

    metrics = [
        metric for resource in data.resource_metrics for scope in resource.scope_metrics for metric in scope.metrics
    ]
    assert DEPTH.name not in [metric.name for metric in metrics]


async def test_a_failure_to_load_the_sdk_is_one_warning() -> None:
    def load() -> Sdk:
        raise ImportError("lt_live_x")

    warnings = list[str]()
    set_up({}, warn=warnings.append)
    async with Telemetry(load) as recorder:
        await Middleware(recorder, methods={"ping"})(Ping(), _answer)

    assert ["ImportError" in warning for warning in warnings] == [True]
    assert "lt_live" not in warnings[0]


async def test_spans_go_to_file_descriptor_2(capfd: pytest.CaptureFixture[str], sandbox: Sandbox) -> None:
    async with traced(sandbox, set_up({"OTEL_TRACES_EXPORTER": "console"})) as seen:
        await seen.call("get_me")

    assert '"tools/call get_me"' in capfd.readouterr().err


async def test_metrics_on_stderr_have_a_line_for_each_number(
    capfd: pytest.CaptureFixture[str], sandbox: Sandbox
) -> None:
    async with traced(sandbox, set_up({"OTEL_METRICS_EXPORTER": "console"})) as seen:
        await seen.call("get_me")

    lines = capfd.readouterr().err.splitlines()
    assert "METRIC linktime.cache.requests value=1 linktime.cache.result=miss" in lines
    assert any(line.startswith("METRIC http.client.request.duration count=1 sum=") for line in lines)


async def test_cancelled_call_is_no_error() -> None:
    async def call(_: Any) -> None:
        raise asyncio.CancelledError

    async with recording() as (memory, middleware):
        with pytest.raises(asyncio.CancelledError):
            await middleware(Ping(), call)

    assert [(one.status, one.attributes["linktime.outcome"]) for one in memory.spans] == [((0, ""), "cancelled")]


async def test_broken_exchange_has_the_class_of_its_cause() -> None:
    async def call(_: Any) -> None:
        exchanging = hooks.exchange_span("GET", "/me", "", api="https://linktime.io/api/v1", resends=0)
        with pytest.raises(ValueError, match="broken"), exchanging:
            raise ValueError("broken") from ConnectionResetError("lt_live_x")

    async with recording() as (memory, middleware):
        await middleware(Ping(), call)

    assert memory.spans[0].status == (2, "")
    assert memory.spans[0].attributes == {
        "http.request.method": "GET",
        "url.full": "https://linktime.io/api/v1/me",
        "url.template": "/me",
        "server.address": "linktime.io",
        "server.port": 443,
        "error.type": "ConnectionResetError",
    }


async def test_unexpected_error_has_its_class_only() -> None:
    async def call(_: Any) -> None:
        raise KeyError("ada@lovelace.example")

    async with recording() as (memory, middleware):
        with pytest.raises(KeyError):
            await middleware(Ping(), call)

    [ping] = memory.spans
    assert (ping.name, ping.status, ping.attributes["error.type"]) == ("ping", (2, ""), "KeyError")


async def _answer(_: Any) -> None:
    pass
