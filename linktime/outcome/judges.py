"""What an answer proves of a write: pure readings of what LinkTime shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import orjson

from ..message import Reply, Request
from .fields import Verdict, agree, all_of, instant, items, record, same

SUCCESS: Final = {"success": True}
GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
"""The refusals of a read that are an answer: there is no such thing."""

_USED: Final = ("deliveryCount", "failureCount", "executionCount")
_LOST: Final = (
    "The signing secret was in the answer that was lost, and can't be shown again. If you don't have it, delete this "
    "webhook and create it anew."
)


@dataclass(frozen=True, slots=True)
class Write:
    """What was asked: the *ident* in the path and the fields of the *body*."""

    ident: str
    body: Mapping[str, Any]

    @classmethod
    def of(cls, request: Request) -> Write:
        """Read a request."""
        return cls(request.ident, orjson.loads(request.body or b"{}"))


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look proves: whether the write was *committed*, None where that can't be told; *data* is its answer."""

    committed: Verdict
    data: Any = None


NOT_THERE: Final = Finding(committed=False)
UNCLEAR: Final = Finding(committed=None)

Judge = Callable[[Write, Reply], Finding]


def _pick(rows: list[dict[str, Any]] | None, verdict: Callable[[dict[str, Any]], Verdict]) -> Finding:
    """Find the one row that is meant; two would leave open which is new."""
    found = [(verdict(row), row) for row in rows or ()]
    match [row for told, row in found if told]:
        case [row]:
            return Finding(committed=True, data=row)
        case []:
            return UNCLEAR if rows is None or any(told is None for told, _ in found) else NOT_THERE
        case _:
            return UNCLEAR


def booked(write: Write, reply: Reply) -> Finding:
    """Look for a booking of that time, guest and event type."""
    finding = _pick(items(reply.data), lambda row: _is_booking(write.body, row))
    return replace(finding, data={"bookingId": finding.data["id"]}) if finding.committed else finding


def _is_booking(body: Mapping[str, Any], row: Mapping[str, Any]) -> Verdict:
    start, asked = instant(row.get("startTime")), datetime.fromisoformat(body["startTime"])
    return all_of(
        (
            None if start is None else start == asked,
            _has_guest(row, body["inviteeEmail"]),
            slug_of(row) in {None, body["eventTypeSlug"]},
            not is_cancelled(row),
            isinstance(row.get("id"), str) or None,
        )
    )


def _has_guest(row: Mapping[str, Any], email: str) -> Verdict:
    people = (row.get(name) for name in ("contact", "invitee", "guest"))
    shown = [row.get("inviteeEmail"), *(person.get("email") for person in people if isinstance(person, dict))]
    told = [address.lower() for address in shown if isinstance(address, str)]
    return email.lower() in told if told else None


def slug_of(row: Mapping[str, Any]) -> str | None:
    """Tell the slug of a booking's event type; None if it isn't shown."""
    match row:
        case {"eventType": {"slug": str(slug)}} | {"eventTypeSlug": str(slug)}:
            return slug
        case _:
            return None


def is_cancelled(row: Mapping[str, Any]) -> bool:
    """Tell whether a booking is shown as cancelled."""
    return str(row.get("status")).upper().startswith("CANCEL")


def cancelled(_: Write, reply: Reply) -> Finding:
    """Look at a booking's status."""
    booking = record(reply.data)
    if is_cancelled(booking):
        return Finding(committed=True, data=SUCCESS)
    return NOT_THERE if booking.get("status") == "CONFIRMED" else UNCLEAR


def moved(write: Write, reply: Reply) -> Finding:
    """Look at a booking's start."""
    booking = record(reply.data)
    start = instant(booking.get("startTime"))
    if start is None or is_cancelled(booking):
        return UNCLEAR
    moved = start == datetime.fromisoformat(write.body["newStartTime"])
    return Finding(committed=True, data=SUCCESS) if moved else NOT_THERE


def made(key: str) -> Judge:
    """Look for a new row by *key*; one that differs elsewhere may be older, or the new one as LinkTime writes it."""

    def verdict(body: Mapping[str, Any], row: Mapping[str, Any]) -> Verdict:
        known = same(key, body[key], row[key]) if key in row else None
        used = any(row.get(name) for name in _USED)
        return known and (True if agree(body, row, untold=True) and not used else None)

    return lambda write, reply: _pick(items(reply.data), lambda row: verdict(write.body, row))


def subscribed(write: Write, reply: Reply) -> Finding:
    """Look for a new webhook, whose secret can't be read back."""
    finding = made("url")(write, reply)
    return replace(finding, data={**finding.data, "secretNote": _LOST}) if finding.committed else finding


def updated(write: Write, reply: Reply) -> Finding:
    """Compare the one object with what was asked."""
    shown = record(reply.data)
    return Finding(agree(write.body, shown), shown)


def updated_among(write: Write, reply: Reply) -> Finding:
    """Compare one of a list with what was asked."""
    shown = next((row for row in items(reply.data) or () if row.get("id") == write.ident), {})
    return Finding(agree(write.body, shown), shown)


def ruled(write: Write, reply: Reply) -> Finding:
    """Compare the weekly hours with what was asked."""
    rows = items(reply.data)
    return UNCLEAR if rows is None else Finding(same("rules", write.body["rules"], rows), reply.data)


def gone(write: Write, reply: Reply) -> Finding:
    """Look whether a thing is still there; one that is inactive may be deleted in LinkTime's own way."""
    if reply.status in GONE:
        return Finding(committed=True, data=SUCCESS)
    shown = record(reply.data)
    return NOT_THERE if shown.get("id") == write.ident and shown.get("isActive", True) else UNCLEAR


def gone_among(write: Write, reply: Reply) -> Finding:
    """Look whether an id is missing in a list."""
    rows = items(reply.data)
    if rows is None or not all(isinstance(row.get("id"), str) for row in rows):
        return UNCLEAR
    return NOT_THERE if any(row["id"] == write.ident for row in rows) else Finding(committed=True, data=SUCCESS)
