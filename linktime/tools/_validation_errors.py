"""The text of validation errors, for the model that made the call."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ..suggest import suggest

_LONGEST_ECHO: Final = 40  # characters of a refused value
_MOST_FAULTS: Final = 10
_ECHOED: Final = ("int_", "float_", "greater_than", "less_than", "literal_error")
"""Errors of numbers and of enumerations, whose values are never a guest's text."""


_PLAIN: Final = (
    ("Input should", "should"),
    ("Value should", "should"),
    ("List should", "should"),
    ("valid dictionary", "valid object"),
    ("valid list", "valid array"),
    (" after validation", ""),
)
"""Python's terms in pydantic's messages, and JSON's terms for them."""


def described(error: ValidationError, schema: Mapping[str, Any]) -> str:
    """Return the errors with their arguments. Text that may be a guest's is never repeated."""
    errors = error.errors(include_url=False)
    return listed([f"{_path(each['loc'])}: {_words(each, schema)}" for each in errors[:_MOST_FAULTS]], len(errors))


def listed(faults: list[str], total: int = 0) -> str:
    """Return the first faults as one text, with the number of further faults."""
    others = max(total, len(faults)) - _MOST_FAULTS
    return "; ".join(faults[:_MOST_FAULTS]) + (f"; and {others} more" if others > 0 else "")


def _path(steps: tuple[int | str, ...]) -> str:
    first, *rest = steps
    return f"{first}"[:_LONGEST_ECHO] + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in rest)


def _words(error: ErrorDetails, schema: Mapping[str, Any]) -> str:
    kind, value = error["type"], error["input"]
    # Cases with a text of our own, then pydantic's text with JSON's terms.
    match kind:
        case "missing":
            return "is required"
        case "extra_forbidden":
            return _unknown(error["loc"], schema)
        case "value_error":
            return str(error["ctx"]["error"])
    words = reduce(lambda text, plain: text.replace(*plain), _PLAIN, error["msg"])
    # Only numbers and enumerations are repeated.
    echo = kind.startswith(_ECHOED) and isinstance(value, str | int | float)
    return f"{words} (got {str(value)[:_LONGEST_ECHO]!r})" if echo else words


def _unknown(path: tuple[int | str, ...], schema: Mapping[str, Any]) -> str:
    # Go down to the object that has the unknown field.
    for step in path[:-1]:
        schema = schema["items"] if isinstance(step, int) else schema["properties"][step]
    known = schema["properties"]
    if near := suggest(str(path[-1]), known):
        return f"is unknown (did you mean {near}?)"
    return f"is unknown (known are {', '.join(known)})" if known else "is unknown (there are no arguments)"
