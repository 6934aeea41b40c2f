"""Comparison of LinkTime's answers with a request.

A verdict is True, False, or None if it is not certain: an answer may leave fields out or write them in another form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final
from unicodedata import normalize

from ...answers import items, joined

Verdict = bool | None

_EMPTY: Final = (None, "")


def detailed(data: Any, whole: Mapping[str, Any]) -> dict[str, Any]:
    """Return a complete list, one row of it with all the fields that *whole* shows."""
    mine = whole.get("id")
    return joined([[{**row, **whole} if row.get("id") == mine else row for row in items(data) or ()]])


def instant(text: Any) -> datetime | None:
    """Return a time that has a zone, else None."""
    try:
        time = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return time if time.tzinfo else None


def days_around(time: datetime) -> tuple[date, date]:
    """Return the first and the last date of a time anywhere on earth: a service may count days in any zone."""
    return (time - timedelta(hours=12)).date(), (time + timedelta(hours=14)).date()


def all_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Join verdicts that must all hold."""
    known = list(verdicts)
    return False if False in known else None if None in known else True


def agree(requested: Mapping[str, Any], actual: Mapping[str, Any]) -> Verdict:
    """Return whether every field is shown as requested. A field that is not shown proves nothing."""
    return all_of(same(name, value, actual[name]) if name in actual else None for name, value in requested.items())


def differ(requested: Mapping[str, Any], actual: Mapping[str, Any]) -> bool:
    """Return whether a field is shown with certainly another value than requested."""
    return any(name in actual and same(name, value, actual[name]) is False for name, value in requested.items())


def same(name: str, requested: Any, actual: Any) -> Verdict:
    """Return whether the field *name* is shown as requested, None if it differs in form alone."""
    # 1. Equal, or both without a value.
    # 2. Both are false in some way, such as 0 and null, which sometimes mean the same.
    # 3. Only one of them is null.
    # 4. Values of different types, such as a number and its text.
    # 5. Values of one type, each brought into one form.
    if requested == actual or (requested in _EMPTY and actual in _EMPTY):
        return True
    if not requested and not actual:  # as 0 and null, which sometimes mean the same
        return None
    if requested is None or actual is None:
        return False
    if _kind(requested) is not _kind(actual):
        return None
    return _compare(_formed(name, requested), _formed(name, actual))


def _compare(requested: Any, actual: Any) -> Verdict:
    match requested, actual:
        case (None, _) | (_, None):
            return None
        case (str(), str()):
            return requested == actual or (None if _folded(requested) == _folded(actual) else False)
        case (list(), list()) if len(requested) == len(actual):
            return all_of(same("", one, other) for one, other in zip(requested, actual, strict=True))
        case (dict(), dict()):
            return agree(requested, actual)
        case _:
            return bool(requested == actual)


def _formed(name: str, value: Any) -> Any:
    try:
        return _FORMS[name](value) if name in _FORMS else value
    except (AttributeError, KeyError, TypeError):
        return None


def _kind(value: Any) -> type:
    return float if isinstance(value, int) else type(value)


def _folded(text: str) -> str:
    return "".join(char for char in normalize("NFKD", text).casefold() if char.isalnum())


def _clock(text: str) -> str:
    """Return 9:00 and 09:00:00 as 09:00."""
    return ":".join(part.zfill(2) for part in text.split(":")[:2])


def _texts(texts: list[Any]) -> frozenset[str]:
    return frozenset(map(str, texts))


def _windows(windows: list[Any]) -> frozenset[tuple[int, str, str]]:
    return frozenset((each["dayOfWeek"], _clock(each["startTime"]), _clock(each["endTime"])) for each in windows)


_FORMS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "currency": str.upper,
    "date": lambda text: text[:10],
    "email": str.lower,
    "endTime": _clock,
    "eventTypeIds": _texts,
    "events": _texts,
    "focusTimeBlocks": _windows,
    "rules": _windows,
    "slug": str.lower,
    "startTime": _clock,
}
"""How the fields that can be written in several ways are brought into one form."""
