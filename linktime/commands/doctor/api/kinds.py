"""The kinds of JSON values and of schemas, in words that show no value."""

from __future__ import annotations

import re
from typing import Any, Final

from ....contract.schemas import Schema

TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_SOME_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
_FORMS: Final = {TIME: "time", _DAY: "date", _SOME_TIME: "time in another form"}  # the first one that fits
_KINDS: Final = {type(None): "null", bool: "boolean", int: "integer", list: "array", dict: "object"}


def kind(value: Any) -> str:
    """Return the kind of a value."""
    if isinstance(value, str):
        return next((name for form, name in _FORMS.items() if form.fullmatch(value)), "string")
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    return _KINDS[type(value)]


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
        allowed |= set(_FORMS.values())
    return allowed | ({"integer"} if "number" in allowed else set())


def words(allowed: set[str]) -> str:
    """Return the kinds that a schema names, joined by "or"."""
    return " or ".join(sorted(allowed - set(_FORMS.values()) if "string" in allowed else allowed))
