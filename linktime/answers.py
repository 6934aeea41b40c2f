"""LinkTime's answers as plain values: an object or a list, bare or in an envelope.

An envelope is `{"data": …, "pagination": {"total", "totalPages", …}}`. The API uses it for some answers and not for
others, so every reader here accepts both forms. An answer of another kind is no error: it has no fields and no rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

PAGE: Final = 100  # rows; LinkTime's longest page of a list


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
        case {"data": list(), "pagination": {"totalPages": int(total)}}:
            return max(total, 1)
        case {"data": list(page), "pagination": {"total": int(total)}}:
            return 1 if total <= len(page) else None
        case {"data": list(page)} | list(page):
            return 1 if len(page) < PAGE else None
        case _:
            return None


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
