"""Redaction of arguments and ids: only values that identify no person are shown."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from ..sanitize.spelling import spelled

_REDACTED: Final = "[redacted]"
_SHOWN_NAMES: Final = re.compile(
    r"([a-zA-Z]+I|i)ds?|([a-zA-Z]+S|s)lug|([a-zA-Z]+T|t)ime(zone|From|To)?|inviteeTimezone|from|to|date|dayOfWeek|status|channel|type"
    r"|locationType|trigger|events|currency|price|page|limit|is[A-Z][a-z]+|[a-z]+Enabled|[a-zA-Z]+(Minutes|PerDay)"
    r"|buffer(Before|After)|minimumNotice|rules|focusTimeBlocks|actions|eventTypeIds?"
)
_ID: Final = r"(?=\D*\d)(?=[\d_-]*[A-Za-z])[A-Za-z0-9_-]{8,64}"  # letters and digits, unlike any name or phone
_CHOICE: Final = r"all|[A-Z]{3,}(_[A-Z]+)*|(booking|payment|contact)\.[a-z]+"
_TIME: Final = r"\d{4}-\d\d-\d\d(T[\d:.]{5,15}(Z|[+-]\d\d:\d\d))?|\d{1,2}:\d\d"
_ZONE: Final = r"UTC|[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+(/[A-Z][A-Za-z_]+)?"
_SHOWN_TEXT: Final = re.compile(f"{_ID}|{_CHOICE}|{_TIME}|{_ZONE}")
_SHOWN_SLUG: Final = re.compile(r"(?=[\d-]*[a-z])(?=\D*\d|[a-z]+-)[a-z0-9]+(-[a-z0-9]+)*")
_SECRET: Final = re.compile(r"lt_live_.*|whsec_.*")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/+-]{0,63}")
_LONGEST: Final = 8192  # characters
_DEEPEST: Final = 4  # levels, more than any tool has
_LARGEST_NUMBER: Final = 1_000_000  # larger ones may be phone numbers


def redacted(arguments: Mapping[str, Any] | None, known: Collection[str]) -> str:
    """Return *arguments* as JSON with ids, slugs, times, numbers and choices, and with the names that are *known*."""
    named = {spelled(name, known) or name: value for name, value in (arguments or {}).items()}
    safe = {name if name in known else _REDACTED: _redacted(name, value) for name, value in named.items()}
    text = json.dumps(safe, separators=(",", ":"), ensure_ascii=False)
    return text if len(text) <= _LONGEST else json.dumps(_REDACTED)


def shown_id(ident: str) -> str:
    """Return an id if it has the form of one. A model may put anything there."""
    return ident if re.fullmatch(_ID, ident) and not _SECRET.match(ident) else _REDACTED


def shown_request_id(ident: str) -> str:
    """Return the id of a JSON-RPC message, which the client's program makes, if it is short and plain."""
    return ident if _REQUEST_ID.fullmatch(ident) else _REDACTED


def _redacted(name: str, value: Any, levels: int = _DEEPEST) -> Any:
    text = _SHOWN_SLUG if name.lower().endswith("slug") else _SHOWN_TEXT
    match value:
        case _ if not _SHOWN_NAMES.fullmatch(name):
            return _REDACTED
        case list() if levels:
            return [_redacted(name, item, levels - 1) for item in value]
        case dict() if levels:
            return {key: _redacted(key, item, levels - 1) for key, item in value.items() if _SHOWN_NAMES.fullmatch(key)}
        case str():
            return value if text.fullmatch(value) and not _SECRET.match(value) else _REDACTED
        case None | int() | float():
            return value if abs(value or 0) < _LARGEST_NUMBER else _REDACTED
    return _REDACTED
