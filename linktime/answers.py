"""LinkTime's answers as plain values: an object or a list, bare or in an envelope.

An envelope is `{"data": …, "pagination": {"total", "totalPages", …}}`. The API uses it for some answers and not for
others, so every reader here accepts both forms. An answer of another kind is no error: it has no fields and no rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

PAGE: Final = 100  # rows; LinkTime's longest page of a list

_HINT: Final = re.compile("next|more|cursor|token|links", re.IGNORECASE)  # fields that name another page
_SMALLEST_PAGE: Final = 10  # rows; services return pages of 10, 20, 25, 50 or 100
_ROUND: Final = 5  # rows


def record(data: Any) -> dict[str, Any]:
    """Return the fields of one object. They are empty if the answer is not an object."""
    match data:
        case {"data": dict(inner)}:
            return inner
        case dict():
            return data
        case _:
            return {}


def rows(data: Any) -> list[Any]:
    """Return the rows of one page. An answer that is not a list has one row, None."""
    match data:
        case {"data": list(page)} | list(page):
            return page
        case _:
            return [None]


def records(data: Any) -> list[dict[str, Any]]:
    """Return the rows of one page that are objects."""
    return [row for row in rows(data) if isinstance(row, dict)]


def pages(data: Any) -> int | None:
    """Return the number of pages of a list, None if it is not certain."""
    match data:
        case {"data": list(page)}:
            return _pages_of(len(page), {**_group(data, "pagination"), **_group(data, "meta"), **data})
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


def _group(facts: Mapping[Any, Any], name: str) -> dict[str, Any]:
    group = facts.get(name)
    return group if isinstance(group, dict) else {}


def _number(facts: Mapping[str, Any], *names: str) -> int | None:
    """Return the first of these fields that is a number, or a text of digits."""
    values = (str(facts[name]) for name in names if isinstance(facts.get(name), int | str))
    return next((int(value) for value in values if value.isascii() and value.isdigit()), None)


def items(data: Any) -> list[dict[str, Any]] | None:
    """Return the rows of a whole list. None if the answer is not a list of objects, or has more than one page."""
    page = rows(data)
    return page if pages(data) == 1 and all(isinstance(row, dict) for row in page) else None


def joined(answers: Iterable[Any]) -> dict[str, Any]:
    """Join the pages of a list. `items` of the result is None if a page was not a list."""
    return {"data": [row for data in answers for row in rows(data)], "pagination": {"totalPages": 1}}


def as_object(data: Any) -> dict[str, Any]:
    """Return an answer as the object of a tool's result.

    1. An empty answer becomes `{"success": true}`.
    2. An object leaves its envelope, unless the envelope has other fields.
    3. A list or another value is put under `data`.
    """
    match data:
        case None:
            return {"success": True}
        case {"data": dict(inner), **others} if not others:
            return inner
        case dict():
            return data
        case _:
            return {"data": data}
