"""Reads LinkTime's answers tolerantly, and compares what they show with what was asked.

A verdict is True, False, or None where it can't be told: an answer may leave fields out or write them in its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final
from unicodedata import normalize

PAGE: Final = 100
"""The longest page of a list that LinkTime gives."""

Verdict = bool | None

_EMPTY: Final = (None, "")


def pages(data: Any) -> int | None:
    """How many pages a list has, where that can be told."""
    match data:
        case {"data": list(), "pagination": {"totalPages": int(told)}}:
            return max(told, 1)
        case {"data": list(rows), "pagination": {"total": int(total)}}:
            return 1 if total <= len(rows) else None
        case {"data": list(rows)} | list(rows):
            return 1 if len(rows) < PAGE else None
        case _:
            return None


def items(data: Any) -> list[dict[str, Any]] | None:
    """Read a list, bare or under `data`; None if it is not one, or not the whole of it."""
    rows = _rows(data)
    return rows if pages(data) == 1 and all(isinstance(row, dict) for row in rows) else None


def joined(answers: Iterable[Any]) -> dict[str, Any]:
    """Put the pages of a list together; if one of them can't be read, the whole can't."""
    return {"data": [row for data in answers for row in _rows(data)], "pagination": {"totalPages": 1}}


def record(data: Any) -> dict[str, Any]:
    """Read one object, bare or under `data`; an empty one if there is none."""
    match data:
        case {"data": dict(inner)}:
            return inner
        case dict():
            return data
        case _:
            return {}


def instant(text: Any) -> datetime | None:
    """Read a time that has a zone."""
    try:
        time = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return time if time.tzinfo else None


def days_around(time: datetime) -> tuple[date, date]:
    """Tell the first and the last date that a time has anywhere on earth: a service may count days in any zone."""
    return (time - timedelta(hours=12)).date(), (time + timedelta(hours=14)).date()


def all_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Join verdicts that must all hold."""
    found = list(verdicts)
    return False if False in found else None if None in found else True


def agree(asked: Mapping[str, Any], shown: Mapping[str, Any], *, untold: Verdict = None) -> Verdict:
    """Tell whether every field is shown as it was asked; *untold* is what a field that isn't shown counts for."""
    return all_of(same(name, value, shown[name]) if name in shown else untold for name, value in asked.items())


def same(name: str, asked: Any, shown: Any) -> Verdict:
    """Tell whether the field *name* is shown as it was asked; what differs only in form can't be told."""
    if asked == shown or (asked in _EMPTY and shown in _EMPTY):
        return True
    if not asked and not shown:  # as 0 and null, which sometimes mean the same
        return None
    if asked is None or shown is None:
        return False
    if _kind(asked) is not _kind(shown):
        return None
    return _compare(_formed(name, asked), _formed(name, shown))


def _compare(asked: Any, shown: Any) -> Verdict:
    match asked, shown:
        case (None, _) | (_, None):
            return None
        case (str(), str()):
            return asked == shown or (None if _folded(asked) == _folded(shown) else False)
        case (list(), list()) if len(asked) == len(shown):
            return all_of(same("", one, other) for one, other in zip(asked, shown, strict=True))
        case (dict(), dict()):
            return agree(asked, shown)
        case _:
            return bool(asked == shown)


def _rows(data: Any) -> list[Any]:
    match data:
        case {"data": list(rows)} | list(rows):
            return rows
        case _:
            return [None]


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
    """Write 9:00 and 09:00:00 as 09:00."""
    return ":".join(part.zfill(2) for part in text.split(":")[:2])


def _texts(rows: list[Any]) -> frozenset[str]:
    return frozenset(map(str, rows))


def _windows(rows: list[Any]) -> frozenset[tuple[int, str, str]]:
    return frozenset((row["dayOfWeek"], _clock(row["startTime"]), _clock(row["endTime"])) for row in rows)


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
"""How the fields that can be written in more ways than one are brought into one form."""
