"""The published JSON Schema of the messages between a view and its host."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator

from tests.support.view_browser import modules

_FILE: Final = Path("@modelcontextprotocol/ext-apps/dist/src/generated/schema.json")
_OF_HOST: Final = {
    "ui/notifications/tool-input": "McpUiToolInputNotification",
    "ui/notifications/tool-result": "McpUiToolResultNotification",
    "ui/notifications/tool-cancelled": "McpUiToolCancelledNotification",
    "ui/notifications/host-context-changed": "McpUiHostContextChangedNotification",
    "ui/resource-teardown": "McpUiResourceTeardownRequest",
}


@cache
def _definitions() -> dict[str, Any]:
    definitions: dict[str, Any] = json.loads((modules() / _FILE).read_text(encoding="utf-8"))["$defs"]
    # The schema of 2.0.4 refuses all dimensions: each half of them forbids the properties of the other half.
    context = definitions["McpUiInitializeResult"]["properties"]["hostContext"]["properties"]
    for half in context["containerDimensions"]["allOf"]:
        for form in half["anyOf"]:
            del form["additionalProperties"]
    return definitions


def validate_host(opening: Mapping[str, Any], messages: Iterable[Mapping[str, Any]]) -> None:
    """Validate the answer to `ui/initialize`, and every message of a host that has a method."""
    _validate("McpUiInitializeResult", opening["result"])
    for message in messages:
        if "method" in message:
            body = {name: message[name] for name in ("method", "params")}
            _validate(_OF_HOST[message["method"]], body)


def _validate(kind: str, value: Mapping[str, Any]) -> None:
    # Each definition is a schema of its own. An error itself would print all of it.
    faults = [
        f"{fault.json_path}: {fault.message}" for fault in Draft202012Validator(_definitions()[kind]).iter_errors(value)
    ]
    assert not faults, f"{kind}: {faults[:3]}"
