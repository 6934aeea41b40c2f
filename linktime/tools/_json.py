"""The limits of arguments: each must be sendable as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

_DEEPEST: Final = 32  # levels of nesting in one argument
_LARGEST: Final = 256 << 10  # bytes of one argument as JSON
_LONGEST_NAME: Final = 64  # characters of an argument's name in an error
_NOT_JSON: Final = "can't be sent as JSON: it holds half a character or too large a number"


def unsendable(arguments: Mapping[str, Any]) -> list[str]:
    """Return the arguments that can't be sent, each with the reason."""
    faults = {name: _fault({name: value}) for name, value in arguments.items()}
    return [f"{_echoed(name)}: {fault}" for name, fault in faults.items() if fault]


def sendable(value: Any) -> Any:
    """Return *value*. Raise ValueError if it can't be sent."""
    if fault := _fault({"": value}):
        raise ValueError(fault)
    return value


def _fault(argument: dict[str, Any]) -> str | None:
    """Return why an argument can't be sent, or None: its nesting, its size, a lone surrogate or a huge number."""
    # Depth first, because orjson and pydantic recurse.
    if _is_deeper(argument, _DEEPEST + 1):
        return f"is nested deeper than {_DEEPEST} levels"
    try:
        size = len(orjson.dumps(argument))
    except TypeError:
        return _NOT_JSON
    return f"has {size} bytes, and at most {_LARGEST} are allowed" if size > _LARGEST else None


def _echoed(name: str) -> str:
    return name[:_LONGEST_NAME].encode("utf-8", "replace").decode()


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, list | dict):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return not levels or any(_is_deeper(each, levels - 1) for each in inner)
