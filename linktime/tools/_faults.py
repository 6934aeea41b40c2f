"""What is wrong with a call's arguments, in words for the model that made it."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import reduce
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

_LONGEST_ECHO: Final = 40  # characters of a refused value
_MOST_FAULTS: Final = 10
_ECHOED: Final = ("int_", "float_", "greater_than", "less_than", "literal_error")
"""Faults of numbers and of closed sets, whose values are never a guest's."""


_PLAIN: Final = (
    ("Input should", "should"),
    ("Value should", "should"),
    ("List should", "should"),
    ("valid dictionary", "valid object"),
    ("valid list", "valid array"),
    (" after validation", ""),
)
"""pydantic's words, and what a reader of JSON calls it."""


def told(error: ValidationError, schema: Mapping[str, Any]) -> str:
    """Name the faults and their arguments. A value that may be a guest's is never repeated."""
    faults = error.errors(include_url=False)
    return listed([f"{_place(fault['loc'])}: {_words(fault, schema)}" for fault in faults[:_MOST_FAULTS]], len(faults))


def listed(faults: list[str], total: int = 0) -> str:
    """Join the first faults, with the number of the others."""
    others = max(total, len(faults)) - _MOST_FAULTS
    return "; ".join(faults[:_MOST_FAULTS]) + (f"; and {others} more" if others > 0 else "")


def _place(path: tuple[int | str, ...]) -> str:
    first, *rest = path
    return f"{first}"[:_LONGEST_ECHO] + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in rest)


def _words(fault: ErrorDetails, schema: Mapping[str, Any]) -> str:
    kind, value = fault["type"], fault["input"]
    match kind:
        case "missing":
            return "is required"
        case "extra_forbidden":
            return _unknown(fault["loc"], schema)
        case "value_error":
            return str(fault["ctx"]["error"])
    words = reduce(lambda text, plain: text.replace(*plain), _PLAIN, fault["msg"])
    echo = kind.startswith(_ECHOED) and isinstance(value, str | int | float)
    return f"{words} (got {str(value)[:_LONGEST_ECHO]!r})" if echo else words


def _unknown(path: tuple[int | str, ...], schema: Mapping[str, Any]) -> str:
    for step in path[:-1]:
        schema = schema["items"] if isinstance(step, int) else schema["properties"][step]
    known = list(schema["properties"])
    near = get_close_matches(str(path[-1]), known, 1)
    if near:
        return f"is unknown (did you mean {near[0]}?)"
    return f"is unknown (known are {', '.join(known)})" if known else "is unknown (there are no arguments)"
