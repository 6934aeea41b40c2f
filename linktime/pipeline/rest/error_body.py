"""The error code and the reasons in LinkTime's answer to a refused request, in the usual shapes of such answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

_TEXTS: Final = ("message", "msg", "detail", "description", "title", "reason", "error_description")
_PLACES: Final = ("path", "loc", "field", "param", "property", "pointer", "attribute")
_NESTED: Final = ("message", "error", "errors", "detail", "details", "issues", "formErrors")
_BY_FIELD: Final = ("errors", "fieldErrors")
_MOST_REASONS: Final = 5
_DEEPEST: Final = 4  # levels


def code(data: Any) -> str | None:
    """Return LinkTime's own code, from `{"error": {"code": …}}` or `{"error": "…"}`."""
    match data:
        case {"error": {"code": str(word)}} | {"error": str(word)} if re.fullmatch(r"[a-z][a-z0-9_]{1,39}", word):
            return word
        case _:
            return None


def proves_absence(data: Any) -> bool:
    """Return whether LinkTime's own envelope states that there is no such thing. A gateway sends a bare text."""
    match data:
        case {"error": {"code": "not_found" | "gone" | "deleted"}}:
            return True
        case _:
            return False


def denies(data: Any) -> bool:
    """Return whether the body of a 2xx states a failure and names no row."""
    match data:
        case {"id": _} | {"bookingId": _}:
            return False
        case {"success": False} | {"error": {"code": str()}}:
            return True
        case _:
            return False


def reasons(data: Any) -> str:
    """Return the first reasons that an error body states, each with its field. It is empty if there are none.

    Known shapes: `{"error": {"message"}}`, `{"error": [{"path", "message"}]}`, `{"errors": [{"message"}]}`,
    `{"errors": {field: [message]}}`, problem+json's `detail`, `{"detail": [{"loc", "msg"}]}` and `{"message": […]}`.
    """
    if not isinstance(data, dict):
        return ""
    stated = dict.fromkeys(islice(_reasons(data, "", _DEEPEST), _MOST_REASONS))
    if not stated and isinstance(data.get("error"), str) and code(data) is None:
        return str(data["error"])
    return "; ".join(stated)


def _reasons(value: Any, place: str, depth: int) -> Iterator[str]:
    match value:
        case str() if value.strip():
            yield f"{place}: {value}" if place else value
        case list() if depth:
            for item in value:
                yield from _reasons(item, place, depth - 1)
        case dict() if depth:
            place = _place(value) or place
            yield from _reasons(next((value[name] for name in _TEXTS if _is_text(value.get(name))), None), place, depth)
            for name in _NESTED:
                if isinstance(value.get(name), list | dict):
                    yield from _reasons(value[name], place, depth - 1)
            for name in _BY_FIELD:
                yield from _by_field(value.get(name), depth)


def _by_field(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, dict):
        for name, messages in value.items():
            if isinstance(messages, str | list) and name not in _TEXTS:
                yield from _reasons(messages, name, depth - 1)


def _place(value: dict[str, Any]) -> str:
    for name in _PLACES:
        match value.get(name):
            case str(place) if place:
                return place
            case [*steps] if steps:
                return ".".join(str(step) for step in steps if isinstance(step, str | int))
    return ""


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
