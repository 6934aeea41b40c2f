from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from hypothesis import given, strategies as st
from mcp.shared.exceptions import MCPError
from mcp_types import PromptReference
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from linktime import telemetry
from linktime.errors import BudgetSpent, NotCommitted
from linktime.sandbox import Sandbox
from linktime.telemetry import DEPTH, Telemetry, Variables, set_up
from linktime.telemetry.instruments import CACHE, INSTRUMENTS, OPERATION, OUTCOMES, REFUSALS, Kind, Measurement
from linktime.telemetry.line import line
from linktime.telemetry.messages import Message, Messages, Names, _parent
from linktime.telemetry.record import Gauges, Here, here
from linktime.telemetry.redaction import redacted
from linktime.telemetry.sdk import Metrics, Spans
from linktime.telemetry.span import Place, Span, Value
from tests.traced import Kept, traced
from tests.visitor import misbehave

TRACE, PARENT, CHILD = 0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331, 0x00F067AA0BA902B7
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CLIENTS = Place(TRACE, PARENT, remote=True, state="vendor=1")


def span(**changes: Any) -> Span:
    made = Span("tools/call get_me", "server", Place(TRACE, CHILD), CLIENTS, {"linktime.outcome": "ok"}, start=10**18)
    made.duration = 1_234_567
    for name, value in changes.items():
        setattr(made, name, value)
    return made


async def test_the_sdks_own_server_span_is_in_nobodys_way(sandbox: Sandbox) -> None:
    async with traced(sandbox) as seen:
        names = [type(each).__name__ for each in seen.server.middleware]
        await seen.call("get_me")

    assert names == ["Messages", "function"]
    assert [span.name for span in seen.spans if span.kind == "server"].count("tools/call get_me") == 1


async def test_a_prompt_and_a_resource_are_named_but_nobody_who_is_meant(sandbox: Sandbox) -> None:
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
    assert "Ada" not in "".join(map(line, seen.spans))


async def test_a_resource_that_cannot_be_read_is_an_error_unless_there_is_none(sandbox: Sandbox) -> None:
    await misbehave(sandbox, path="/me", status=403)
    async with traced(sandbox) as seen:
        for uri in ("linktime://bookings/clx0000000", "linktime://account"):
            with pytest.raises(MCPError):
                await seen.client.read_resource(uri)

    missing, refused = (span for span in seen.spans if span.name == "resources/read")
    assert missing.attributes["rpc.response.status_code"] == "-32602"
    assert "error.type" not in missing.attributes
    assert (refused.attributes["error.type"], refused.attributes["linktime.outcome"]) == ("-32603", "forbidden")


async def test_what_is_not_sampled_is_measured_all_the_same(sandbox: Sandbox) -> None:
    async with traced(sandbox, sampler=lambda _, __: False) as seen:
        await seen.call("get_me")

    assert seen.spans == []
    assert {OPERATION, CACHE} <= {item.instrument for item in seen.measurements}


async def test_without_outlets_nothing_is_recorded_and_no_middleware_stands_in_the_way(sandbox: Sandbox) -> None:
    off = Telemetry()
    async with traced(sandbox, off) as seen:
        names = [type(each).__name__ for each in seen.server.middleware]
        result = await seen.call("get_me")

    assert not off
    assert names == ["function"]  # which names the fields of a refusal
    assert not result.is_error


async def test_a_span_is_the_same_for_the_sdk_as_on_stderr() -> None:
    exporter = InMemorySpanExporter()
    sink = Spans(exporter)

    sink.deliver([span(links=[Place(TRACE, 7)], error="not_found")])
    sink.close()

    [played] = exporter.get_finished_spans()
    assert played.context is not None
    assert played.parent is not None
    assert (played.context.trace_id, played.context.span_id) == (TRACE, CHILD)
    assert (played.parent.trace_id, played.parent.span_id, played.parent.is_remote) == (TRACE, PARENT, True)
    assert played.context.trace_state.to_header() == "vendor=1"
    assert (played.kind, played.start_time, played.end_time) == (SpanKind.SERVER, 10**18, 10**18 + 1_234_567)
    assert (played.status.status_code, played.status.description) == (StatusCode.ERROR, "not_found")
    assert [link.context.span_id for link in played.links] == [7]
    assert played.attributes == {"linktime.outcome": "ok"}
    assert played.resource.attributes["service.name"] == "linktime-mcp"


def test_a_span_is_one_line_that_a_person_can_read() -> None:
    attributes = {"gen_ai.tool.name": "get_me", "a": 'say "x"\nand', "b": True, "c": 1.5}

    assert line(span(attributes=attributes, links=[Place(TRACE, 7)])) == (
        '01:46:40.000Z SPAN      1.23ms ok  server   "tools/call get_me" trace=0af7651916cd43dd8448eb211c80319c '
        "span=00f067aa0ba902b7 parent=b7ad6b7169203331 link=0000000000000007 "
        'a="say \\"x\\"\\nand" b=true c=1.5\n'
    )
    assert " ERR server " in line(span(error="", parent=None))


def test_every_instrument_is_made_with_its_unit_and_boundaries_and_begins_at_zero() -> None:
    reader = InMemoryMetricReader()
    sink = Metrics(reader, lambda row: [Measurement(row, 3, {}, None)] if row is DEPTH else [])
    data: Any = reader.get_metrics_data()
    zeros = {m.name: len(m.data.data_points) for m in data.resource_metrics[0].scope_metrics[0].metrics}
    sink.deliver([Measurement(row, 1, {}, CLIENTS) for row in INSTRUMENTS if row.kind is not Kind.GAUGE])
    data = reader.get_metrics_data()
    made = {m.name: m for m in data.resource_metrics[0].scope_metrics[0].metrics}
    sink.close()

    assert zeros == {row.name: len(row.zeros) for row in INSTRUMENTS if row.zeros} | {DEPTH.name: 1}
    assert {(row.name, row.unit) for row in INSTRUMENTS} - {(name, m.unit) for name, m in made.items()} == {
        ("linktime.limiter.slots", "{slot}"),
        ("linktime.limiter.servers", "{server}"),
    }
    [point] = made[OPERATION.name].data.data_points
    assert tuple(point.explicit_bounds) == OPERATION.boundaries


@pytest.mark.parametrize(
    ("told", "place"),
    [
        (None, None),
        ({}, None),
        ({"traceparent": TRACEPARENT}, Place(TRACE, PARENT, remote=True)),
        ({"traceparent": TRACEPARENT[:-1] + "0"}, Place(TRACE, PARENT, sampled=False, remote=True)),
        ({"traceparent": TRACEPARENT, "tracestate": "a=1"}, Place(TRACE, PARENT, remote=True, state="a=1")),
        ({"traceparent": TRACEPARENT, "tracestate": "a" * 513}, Place(TRACE, PARENT, remote=True)),
        ({"traceparent": TRACEPARENT, "tracestate": 5}, Place(TRACE, PARENT, remote=True)),
        ({"traceparent": "01" + TRACEPARENT[2:] + "-more"}, Place(TRACE, PARENT, remote=True)),
        ({"traceparent": TRACEPARENT + "-more"}, None),
        ({"traceparent": "ff" + TRACEPARENT[2:]}, None),
        ({"traceparent": TRACEPARENT.upper()}, None),
        ({"traceparent": f"00-{'0' * 32}-b7ad6b7169203331-01"}, None),
        ({"traceparent": f"00-0af7651916cd43dd8448eb211c80319c-{'0' * 16}-01"}, None),
        ({"traceparent": ["x"]}, None),
    ],
)
def test_a_parent_is_read_as_the_w3c_says(told: dict[str, Any] | None, place: Place | None) -> None:
    assert _parent(told) == place


def test_arguments_show_what_nobody_can_be_known_by() -> None:
    shown = {
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

    told = orjson.loads(redacted(shown | hidden | more | {"Ada": "x"}, {*shown, *hidden}))

    assert told == shown | dict.fromkeys([*hidden, "[redacted]"], "[redacted]")


def test_arguments_without_bounds_are_not_shown() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]

    assert orjson.loads(redacted({"eventTypeIds": deep}, {"eventTypeIds"})) == {"eventTypeIds": [[[["[redacted]"]]]]}
    assert redacted({"eventTypeIds": ["clx1abc9"] * 5000}, {"eventTypeIds"}) == '"[redacted]"'


@given(st.dictionaries(st.text(max_size=9), st.recursive(st.none() | st.floats() | st.text(), st.lists)))
def test_whatever_the_arguments_are_they_can_be_shown(arguments: dict[str, Any]) -> None:
    assert isinstance(redacted(arguments, arguments), str)


async def test_refusals_and_outcomes_are_counted_by_their_word() -> None:
    kept = Kept[Measurement]()
    recording = Telemetry([], [kept.outlet()])
    token = here.set(Here(recording, span()))
    telemetry.failed(BudgetSpent(5.0))
    telemetry.failed(NotCommitted("it was not"))
    telemetry.answered({"outcome": "verified"})
    here.reset(token)
    telemetry.failed(BudgetSpent(5.0))
    recording.close()

    assert [(item.instrument, item.attributes) for item in kept.items[:3]] == [
        (REFUSALS, {"linktime.outcome": "rate_limited"}),
        (OUTCOMES, {"linktime.outcome": "not_committed"}),
        (OUTCOMES, {"linktime.outcome": "verified"}),
    ]


def test_a_wait_that_ends_in_nothing_is_told_with_its_reason() -> None:
    kept = Kept[Span]()
    recording = Telemetry([kept.outlet()])
    token = here.set(Here(recording, span()))
    telemetry.waited("GET", 1.5, BudgetSpent(5.0))
    telemetry.waited("GET", 1.5, KeyError("ada@lovelace.example"))
    telemetry.waited("GET", 1.5, asyncio.CancelledError())
    telemetry.waited("GET", 1.5)
    telemetry.waited("GET", 0.001)
    here.reset(token)
    telemetry.waited("GET", 1.5)
    recording.close()

    assert [(wait.attributes.get("error.type"), wait.error) for wait in kept.items] == [
        ("rate_limited", "rate_limited"),
        ("KeyError", ""),
        (None, None),
        (None, None),
    ]
    assert all(1.5 <= wait.seconds < 2.5 and wait.parent == span().place for wait in kept.items)


async def test_a_gauge_is_read_on_the_loop_whichever_thread_asks() -> None:
    gauges, readers = Gauges(), list[int]()

    def levels() -> list[tuple[float, dict[str, Value]]]:
        readers.append(threading.get_ident())
        return [(len(readers), {})]

    assert gauges.read(DEPTH) == []
    gauges.observe(DEPTH, levels)
    asked = await asyncio.to_thread(gauges.read, DEPTH)
    gauges.freeze()
    frozen = await asyncio.to_thread(gauges.read, DEPTH)

    assert [item.value for item in (*asked, *frozen)] == [1, 2]
    assert set(readers) == {threading.get_ident()}


async def test_a_gauge_whose_loop_is_gone_shows_what_was_last_seen() -> None:
    gauges = Gauges()

    async def observe() -> None:
        gauges.observe(DEPTH, lambda: [(1, {})])

    await asyncio.to_thread(asyncio.run, observe())

    assert await asyncio.to_thread(gauges.read, DEPTH) == []


def test_what_is_written_to_stderr_goes_through_its_own_descriptor(capfd: pytest.CaptureFixture[str]) -> None:
    recording = set_up(Variables.from_environ({}))
    recording.emit(span())
    recording.close()

    assert '"tools/call get_me"' in capfd.readouterr().err


async def test_a_session_whose_metrics_go_to_stderr_has_a_line_for_each_number(sandbox: Sandbox) -> None:
    written = list[str]()
    told = set_up(Variables.from_environ({"OTEL_METRICS_EXPORTER": "console"}), write=written.append)
    async with traced(sandbox, told) as seen:
        await seen.call("get_me")

    lines = "".join(written).splitlines()
    assert "METRIC linktime.cache.requests value=1 linktime.cache.result=miss" in lines
    assert any(line.startswith("METRIC http.client.request.duration count=1 sum=") for line in lines)


async def test_a_call_that_is_cancelled_is_no_error() -> None:
    kept = Kept[Span]()
    recording = Telemetry([kept.outlet()])
    messages = Messages(recording, Names({"ping"}), lambda _: None)

    async def call_next(_: Message) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await messages(_Ping(), call_next)
    recording.close()

    assert [(one.error, one.attributes["linktime.outcome"]) for one in kept.items] == [(None, "cancelled")]


async def test_an_exchange_that_breaks_is_told_by_the_class_of_its_cause() -> None:
    kept = Kept[Span]()
    recording = Telemetry([kept.outlet()])
    token = here.set(Here(recording, span()))
    exchanging = telemetry.exchange_span("GET", "/me", "", api="https://linktime.io/api/v1", resends=0)
    with pytest.raises(ValueError, match="broken"), exchanging:
        raise ValueError("broken") from ConnectionResetError("lt_live_x")
    here.reset(token)
    recording.close()

    [exchange] = kept.items
    assert exchange.attributes == {
        "http.request.method": "GET",
        "url.full": "https://linktime.io/api/v1/me",
        "url.template": "/me",
        "server.address": "linktime.io",
        "server.port": 443,
        "error.type": "ConnectionResetError",
    }


async def test_an_error_that_nobody_expected_is_told_by_its_class_alone() -> None:
    kept = Kept[Span]()
    messages = Messages(Telemetry([kept.outlet()]), Names({"ping"}), lambda _: None)

    async def call_next(_: Message) -> None:
        raise KeyError("ada@lovelace.example")

    with pytest.raises(KeyError):
        await messages(_Ping(), call_next)
    messages._telemetry.close()

    assert [(one.name, one.error, one.attributes["error.type"]) for one in kept.items] == [("ping", "", "KeyError")]


@dataclass(frozen=True)
class _Ping:
    method: str = "ping"
    params: None = None
    meta: None = None
    request_id: int = 1
    protocol_version: str = "2025-11-25"
