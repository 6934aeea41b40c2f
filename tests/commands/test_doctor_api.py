"""`doctor --api`: the contract compared with the sandbox, and with services that differ from it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from linktime.commands.doctor.api import COUNT
from linktime.contract import Contract
from linktime.pipeline.system import STATE
from linktime.sandbox import Sandbox
from tests.support.doctor_user import over
from tests.support.http_server import answer, upstream
from tests.support.privacy import slipped
from tests.support.process import environ, started
from tests.support.sandbox_client import misbehave, paths


async def compared(home: Path, *options: str, **settings: str) -> tuple[int | None, str, str]:
    """Run the real command. Return its status, its output and its stderr."""
    env = environ(**{STATE: str(home), "LINKTIME_BUDGET": "process"} | settings)
    process = await started("doctor", "--api", *options, env=env)
    async with asyncio.timeout(50):
        out, err = await process.communicate(b"")
    assert slipped(out.decode() + err.decode()) == []
    return process.returncode, out.decode(), err.decode()


async def facts(home: Path, sandbox: Sandbox) -> dict[str, Any]:
    """Return the report about a sandbox as JSON."""
    _, out, err = await compared(home, "--yes", "--json", **over(sandbox))
    assert err == ""
    result: dict[str, Any] = json.loads(out)
    return result


async def test_sandbox_is_confirmed_without_a_difference(sandbox: Sandbox, tmp_path: Path) -> None:
    report = await facts(tmp_path, sandbox)

    assert report["different"] == report["changes"] == []
    assert report["noAnswer"] == report["new"] == {}
    assert {"GET /availability?from", "Booking.startTime", "Error.error.code", "Pagination.total"} <= set(
        report["confirmed"]
    )
    # Filters that the answer does not repeat, and the override, of which the account has none.
    assert {name for name in report["notSeen"] if not name.startswith("Override.")} == {
        *(f"GET /{path}?{end}" for path in ("bookings", "calls", "conversations") for end in ("from", "to")),
        *("GET /bookings?status", "GET /calls?status", "GET /contacts?search", "GET /conversations?channel"),
        *("GET /availability/overrides?from", "GET /availability/overrides?to"),
    }
    assert len(sandbox.requests) == report["requests"] == COUNT
    assert {entry.method for entry in sandbox.requests} == {"GET"}


async def test_report_names_each_difference_and_the_lines_to_change(tmp_path: Path) -> None:
    names = {"data": "items", "pagination": "meta"}
    service = Sandbox(limit=0)
    service.contract = (
        Contract.shipped()
        .changed({"x-wire": {"case": "snake_case", "envelope": "result", "fields": names}})
        .changed({"x-wire": "/slots"}, "paths", "/availability")
        .changed({"x-wire": "topic"}, "components", "schemas", "Workflow", "properties", "trigger")
    )
    async with service:
        status, out, _ = await compared(tmp_path, "--yes", **over(service))
        report = await facts(tmp_path, service)

    different = {each["name"]: each["how"] for each in report["different"]}
    assert status == 1
    assert different.pop("GET /availability") == "no such endpoint (404)"
    assert different["Booking.startTime"].endswith("start_time")
    assert different["BookingList.data"].endswith("items")
    # Every other difference is one of spelling, and every field with two words has one.
    assert all(how.startswith("is written ") for how in different.values())
    assert {name.rpartition(".")[2] for name in different if name.rpartition(".")[2].islower()} == set(names)
    assert not [name for name in report["confirmed"] if not name.rpartition(".")[2].islower() and "GET" not in name]
    assert report["new"] == {"Workflow.topic": "string"}
    assert report["changes"] == [
        f'at the root: "x-wire": {json.dumps({"case": "snake_case", "envelope": "result", "fields": names})}',
        'paths, /availability: "x-wire": "…"',
    ]
    assert all(line in out for line in report["changes"])


async def test_refused_parameter_is_named_by_the_error(tmp_path: Path) -> None:
    service = Sandbox(limit=0)
    service.contract = Contract.shipped().changed(
        {"x-wire": "startDate"}, "paths", "/availability", "get", "parameters", 1
    )
    async with service:
        report = await facts(tmp_path, service)

    assert [each["name"] for each in report["different"]] == ["GET /availability"]
    assert report["changes"] == ['paths, /availability, a parameter: "x-wire": "startDate"']


async def test_types_and_times_in_another_form_are_differences(sandbox: Sandbox, tmp_path: Path) -> None:
    body = {"data": [{"id": 7, "name": "x", "slug": "x", "durationMinutes": "30", "createdAt": "2026-03-01 14:00"}]}
    await misbehave(sandbox, path="/event-types", status=200, body=json.dumps(body), times=None)

    different = {each["name"]: each["how"] for each in (await facts(tmp_path, sandbox))["different"]}

    # The sandbox does not know the row of the list.
    assert {name for name in different if name.startswith("GET")} == {"GET /availability", "GET /event-types/{id}"}
    assert {name for name in different if not name.startswith("GET")} == {
        *("EventType.id", "EventType.durationMinutes", "EventType.createdAt"),
    }
    assert "time in another form" in different["EventType.createdAt"]


async def test_bare_list_is_a_difference_of_the_envelope(sandbox: Sandbox, tmp_path: Path) -> None:
    await misbehave(sandbox, path="/webhooks", status=200, body='[{"id": "h1", "url": "u", "events": []}]', times=None)

    report = await facts(tmp_path, sandbox)

    assert [each["name"] for each in report["different"]] == ["WebhookList.data"]
    assert "Webhook.url" in report["confirmed"]


@pytest.mark.parametrize(
    ("status", "body", "name"),
    [
        (404, '{"message": "no row", "statusCode": 404}', "Error.error"),
        (404, "<html>", "Error.error"),
        (410, '{"error": {"code": "gone", "message": "no row"}}', "Error.error.code"),
    ],
)
async def test_other_error_envelope_is_a_difference(
    status: int, body: str, name: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    limits = {"X-RateLimit-Remaining": "59", "Ratelimit": "x"}
    await misbehave(sandbox, path="/bookings/*-0", status=status, body=body, times=None)
    await misbehave(sandbox, path="/me", status=200, body="{}", headers=limits, times=None)

    report = await facts(tmp_path, sandbox)

    assert [each["name"] for each in report["different"]] == [name]
    assert report["rateLimitHeaders"] == sorted(limits)


async def test_renamed_field_with_the_same_words_is_a_line_to_change(sandbox: Sandbox, tmp_path: Path) -> None:
    await misbehave(sandbox, path="/settings", status=200, body='{"timezone": "UTC", "time_Format": 0.5}', times=None)

    report = await facts(tmp_path, sandbox)

    assert [each["how"] for each in report["different"]] == ["number, not string"]
    await misbehave(sandbox, path="/workflows", status=200, body='{"data": [{"id": "w", "Name": "x"}]}', times=None)
    report = await facts(tmp_path, sandbox)
    assert report["changes"] == ['components, schemas, Workflow, name: "x-wire": "Name"']


async def test_keys_that_may_be_values_are_hidden(sandbox: Sandbox, tmp_path: Path) -> None:
    body = {"timezone": "UTC", "ada@example.com": 1, "u12345": 2, "theme": "dark"}
    await misbehave(sandbox, path="/settings", status=200, body=json.dumps(body), times=None)

    report = await facts(tmp_path, sandbox)

    assert report["new"] == {"Settings.[name]": "integer", "Settings.theme": "string"}
    assert "dark" not in json.dumps(report)


async def test_answers_that_show_nothing_are_no_differences(sandbox: Sandbox, tmp_path: Path) -> None:
    await misbehave(sandbox, path="/calls", status=503, times=None)
    await misbehave(sandbox, path="/workflows", status=403, times=None)
    await misbehave(sandbox, path="/webhooks", reset=True, times=None)
    await misbehave(sandbox, path="/contacts", status=200, body='{"data": []}', times=None)

    report = await facts(tmp_path, sandbox)

    assert report["different"] == []
    assert set(report["noAnswer"]) == {"GET /calls", "GET /workflows", "GET /webhooks", "GET /contacts/{id}"}


async def test_nothing_is_sent_without_a_yes(sandbox: Sandbox, tmp_path: Path) -> None:
    status, out, err = await compared(tmp_path, **over(sandbox))

    assert (status, out) == (2, "")
    assert "--yes" in err
    assert paths(sandbox) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty")
@pytest.mark.parametrize(("reply", "status", "requests"), [("y", 0, COUNT), ("", 2, 0), ("no", 2, 0)])
async def test_user_is_asked_on_a_terminal(
    reply: str, status: int, requests: int, sandbox: Sandbox, tmp_path: Path
) -> None:
    outer, inner = os.openpty()
    settings = over(sandbox, **{STATE: str(tmp_path)}, LINKTIME_BUDGET="process")
    process = await started("doctor", "--api", env=environ(**settings), stdin=inner, stderr=inner)
    os.close(inner)
    os.write(outer, reply.encode() + b"\n")
    async with asyncio.timeout(50):
        out, _ = await process.communicate()
    shown = os.read(outer, 1 << 16).decode()
    os.close(outer)

    assert process.returncode == status
    assert f"{COUNT} requests" in shown
    assert sandbox.url in shown
    assert (f"{COUNT}/{COUNT}" in shown) == bool(requests)
    assert len(sandbox.requests) == requests
    assert ("confirmed" in out.decode()) == bool(requests)


@pytest.mark.parametrize("settings", [{}, {"LINKTIME_API_KEY": "lt_live_1", "LINKTIME_TIMEOUT": "soon"}])
async def test_invalid_settings_end_the_comparison(settings: dict[str, str], tmp_path: Path) -> None:
    status, out, err = await compared(tmp_path, "--yes", **settings)

    assert (status, out) == (2, "")
    assert ("LINKTIME_TIMEOUT" if settings else "LINKTIME_API_KEY") in err


async def test_budget_is_kept(tmp_path: Path) -> None:
    async with Sandbox(limit=0) as sandbox:
        settings = over(sandbox, LINKTIME_RATE_LIMIT="10", LINKTIME_RATE_PERIOD="1")
        status, _, _ = await compared(tmp_path, "--yes", **settings)

        arrivals = [entry.at for entry in sandbox.requests]
    assert status == 0
    assert all(later - earlier >= 1 for earlier, later in zip(arrivals, arrivals[10:], strict=False))


async def test_headers_of_the_limit_and_a_429_are_reported(tmp_path: Path) -> None:
    async with upstream(answer(429, b'{"error": {"code": "rate_limited", "message": "slow"}}')) as server:
        settings = {"LINKTIME_BASE_URL": server.url, "LINKTIME_API_KEY": "lt_live_1", "LINKTIME_RATE_PERIOD": "1"}
        _, out, _ = await compared(tmp_path, "--yes", "--json", **settings)

    report = json.loads(out)
    assert report["confirmed"] == report["different"] == []
    assert report["noAnswer"]["GET /me"] == "rate_limited"
