"""What may be shown of a call's arguments: what nobody can be known by."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, Final

_REDACTED: Final = "[redacted]"
_SHOWN_NAMES: Final = re.compile(
    r"([a-z]+I|i)ds?|([a-z]+S|s)lug|([a-zA-Z]+T|t)ime(zone)?|inviteeTimezone|from|to|date|dayOfWeek|status|channel|type"
    r"|locationType|trigger|events|currency|price|page|limit|is[A-Z][a-z]+|[a-z]+Enabled|[a-zA-Z]+(Minutes|PerDay)"
    r"|buffer(Before|After)|minimumNotice|rules|focusTimeBlocks|actions|eventTypeIds?"
)
_SHOWN_TEXT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/+-]{0,63}")
_SOMEBODYS: Final = re.compile(r"(?!\d{4}-\d\d-\d\d$)[\d./-]{7,}|lt_live_.*|whsec_.*")  # phones, keys, secrets
_LARGEST_NUMBER: Final = 1_000_000  # larger ones may be somebody's


def redacted(arguments: Mapping[str, Any] | None, known: Collection[str]) -> str:
    """Show *arguments* as JSON: ids, slugs, times, numbers and choices as they are; names only if they are *known*."""
    shown = {name if name in known else _REDACTED: _value(name, value) for name, value in (arguments or {}).items()}
    return json.dumps(shown, separators=(",", ":"), ensure_ascii=False)


def shown_id(ident: str) -> str:
    """Show an id that has the form of one; a model may put anything there."""
    return _text(ident)


def _value(name: str, value: Any) -> Any:
    return _open(value) if _SHOWN_NAMES.fullmatch(name) else _REDACTED


def _open(value: Any) -> Any:
    match value:
        case None | bool():
            return value
        case int() | float():
            return value if abs(value) < _LARGEST_NUMBER else _REDACTED
        case str():
            return _text(value)
        case list():
            return [_open(item) for item in value]
        case dict():
            return {name: _open(item) for name, item in value.items() if _SHOWN_NAMES.fullmatch(str(name))}
        case _:
            return _REDACTED


def _text(text: str) -> str:
    return text if _SHOWN_TEXT.fullmatch(text) and not _SOMEBODYS.fullmatch(text) else _REDACTED
