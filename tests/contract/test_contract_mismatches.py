"""A wrong guess of the contract is called so: in the error, in `_meta`, and in a metric."""

from __future__ import annotations

import json
from typing import Any

import pytest

from linktime.contract import Contract
from linktime.errors import OutcomeUnknown, Rejected, Unavailable
from linktime.message import Request, get, patch
from linktime.pipeline.rest.failures import DOCTOR
from linktime.sandbox import Sandbox
from linktime.telemetry.instruments import MISMATCHES
from tests.support.http_server import answer
from tests.support.process import Child
from tests.support.rest_client import failure_to, reply_to
from tests.support.sandbox_client import misbehave
from tests.support.traced_app import traced

ENVELOPE = b'{"error": {"code": "not_found", "message": "not found"}}'
WORKFLOWS = get("/workflows")
BOOKING = get("/bookings/{id}", "clx1")
SLOTS = get("/availability", event_type_slug="x")


@pytest.mark.parametrize("status", [404, 405])
@pytest.mark.parametrize("body", [b"", b"<html>Cannot GET</html>", b'{"message": "no route"}', ENVELOPE])
async def test_missing_inferred_endpoint_is_named(status: int, body: bytes) -> None:
    text = str(await failure_to(WORKFLOWS, answer(status, body)))

    assert "GET /api/v1/workflows" in text
    assert "inferred" in text
    assert DOCTOR in text


@pytest.mark.parametrize("request_", [BOOKING, SLOTS])
async def test_missing_row_is_no_missing_endpoint(request_: Request) -> None:
    failure = await failure_to(request_, answer(404, ENVELOPE))

    assert isinstance(failure, Rejected)
    assert failure.proves_absence
    assert DOCTOR not in str(failure)


async def test_missing_endpoint_with_an_id_needs_the_absence_of_the_envelope() -> None:
    failure = await failure_to(get("/event-types/{id}", "clx1"), answer(404, b"Cannot GET"))

    assert isinstance(failure, Unavailable)
    assert "GET /api/v1/event-types/{id}" in str(failure)


async def test_documented_endpoint_points_to_the_base_url() -> None:
    text = str(await failure_to(get("/me"), answer(404, b"nginx")))

    assert "LINKTIME_BASE_URL" in text
    assert DOCTOR not in text


async def test_outcome_of_a_write_stays_unknown() -> None:
    failure = await failure_to(patch("/settings", min_gap_minutes=5), answer(404, b"nginx"))

    assert isinstance(failure, OutcomeUnknown)
    assert DOCTOR in str(failure)


@pytest.mark.parametrize(
    ("request_", "data", "lacks"),
    [
        (get("/bookings"), {"items": []}, "data"),
        (get("/bookings"), {"data": [{"id": "b", "status": "CONFIRMED"}]}, "data[].startTime"),
        (get("/bookings"), [{"id": "b", "status": "CONFIRMED"}], "data[].startTime"),
        (get("/bookings"), "none", "data"),
        (get("/availability"), {"slots": [{"startTime": "x"}, {"start": "x"}]}, "slots[].startTime"),
        (get("/availability"), {"slots": {"2026-03-02": []}}, "slots"),
        (get("/availability/rules"), None, "data"),
        (get("/settings"), {"data": {"timeFormat": "12h"}}, "timezone"),
    ],
)
async def test_answer_without_a_promised_field_is_noted(request_: Request, data: object, lacks: str) -> None:
    reply = await reply_to(request_, answer(200, json.dumps(data).encode()))

    assert reply.data == data
    assert reply.notes.lacks == lacks


@pytest.mark.parametrize(
    "data",
    [
        {"data": []},
        [],
        {"data": [{"id": "b", "status": "new", "startTime": "x", "eventType": None, "more": 1}]},
        [{"id": "b", "status": "CONFIRMED", "startTime": "x"}],
    ],
)
async def test_answer_with_the_promised_fields_has_no_note(data: object) -> None:
    reply = await reply_to(get("/bookings"), answer(200, json.dumps(data).encode()))

    assert reply.notes.lacks is None


async def test_model_gets_the_answer_as_it_is_with_a_note(server: Child, sandbox: Sandbox) -> None:
    await misbehave(sandbox, path="/workflows", status=200, body='{"flows": [{"id": "w1"}]}', times=None)

    results = [await server.result(server.call("list_workflows")) for _ in range(2)]

    for result in results:  # the second one is from the cache
        assert result["isError"] is False
        assert result["structuredContent"] == {"flows": [{"id": "w1"}]}
        assert result["_meta"]["linktime/lacks"] == "data"


async def test_service_in_another_spelling_is_noticed_by_the_tools() -> None:
    service = Sandbox(limit=0)
    service.contract = (
        Contract.shipped()
        .changed({"x-wire": {"fields": {"data": "items"}}})
        .changed({"x-wire": "/hours"}, "paths", "/availability/rules")
    )
    async with service, traced(service) as seen:
        listed = await seen.call("list_webhooks")
        rules = await seen.call("get_availability_rules")
        plain = await seen.call("get_me")

    assert listed.meta["linktime/lacks"] == "data"
    assert DOCTOR in text_of(rules)
    assert "linktime/lacks" not in plain.meta
    counted = [attributes for name, attributes, _ in seen.memory.points if name == MISMATCHES.name]
    assert sorted(attributes["url.template"] for attributes in counted) == ["/availability/rules", "/webhooks"]
    assert {attributes["http.request.method"] for attributes in counted} == {"GET"}


def text_of(result: Any) -> str:
    """Return the text of a tool's result."""
    return str(result.content[0].text)
