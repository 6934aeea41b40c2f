"""Rules over several arguments: each returns an error as text, or None."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..message import camel


def in_order(values: Mapping[str, Any]) -> str | None:
    """Return an error if the first day is after the last."""
    first, last = values.get("from_"), values.get("to")
    return f"from: {first} is after to, {last}" if first and last and first > last else None


def some_change(values: Mapping[str, Any]) -> str | None:
    """Return an error if an update changes nothing."""
    # The id names the object. Every other field is a change.
    fields = {name: value for name, value in values.items() if not name.endswith("_id")}
    if all(value is None for value in fields.values()):
        return f"nothing to update: give at least one of {', '.join(map(camel, fields))}"
    return None
