"""The kinds of JSON values and of schemas, in words that show no value."""

from __future__ import annotations

import re
from typing import Any, Final

from ....contract.schemas import Schema

TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_SOME_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")


def kind(value: Any) -> str:
    """Return the kind of a value."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "integer" if value == int(value) else "number"
        case str() if TIME.fullmatch(value):
            return "time"
        case str() if _DAY.fullmatch(value):
            return "date"
        case str():
            return "time in another form" if _SOME_TIME.fullmatch(value) else "string"
        case list():
            return "array"
        case _:
            return "object"


def kinds(schema: Schema) -> set[str]:
    """Return the kinds that a resolved schema allows. Any kind is allowed if the set is empty."""
    if "allOf" in schema or "properties" in schema:
        return {"object"}
    named = {"date-time": "time", "date": "date"}.get(schema.get("format", ""))
    types = schema.get("type", [])
    allowed = {types} if isinstance(types, str) else set(types)
    if named:
        return (allowed - {"string"}) | {named}
    if "string" in allowed:
        allowed |= {"time", "date", "time in another form"}
    return allowed | ({"integer"} if "number" in allowed else set())
