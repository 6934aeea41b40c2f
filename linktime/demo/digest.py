"""An answer in one line: what a reader wants to see of it, whatever tool it came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .spoken import count

_SECRET_SHOWN: Final = 10  # characters, the prefix included: enough to see that it is one
_DULL: Final = ("id", "createdAt", "updatedAt")
_NAMES: Final = ("name", "inviteeName", "date", "provider", "status", "id")


def digest(answer: Mapping[str, Any]) -> str:
    """Tell a list by its members' names, slots by their number and ends, and an object by its plain fields."""
    match answer:
        case {"slots": [first, *rest]}:
            last = rest[-1] if rest else first
            return f"{count(1 + len(rest), 'slot')}, {_start(first)} to {_start(last)}"
        case {"slots": []}:
            return "no slots"
        case {"data": list(items)}:
            total = answer.get("pagination", {}).get("total", len(items))
            return f"{total} found" + (": " if items else "") + ", ".join(map(_name, items))
        case _:
            return ", ".join(
                f"{name} {_plain(name, value)}" for name, value in answer.items() if _tellable(name, value)
            )


def _start(slot: Mapping[str, Any]) -> str:
    return str(slot.get("startTimeLocal", slot["startTime"]))


def _name(item: Any) -> str:
    return next((str(item[name]) for name in _NAMES if item.get(name)), "?") if isinstance(item, dict) else str(item)


def _tellable(name: str, value: Any) -> bool:
    return isinstance(value, str | int | float) and name not in _DULL


def _plain(name: str, value: Any) -> str:
    if name == "secret":
        return f"{str(value)[:_SECRET_SHOWN]}…"
    return str(value).lower() if isinstance(value, bool) else str(value)
