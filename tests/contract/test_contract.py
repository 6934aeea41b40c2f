"""The contract describes every request of a tool and every answer of the sandbox, and each part has its evidence."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from linktime.commands.doctor.api import COUNT
from linktime.contract.evidence import KINDS, guesses
from linktime.pipeline import routes
from linktime.tools import TOOLS
from tests.support.contract_check import CONTRACT, DOCUMENT, answer_faults, operation_of, request_faults
from tests.support.sandbox_client import Visitor, visitor
from tests.support.tool_requests import REQUESTS, Expected

CONTRIBUTING = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
REFERENCE = (Path(__file__).parents[2] / "dashboards" / "REFERENCE.md").read_text(encoding="utf-8")


def test_document_is_valid_openapi() -> None:
    validate(DOCUMENT)


def evident(part: Any, *, is_map: bool = False) -> Iterator[Mapping[str, Any]]:
    """Yield every operation, parameter and field."""
    if isinstance(part, list):
        for item in part:
            yield from evident(item)
    elif isinstance(part, Mapping):
        if is_map:
            yield from part.values()
        elif "operationId" in part or (part.get("in") in {"query", "path", "header"}):
            yield part
        for name, value in part.items():
            yield from evident(value, is_map=name == "properties")


def test_each_part_has_its_evidence_and_a_source() -> None:
    parts = list(evident(DOCUMENT["paths"])) + list(evident(DOCUMENT["components"]))

    assert len(parts) > 200
    for part in parts:
        assert part["x-evidence"] in KINDS
        assert part["x-source"] in DOCUMENT["x-sources"]


@pytest.mark.parametrize("expected", REQUESTS, ids=lambda row: row.tool)
def test_request_of_a_tool_is_an_operation(expected: Expected) -> None:
    _, operation = operation_of(expected.method, expected.path)

    assert operation["operationId"] == expected.tool
    assert request_faults(expected.method, expected.path, expected.query, expected.body) == []


def test_wrong_request_is_a_fault() -> None:
    assert request_faults("GET", "/bookings", {"limit": "0"}, None)
    assert request_faults("GET", "/availability", {"start": "2026-03-02"}, None)
    assert request_faults("POST", "/contacts", {}, {"name": "Ada", "mail": "ada@example.com"})
    with pytest.raises(AssertionError):
        operation_of("GET", "/slots")


def test_each_operation_is_of_a_tool() -> None:
    without_tool = {"get_event_type"}

    assert set(DOCUMENT["paths"]) == {path for name, path in vars(routes).items() if name.isupper()}
    assert {each.name for each in CONTRACT.operations.values()} == set(TOOLS) | without_tool


def test_each_parameter_and_field_is_sent_by_a_tool() -> None:
    sent: dict[str, set[str]] = {}
    for row in REQUESTS:
        sent.setdefault(row.tool, set()).update(row.query, row.body or ())

    for operation in CONTRACT.operations.values():
        known = {*operation.query, *CONTRACT.schemas.fields(operation.body)}
        assert known == sent.get(operation.name, set()), operation.name


class Checked(Visitor):
    """A visitor whose requests and answers must be those of the contract."""

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """Send a request, and check its answer."""
        answer = await super().ask(method, path, body, **more)
        assert answer_faults(method, path.partition("?")[0], answer.status, answer.data) == []
        return answer


async def test_answers_of_the_sandbox_are_valid() -> None:
    now = datetime.now(UTC)
    day, week = str(now.date() + timedelta(1)), str(now.date() + timedelta(14))
    async with visitor(now=lambda: now) as plain:
        ask = Checked(plain.sandbox, plain._session).ask
        slots = (await ask("GET", f"/availability?eventTypeSlug=30min&from={day}&to={week}")).data["slots"]
        guest = {"inviteeName": "Ada", "inviteeEmail": "ada@example.com", "inviteeTimezone": "Europe/London"}
        start = slots[0]["startTime"]
        new = {"eventTypeSlug": "30min", "startTime": start, **guest}
        booking = (await ask("POST", "/bookings", new)).data["bookingId"]
        await ask("POST", "/bookings", new)
        await ask("POST", f"/bookings/{booking}/reschedule", {"newStartTime": slots[5]["startTime"]})
        await ask("GET", f"/bookings/{booking}")
        await ask("POST", f"/bookings/{booking}/cancel", {"reason": "rain"})
        await ask("POST", f"/bookings/{booking}/cancel", {})
        for path in ("/me", "/bookings", "/contacts", "/conversations", "/calls", "/event-types", "/settings"):
            await ask("GET", path)
        for path in ("/integrations", "/webhooks", "/workflows", "/availability/rules", "/availability/overrides"):
            await ask("GET", path)
        for path in ("/bookings", "/contacts", "/event-types"):
            await ask("GET", f"{path}/clx0")
        kind = {"name": "Walk", "slug": "walk", "durationMinutes": 30, "locationType": "IN_PERSON"}
        ident = (await ask("POST", "/event-types", kind)).data["id"]
        await ask("POST", "/event-types", kind)
        await ask("GET", f"/event-types/{ident}")
        await ask("PATCH", f"/event-types/{ident}", {"name": "Long walk"})
        await ask("DELETE", f"/event-types/{ident}")
        person = (await ask("POST", "/contacts", {"name": "Grace", "email": "grace@example.com"})).data["id"]
        await ask("GET", f"/contacts/{person}")
        await ask("PATCH", f"/contacts/{person}", {"company": "Navy"})
        await ask("PATCH", f"/contacts/{person}", {})
        await ask("DELETE", f"/contacts/{person}")
        await ask("PUT", "/availability/rules", {"rules": [{"dayOfWeek": 2, "startTime": "10:00", "endTime": "12:00"}]})
        override = (await ask("POST", "/availability/overrides", {"date": week})).data["id"]
        await ask("GET", "/availability/overrides")
        await ask("DELETE", f"/availability/overrides/{override}")
        await ask("PATCH", "/settings", {"maxMeetingsPerDay": None})
        hook = {"url": "https://api.example.com/hook", "events": ["booking.created"]}
        webhook = (await ask("POST", "/webhooks", hook)).data["id"]
        await ask("PATCH", f"/webhooks/{webhook}", {"isActive": False})
        await ask("DELETE", f"/webhooks/{webhook}")
        await ask(
            "POST",
            "/workflows",
            {"name": "Thank", "trigger": "AFTER_MEETING", "actions": [{"type": "SEND_EMAIL", "config": {"body": "x"}}]},
        )
        answered = {operation_of(entry.method, entry.path)[1]["operationId"] for entry in plain.sandbox.requests}

    assert answered == {each.name for each in CONTRACT.operations.values()}


async def test_sandbox_serves_the_document() -> None:
    async with visitor() as client:
        answer = await client.raw("GET", "/openapi.json")

    assert answer.data == DOCUMENT


def test_table_of_contributors_is_that_of_the_contract() -> None:
    rows = [row.strip("| ").split(" | ") for row in CONTRIBUTING.splitlines() if re.match(r"\| `[A-Z]+ /", row)]
    marks = {endpoint: row[-1][0] for row in rows for endpoint in re.findall(r"`([A-Z]+ /\S+)`", row[0])}

    assert marks == {
        f"{method} {template}": operation.evidence[0].upper()
        for (method, template), operation in CONTRACT.operations.items()
    }


def test_reference_names_each_inferred_part() -> None:
    section = REFERENCE.split("## Documented and inferred endpoints\n", 1)[1].split("\n## ", 1)[0]
    numbers = [sum(each.evidence == kind for each in CONTRACT.operations.values()) for kind in KINDS]
    examples = next(line for line in section.splitlines() if line.startswith("- example: "))

    assert re.findall(r"\b\d+\b", section.split("\n\n")[0]) == [
        *map(str, (len(CONTRACT.operations), *numbers)),
    ]
    assert set(re.findall(r"`(\w+)`", examples)) == {
        each.name for each in CONTRACT.operations.values() if each.evidence == "example"
    }
    assert f"{COUNT} requests" in section


def test_command_counts_the_guesses() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "linktime.contract"], capture_output=True, check=True, text=True, timeout=30
    )
    [header, *rows] = [line.split() for line in ended.stdout.splitlines()]

    assert header == list(KINDS)
    assert {row[0]: [int(number) for number in row[1:]] for row in rows} == {
        what: [sum(guess.evidence == kind for guess in guesses(CONTRACT) if guess.what == what) for kind in KINDS]
        for what in ("operation", "parameter", "field")
    }
