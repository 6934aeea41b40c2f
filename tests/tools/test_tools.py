from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from linktime.protocol.session.results import MARKS
from linktime.tools import DOMAINS, TOOLS, Tool
from linktime.tools.guest_text import KINDS

from ..support.tool_requests import REQUESTS, Expected

GUEST_TEXT = {
    "list_bookings",
    "get_booking",
    "list_contacts",
    "get_contact",
    "list_conversations",
    "list_call_history",
}
SNAPSHOT = Path(__file__).parents[1] / "snapshots" / "tools.json"
RENEW = "Run UPDATE_SNAPSHOTS=1 pytest tests/tools/test_tools.py, and check the difference by git diff."
REFUSED_BY_CLIENTS = {"$ref", "$defs", "anyOf", "oneOf", "allOf", "title", "const", "format", "pattern"}


def subschemas(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    for inner in schema.get("properties", {}).values():
        yield from subschemas(inner)
    if "items" in schema:
        yield from subschemas(schema["items"])


def wire(tool: Tool) -> dict[str, Any]:
    return {
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "inputSchema": tool.input_schema,
        "outputSchema": tool.output_schema,
        "annotations": {
            "readOnlyHint": tool.reads,
            "destructiveHint": tool.destructive,
            "idempotentHint": tool.idempotent,
            "openWorldHint": tool.open_world,
        },
    }


@pytest.mark.parametrize("expected", REQUESTS, ids=lambda expected: expected.tool)
def test_call_becomes_the_request_of_the_table(expected: Expected) -> None:
    request = TOOLS[expected.tool].request(expected.arguments)

    body = None if request.body is None else orjson.loads(request.body)
    assert (request.method, request.path, dict(request.query), body) == expected[2:6]


@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
def test_table_has_every_argument_of_the_tool(tool: Tool) -> None:
    argument_names = [set(expected.arguments) for expected in REQUESTS if expected.tool == tool.name]

    assert argument_names
    assert set().union(*argument_names) == set(tool.input_schema["properties"]), "see tests/support/tool_requests.py"


def test_registry_has_the_tools_of_the_product_page() -> None:
    assert {domain: [tool.name for tool in tools] for domain, tools in DOMAINS.items()} == {
        "scheduling": [
            "list_event_types",
            "check_availability",
            "create_booking",
            "cancel_booking",
            "reschedule_booking",
        ],
        "meetings": ["list_bookings", "get_booking"],
        "contacts": ["list_contacts", "get_contact", "create_contact", "update_contact", "delete_contact"],
        "communication": ["list_conversations", "list_call_history"],
        "context": ["get_me"],
        "event_types": ["create_event_type", "update_event_type", "delete_event_type"],
        "availability": [
            "get_availability_rules",
            "update_availability_rules",
            "list_availability_overrides",
            "create_availability_override",
            "delete_availability_override",
        ],
        "settings": ["get_settings", "update_settings", "list_integrations"],
        "webhooks": ["list_webhooks", "create_webhook", "update_webhook", "delete_webhook"],
        "workflows": ["list_workflows", "create_workflow"],
    }
    assert list(TOOLS.values()) == [tool for tools in DOMAINS.values() for tool in tools]


def test_wire_form_is_the_snapshot() -> None:
    listed = json.dumps([wire(tool) for tool in TOOLS.values()], indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        SNAPSHOT.write_text(listed, encoding="utf-8")

    assert json.loads(listed) == json.loads(SNAPSHOT.read_text(encoding="utf-8")), RENEW


@pytest.mark.filterwarnings("ignore:open_binary is deprecated")  # bpe_openai opens its vocabularies so
def test_tool_list_costs_at_most_5000_tokens() -> None:
    import bpe_openai  # type: ignore[import-untyped] # noqa: PLC0415 - it has no stubs, and reads all at import

    view = [
        {"name": tool.name, "description": tool.description, "inputSchema": tool.input_schema}
        for tool in TOOLS.values()
    ]

    tokens = bpe_openai.get_encoding("o200k_base").encode(json.dumps(view, separators=(",", ":"), ensure_ascii=False))
    assert len(tokens) <= 5_000


@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
def test_every_client_can_read_the_schemas(tool: Tool) -> None:
    for schema in (tool.input_schema, tool.output_schema):
        Draft202012Validator.check_schema(schema)
        assert schema["type"] == "object"
        for part in subschemas(dict(schema)):
            assert not REFUSED_BY_CLIENTS & part.keys()
            assert isinstance(part.get("type", ""), str)
            assert part.get("default", "given") is not None


@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
def test_arguments_are_closed_and_described(tool: Tool) -> None:
    for part in subschemas(dict(tool.input_schema)):
        if "properties" in part:
            assert part["additionalProperties"] is False
            assert set(part.get("required", ())) <= set(part["properties"])
            assert all(field["description"] and field["type"] for field in part["properties"].values())


@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
def test_description_is_one_to_four_sentences(tool: Tool) -> None:
    assert tool.title
    assert tool.description.endswith(".")
    assert 1 <= tool.description.count(". ") + 1 <= 4


@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
def test_answer_may_have_fields_outside_the_schema(tool: Tool) -> None:
    assert all("additionalProperties" not in part for part in subschemas(dict(tool.output_schema)))


@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
def test_output_schema_promises_only_an_object_and_our_field(tool: Tool) -> None:
    fields = dict(tool.output_schema["properties"])
    ours = fields.pop(MARKS, None)
    promised = {**tool.output_schema, "properties": fields}

    assert [part.get("type") for part in subschemas(promised) if "type" in part] == ["object"]
    assert all(part.keys() <= {"type", "properties", "items"} for part in subschemas(promised))
    assert (ours is not None) is (tool.name in KINDS)
    assert ours is None or (ours["type"], ours["items"]) == ("array", {"type": "string"})


@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
def test_hints_match_the_requests(tool: Tool) -> None:
    requests = [TOOLS[expected.tool].request(expected.arguments) for expected in REQUESTS if expected.tool == tool.name]

    assert all(request.is_read is tool.reads for request in requests)
    assert not (tool.reads and (tool.destructive or not tool.idempotent))
    assert tool.destructive or tool.reads or tool.name.startswith("create_")


def test_tools_that_reach_outside_the_account_are_open_world() -> None:
    assert {tool.name for tool in TOOLS.values() if tool.open_world} == {
        "create_booking",
        "cancel_booking",
        "reschedule_booking",
        "create_webhook",
        "update_webhook",
        "create_workflow",
        *GUEST_TEXT,
    }
