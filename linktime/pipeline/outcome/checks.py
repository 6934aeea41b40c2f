"""Checks for writes that change or remove a row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ...answers import items, record
from .bookings import is_cancelled
from .comparison import agree, instant, same
from .timeline import Since
from .verification import NOT_COMMITTED, SUCCESS, UNCLEAR, Finding, Look, Write


def overridden(write: Write, look: Look) -> Finding:
    """Look for the override of a date. It replaces an earlier one, which may be equal."""
    listed = items(look.data)
    if listed is None or not all("date" in row for row in listed):
        return UNCLEAR
    of_date = [row for row in listed if same("date", write.body["date"], row["date"]) is not False]
    # 1. One row is as requested. An earlier override may have been equal, so only a new row is fresh.
    # 2. No row is as requested. It was not made if all rows of the date are as before.
    # 3. Several rows are as requested, which proves nothing.
    match [row for row in of_date if agree(write.body, row)]:
        case [row]:
            return Finding(committed=True, data=row, fresh=write.made(row, look) is True)
        case []:
            return NOT_COMMITTED if all(_is_former(write, row) for row in of_date) else UNCLEAR
        case _:
            return UNCLEAR


def _is_former(write: Write, row: Mapping[str, Any]) -> bool:
    known = write.history.find(write.request, str(row.get("id")))
    return known is not None and known.first < write.started.clock and _unchanged(known.row, row, write.body)


# Rows that a write changes


def cancelled(write: Write, look: Look) -> Finding:
    """Look at a booking's status. A cancelled booking stays cancelled."""
    booking = _owned(write, look)
    if is_cancelled(booking):
        return Finding(committed=True, data=SUCCESS, fresh=True)
    return NOT_COMMITTED if booking.get("status") == "CONFIRMED" else UNCLEAR


def moved(write: Write, look: Look) -> Finding:
    """Look at a booking's start."""
    booking = _owned(write, look)
    start = instant(booking.get("startTime"))
    if start is None or is_cancelled(booking):
        return UNCLEAR
    # A booking that was at the new time before looks the same. So only a change since the start is fresh.
    touched = look.since.is_after(booking.get("updatedAt"))
    if start == datetime.fromisoformat(write.body["newStartTime"]):
        return Finding(committed=True, data=SUCCESS, fresh=touched is True)
    as_before = start == instant(write.former.get("startTime")) or touched is False
    return NOT_COMMITTED if as_before else UNCLEAR


def updated(write: Write, look: Look) -> Finding:
    """Compare the one object with the request."""
    return _changed(write, _owned(write, look), look.since)


def updated_among(write: Write, look: Look) -> Finding:
    """Compare one row of a list with the request."""
    now = next((row for row in items(look.data) or () if row.get("id") == write.ident), {})
    return _changed(write, now, look.since)


def _changed(write: Write, row: Mapping[str, Any], since: Since) -> Finding:
    """Judge a row by its fields, and by LinkTime's time of its last change."""
    # Without a time of the last change, only a row that is known as before proves that nothing was changed.
    touched = since.is_after(row.get("updatedAt"))
    if agree(write.body, row):
        return Finding(committed=True, data=row, fresh=touched is True)
    as_before = touched is False or (touched is None and _unchanged(write.former, row, write.body))
    return NOT_COMMITTED if as_before else UNCLEAR


def _unchanged(former: Mapping[str, Any], row: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Return whether each field of *body* is certainly as before. A boolean has no third value."""
    return all(
        name in row and ((name in former and former[name] == row[name]) or _opposite(requested, row[name]))
        for name, requested in body.items()
    )


def _opposite(requested: Any, actual: Any) -> bool:
    return isinstance(requested, bool) and isinstance(actual, bool) and requested is not actual


def ruled(write: Write, look: Look) -> Finding:
    """Compare the weekly hours with the request."""
    windows, former = items(look.data), items(write.former)
    if windows is None:
        return UNCLEAR
    if same("rules", write.body["rules"], windows):
        return Finding(committed=True, data=look.data)
    return NOT_COMMITTED if former is not None and same("rules", former, windows) else UNCLEAR


# Rows that a write takes away


def gone(write: Write, look: Look) -> Finding:
    """Look whether a row is still there. One that is inactive or marked may be deleted in LinkTime's own way."""
    if look.absent:
        return _missing(write, look)
    now = _owned(write, look)
    marked = now.get("deletedAt") or now.get("isDeleted") or not now.get("isActive", True)
    return NOT_COMMITTED if now and not marked else UNCLEAR


def gone_among(write: Write, look: Look) -> Finding:
    """Look whether an id is missing in a list."""
    listed = items(look.data)
    if listed is None or not all(isinstance(row.get("id"), str) for row in listed):
        return UNCLEAR
    mine = next((row for row in listed if row["id"] == write.ident), None)
    if mine is None:
        return _missing(write, look)
    return UNCLEAR if mine.get("deletedAt") or mine.get("isDeleted") else NOT_COMMITTED


def gone_among_active(write: Write, look: Look) -> Finding:
    """Look whether an id is missing in a list of active rows. That proves nothing unless it was active before."""
    finding = gone_among(write, look)
    was_active = bool(write.former) and write.former.get("isActive", True) is True
    return finding if finding.committed is not True or was_active else UNCLEAR


def _missing(write: Write, look: Look) -> Finding:
    return Finding(committed=True, data=SUCCESS, fresh=write.existed(look.sent))


def _owned(write: Write, look: Look) -> dict[str, Any]:
    """Return the object that is shown if it is the write's own, else an empty one."""
    now = record(look.data)
    return now if not write.ident or now.get("id") == write.ident else {}
