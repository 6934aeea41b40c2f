"""A LinkTime with another spelling: one line in the contract corrects the tools and the sandbox."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import orjson
import pytest

import linktime
from linktime.contract import Contract
from linktime.message import Request
from linktime.pipeline.rest.client import Rest
from linktime.sandbox import Sandbox
from linktime.tools import TOOLS
from tests.support.contract_check import answer_faults
from tests.support.process import Child, child
from tests.support.sandbox_client import visiting
from tests.support.tool_requests import REQUESTS

DAY = str(datetime.now(UTC).date() + timedelta(1))
WEEK = {"from": DAY, "to": str(datetime.now(UTC).date() + timedelta(7))}
GUEST = {"inviteeName": "Ada", "inviteeEmail": "ada@example.com", "inviteeTimezone": "Europe/London"}

Edit = Callable[[dict[str, Any]], object]


def slots_path(document: dict[str, Any]) -> None:
    document["paths"]["/availability"]["x-wire"] = "/slots"


def start_and_end(document: dict[str, Any]) -> None:
    _, first, last, _ = document["paths"]["/availability"]["get"]["parameters"]
    first["x-wire"], last["x-wire"] = "startDate", "endDate"


def envelope(document: dict[str, Any]) -> None:
    document["x-wire"] = {"envelope": "result", "fields": {"data": "items", "pagination": "meta"}}


def snake_case(document: dict[str, Any]) -> None:
    document["x-wire"] = {"case": "snake_case"}


def one_field(document: dict[str, Any]) -> None:
    document["components"]["schemas"]["Slot"]["properties"]["startTime"]["x-wire"] = "begin"


def one_method(document: dict[str, Any]) -> None:
    document["paths"]["/settings"]["patch"]["x-wire"] = "put"


def all_at_once(document: dict[str, Any]) -> None:
    for edit in (envelope, slots_path, start_and_end, one_field, one_method):
        edit(document)
    document["x-wire"]["case"] = "snake_case"


EDITS = [slots_path, start_and_end, envelope, snake_case, one_field, one_method, all_at_once]


def edited(folder: Path, edit: Edit) -> Path:
    """Copy the package into *folder*, and edit its contract. Return the document."""
    shutil.copytree(Path(linktime.__file__).parent, folder / "linktime", ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "linktime" / "contract" / "openapi.json"
    document = orjson.loads(path.read_bytes())
    edit(document)
    path.write_bytes(orjson.dumps(document))
    return path


@asynccontextmanager
async def corrected(folder: Path, sandbox: Sandbox) -> AsyncIterator[Child]:
    """Run the program of the edited copy."""
    program = f"import sys; sys.path.insert(0, {str(folder)!r}); from linktime.__main__ import main; main()"
    settings = {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key, "LINKTIME_CACHE_TTL": "0"}
    async with child(sys.executable, "-c", program, **settings, LINKTIME_RATE_LIMIT="1000") as server:
        await server.greet()
        yield server


@pytest.mark.parametrize(
    "edit",
    [pytest.param(edit, id=edit.__name__, marks=() if edit is all_at_once else pytest.mark.slow) for edit in EDITS],
)
async def test_one_line_corrects_tools_and_sandbox(edit: Edit, tmp_path: Path) -> None:
    service = Sandbox(limit=0)
    service.contract = Contract(orjson.loads(edited(tmp_path, edit).read_bytes()))
    async with service, corrected(tmp_path, service) as server:

        async def call(tool: str, **arguments: Any) -> Any:
            result = await server.result(server.call(tool, **arguments))
            assert result["isError"] is False, result["content"]
            assert "linktime/lacks" not in result["_meta"]
            return result["structuredContent"]

        slots = (await call("check_availability", eventTypeSlug="30min", **WEEK))["slots"]
        booking = await call("create_booking", eventTypeSlug="30min", startTime=slots[0]["startTime"], **GUEST)
        details = await call("get_booking", bookingId=booking["bookingId"])
        listed = await call("list_bookings", **WEEK, limit=3)
        settings = await call("update_settings", minGapMinutes=5)

    assert details["startTime"] == slots[0]["startTime"]
    assert details["eventType"]["slug"] == "30min"
    assert details["startTimeLocal"]
    assert listed["pagination"]["limit"] == 3
    assert booking["bookingId"] in [row["id"] for row in listed["data"]]
    assert settings["minGapMinutes"] == 5


async def test_sandbox_speaks_the_other_spelling() -> None:
    """Without this, the two sides could agree on our names."""
    service = Sandbox(limit=0)
    document = json.loads(json.dumps(Contract.shipped().written))
    all_at_once(document)
    service.contract = Contract(document)
    query = f"event_type_slug=30min&startDate={DAY}&endDate={DAY}"
    async with service, visiting(service) as client:
        assert (await client.ask("GET", f"/availability?eventTypeSlug=30min&from={DAY}&to={DAY}")).status == 404
        assert (await client.ask("GET", f"/slots?event_type_slug=30min&from={DAY}&to={DAY}")).status == 400
        slots = (await client.ask("GET", f"/slots?{query}")).data["result"]
        bookings = (await client.ask("GET", "/bookings?limit=1")).data["result"]
        assert (await client.ask("PATCH", "/settings", {"minGapMinutes": 5})).status == 405
        assert (await client.ask("PUT", "/settings", {"minGapMinutes": 5})).status == 400
        settings = (await client.ask("PUT", "/settings", {"min_gap_minutes": 5})).data["result"]

    assert slots["event_type_slug"] == "30min"
    assert {frozenset(slot) for slot in slots["slots"]} <= {frozenset({"begin", "end_time"})}
    assert set(bookings["meta"]) == {"page", "limit", "total", "total_pages"}
    assert set(bookings["items"][0]) >= {"start_time", "invitee_email"}
    assert settings["min_gap_minutes"] == 5


async def test_corrected_request_of_each_tool_has_the_other_spelling() -> None:
    service = Sandbox(limit=0)
    document = json.loads(json.dumps(Contract.shipped().written))
    all_at_once(document)
    service.contract = contract = Contract(document)
    async with service:
        rest = Rest(service.url, service.key, timeout=5, connections=2, contract=contract)
        for row in REQUESTS:
            await sent(rest, TOOLS[row.tool].request(row.arguments))
        await rest.aclose()

    assert len(service.requests) == len(REQUESTS)
    for entry, row in zip(service.requests, REQUESTS, strict=True):
        names = {*dict(parse_qsl(entry.query)), *(entry.body or ())}
        assert not {name for name in names if name.lower() != name} - {"startDate", "endDate"}, row.tool
        assert len(names) == len({**row.query, **(row.body or {})})
        assert entry.status != 405


async def sent(rest: Rest, request: Request) -> None:
    """Send a request, and ignore the status of the answer."""
    try:
        await rest(request)
    except Exception as failure:  # noqa: BLE001 - refusals are of no interest
        assert getattr(failure, "word", "") in {"not_found", "conflict", "validation_error"}, failure


def test_document_of_the_service_is_in_its_spelling() -> None:
    document = json.loads(json.dumps(Contract.shipped().written))
    all_at_once(document)

    shown = Contract(document).document

    assert "x-wire" not in json.dumps(shown["paths"]) + json.dumps(shown["components"])
    assert "/slots" in shown["paths"]
    assert "put" in shown["paths"]["/settings"]
    names = [each.get("name") for each in shown["paths"]["/slots"]["get"]["parameters"]]
    assert names == ["event_type_slug", "startDate", "endDate", "timezone"]
    assert shown["components"]["schemas"]["Slot"]["required"] == ["begin"]
    assert answer_faults("GET", "/me", 200, {"id": 1})
