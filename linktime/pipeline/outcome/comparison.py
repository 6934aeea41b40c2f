"""Reads LinkTime's answers tolerantly, and compares them with a request.

A verdict is True, False, or None if it is not certain: an answer may leave fields out or write them in another form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final
from unicodedata import normalize

PAGE: Final = 100  # rows; LinkTime's longest page of a list

Verdict = bool | None

_EMPTY: Final = (None, "")
_HINT: Final = re.compile("next|more|cursor|token|links", re.IGNORECASE)  # fields that name another page
_SMALLEST_PAGE: Final = 10  # rows; services return pages of 10, 20, 25, 50 or 100
_ROUND: Final = 5  # rows


def pages(data: Any) -> int | None:
    """Return the number of pages of a list, None if it is not certain."""
    match data:
        case {"data": list(page), **others}:
            return _pages_of(len(page), {**_group(others, "pagination"), **_group(others, "meta"), **others})
        case list(page):
            return _pages_of(len(page), {})
        case _:
            return None


def _pages_of(length: int, facts: Mapping[str, Any]) -> int | None:
    """Return the pages of a list with *length* rows on its first page, by the other *facts* in its answer.

    1. The number of pages is stated.
    2. The number of rows is stated.
    3. The answer hints at another page.
    4. Nothing is stated: a full page has a round number of rows.
    """
    if (total_pages := _number(facts, "totalPages", "total_pages", "pageCount")) is not None:
        return max(total_pages, 1)
    if (total := _number(facts, "total", "totalCount", "total_count", "count")) is not None:
        return 1 if total <= length else None
    if any(value and _HINT.search(name) for name, value in facts.items()):
        return None
    return None if length >= _SMALLEST_PAGE and length % _ROUND == 0 else 1


def _group(facts: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    group = facts.get(name)
    return group if isinstance(group, dict) else {}


def _number(facts: Mapping[str, Any], *names: str) -> int | None:
    """Return the first of these fields that is a number, or a text of digits."""
    values = (str(facts[name]) for name in names if isinstance(facts.get(name), int | str))
    return next((int(value) for value in values if value.isascii() and value.isdigit()), None)


def items(data: Any) -> list[dict[str, Any]] | None:
    """Return the rows of a list, bare or under `data`. None if it is not a list, or not a complete one."""
    page = rows(data)
    return page if pages(data) == 1 and all(isinstance(row, dict) for row in page) else None


def joined(answers: Iterable[Any]) -> dict[str, Any]:
    """Join the pages of a list. If one of them can't be read, neither can the whole."""
    return {"data": [row for data in answers for row in rows(data)], "pagination": {"totalPages": 1}}


def detailed(data: Any, whole: Mapping[str, Any]) -> dict[str, Any]:
    """Return a complete list, one row of it with all the fields that *whole* shows."""
    mine = whole.get("id")
    return joined([[{**row, **whole} if row.get("id") == mine else row for row in items(data) or ()]])


def rows(data: Any) -> list[Any]:
    """Return the rows of one page, bare or under `data`. An answer of another kind has one row, None."""
    match data:
        case {"data": list(page)} | list(page):
            return page
        case _:
            return [None]


def record(data: Any) -> dict[str, Any]:
    """Return one object, bare or under `data`. It is empty if there is none."""
    match data:
        case {"data": dict(inner)}:
            return inner
        case dict():
            return data
        case _:
            return {}


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


def agree(asked: Mapping[str, Any], shown: Mapping[str, Any]) -> Verdict:
    """Return whether every field is shown as requested. A field that is not shown proves nothing."""
    return all_of(same(name, value, shown[name]) if name in shown else None for name, value in asked.items())


def differ(asked: Mapping[str, Any], shown: Mapping[str, Any]) -> bool:
    """Return whether a field is shown with certainly another value than requested."""
    return any(name in shown and same(name, value, shown[name]) is False for name, value in asked.items())


def same(name: str, asked: Any, shown: Any) -> Verdict:
    """Return whether the field *name* is shown as requested, None if it differs in form alone."""
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
