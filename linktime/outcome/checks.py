"""What an answer proves of a write: pure readings of LinkTime's answers.

Each check has three results. COMMITTED needs the state that was requested. NOT_COMMITTED needs the state before the
write, or an absence by LinkTime's own word. Anything else is UNCLEAR: a field that is not shown, a row that may be
older than the write, and a value that is neither the requested nor the former one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from http import HTTPStatus
from math import inf
from typing import Any, Final

import orjson

from ..message import Request
from .comparison import Verdict, agree, differ, instant, items, record, same
from .history import History
from .timeline import LAG, Moment, Since

SUCCESS: Final = {"success": True}
GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
"""The refusals of a read that are an answer: there is no such thing."""

_NEARBY: Final = timedelta(hours=1)  # LinkTime may cut or round a start, but not further
_LOST_WITH_ANSWER: Final = (
    "The signing secret was in the answer that was lost, and can't be shown again. If you don't have it, delete this "
    "webhook and create it anew."
)


@dataclass(frozen=True, slots=True)
class Write:
    """A write: the *ident* in its path, the fields of its *body*, when it *started*, and the row as it was before.

    *former* is empty if that is not known. *history* knows the ids that are older than the write. Before *quiet*
    (seconds on the app's clock) a replica may show a state before an earlier write of ours. *rivals* returns the bodies
    of other writes of this kind that are in flight or in doubt: a new row may be theirs.
    """

    request: Request
    ident: str
    body: Mapping[str, Any]
    started: Moment
    history: History
    former: Mapping[str, Any]
    quiet: float
    rivals: Callable[[], Iterable[Mapping[str, Any]]] = tuple

    @classmethod
    def of(cls, request: Request, started: Moment, history: History) -> Write:
        """Read a request, and the row that it is about."""
        known = history.find(request)
        body = orjson.loads(request.body or b"{}")
        quiet = known.written + LAG if known else -inf
        return cls(request, request.ident, body, started, history, known.row if known else {}, quiet)

    def made(self, row: Mapping[str, Any], since: Since) -> Verdict:
        """Return whether this write may have made *row*: False if the row is older, or made by another write."""
        known = self.history.find(self.request, str(row.get("id")))
        if known and known.maker is not None:
            return known.maker == self.request and known.written >= self.started.clock
        if known and known.first < self.started.clock:
            return False
        return since.is_after(row.get("createdAt"))


@dataclass(frozen=True, slots=True)
class Look:
    """An answer to a verification read. *absent* is LinkTime's own word that there is no such thing."""

    data: Any
    since: Since
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A result: whether the write was *committed*, None if it is not certain, and the *data* to answer with."""

    committed: Verdict
    data: Any = None


NOT_COMMITTED: Final = Finding(committed=False)
UNCLEAR: Final = Finding(committed=None)

Check = Callable[[Write, Look], Finding]


class Likeness(Enum):
    """How a row compares with the row that a write makes."""

    SAME = auto()  # as requested, or in another form
    NEAR = auto()  # LinkTime may have made this of it
    FAR = auto()  # only a new row with this likeness may come of it
    OTHER = auto()


# Rows that a write makes


Likening = Callable[[Mapping[str, Any], Mapping[str, Any]], Likeness]
"""Compares the body of a write with a row."""


def _made(likeness: Likening) -> Check:
    """Look for the one new row that is as requested. Two would leave open which it is."""

    def check(write: Write, look: Look) -> Finding:
        shown = items(look.data)
        if shown is None:
            return UNCLEAR
        verdicts = [(_is_made(write, row, look.since, likeness), row) for row in shown]
        match [row for verdict, row in verdicts if verdict]:
            case [row]:
                return Finding(committed=True, data=row)
            case []:
                return UNCLEAR if any(verdict is None for verdict, _ in verdicts) else NOT_COMMITTED
            case _:
                return UNCLEAR

    return check


def _is_made(write: Write, row: Mapping[str, Any], since: Since, likeness: Likening) -> Verdict:
    match likeness(write.body, row), write.made(row, since):
        case (Likeness.OTHER, _) | (_, False) | (Likeness.FAR, None):
            return False
        case Likeness.SAME, True:
            contested = any(likeness(rival, row) in {Likeness.SAME, Likeness.NEAR} for rival in write.rivals())
            return None if contested else True
        case _:
            return None


def booked(write: Write, look: Look) -> Finding:
    """Look for a new booking of this time, guest and event type."""
    finding = _made(_booking)(write, look)
    return replace(finding, data={"bookingId": finding.data["id"]}) if finding.committed else finding


def _booking(body: Mapping[str, Any], row: Mapping[str, Any]) -> Likeness:
    start, guest, slug = instant(row.get("startTime")), has_guest(row, body["inviteeEmail"]), slug_of(row)
    apart = None if start is None else abs(start - datetime.fromisoformat(body["startTime"]))
    if guest is False:
        return Likeness.OTHER
    if is_cancelled(row) or (apart is not None and apart > _NEARBY):
        return Likeness.FAR
    as_asked = (
        not apart  # neither unknown nor another time
        and apart is not None
        and guest
        and (slug is None or same("slug", body["eventTypeSlug"], slug) is not False)
        and row.get("status") == "CONFIRMED"
        and isinstance(row.get("id"), str)
        and not differ(_guests_own(body), row)
    )
    return Likeness.SAME if as_asked else Likeness.NEAR


def _guests_own(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: body[name] for name in ("inviteeName", "inviteeTimezone", "notes") if name in body}


def has_guest(row: Mapping[str, Any], email: str) -> Verdict:
    """Return whether a booking is of this guest, None if it shows no address."""
    people = (row.get(name) for name in ("contact", "invitee", "guest"))
    shown = [row.get("inviteeEmail"), *(person.get("email") for person in people if isinstance(person, dict))]
    known = [address.lower() for address in shown if isinstance(address, str)]
    return email.lower() in known if known else None


def slug_of(row: Mapping[str, Any]) -> str | None:
    """Return the slug of a booking's event type, None if it isn't shown."""
    match row:
        case {"eventType": {"slug": str(slug)}} | {"eventTypeSlug": str(slug)}:
            return slug
        case _:
            return None


def is_cancelled(row: Mapping[str, Any]) -> bool:
    """Return whether a booking is shown as cancelled."""
    return str(row.get("status")).upper().startswith("CANCEL")


def made(key: str, label: str = "") -> Check:
    """Return a check that looks for a new row by *key*. LinkTime may have changed the key if *label* is the same."""

    def likeness(body: Mapping[str, Any], row: Mapping[str, Any]) -> Likeness:
        if key not in row:
            return Likeness.NEAR
        if same(key, body[key], row[key]) is False:
            alike = label in body and same(label, body[label], row.get(label)) is not False
            return Likeness.NEAR if alike else Likeness.OTHER
        return Likeness.NEAR if differ(body, row) or not isinstance(row.get("id"), str) else Likeness.SAME

    return _made(likeness)


def subscribed(write: Write, look: Look) -> Finding:
    """Look for a new webhook, whose secret can't be read back."""
    finding = made("url")(write, look)
    return replace(finding, data={**finding.data, "secretNote": _LOST_WITH_ANSWER}) if finding.committed else finding


def overridden(write: Write, look: Look) -> Finding:
    """Look for the override of a date. It replaces an earlier one, so that its age does not matter."""
    shown = items(look.data)
    if shown is None or not all("date" in row for row in shown):
        return UNCLEAR
    of_date = [row for row in shown if same("date", write.body["date"], row["date"]) is not False]
    match [row for row in of_date if agree(write.body, row)]:
        case [row]:
            return Finding(committed=True, data=row)
        case []:
            return NOT_COMMITTED if all(_is_former(write, row) for row in of_date) else UNCLEAR
        case _:
            return UNCLEAR


def _is_former(write: Write, row: Mapping[str, Any]) -> bool:
    known = write.history.find(write.request, str(row.get("id")))
    return known is not None and known.first < write.started.clock and _unchanged(known.row, row, write.body)


# Rows that a write changes


def cancelled(write: Write, look: Look) -> Finding:
    """Look at a booking's status."""
    booking = _owned(write, look)
    if is_cancelled(booking):
        return Finding(committed=True, data=SUCCESS)
    return NOT_COMMITTED if booking.get("status") == "CONFIRMED" else UNCLEAR


def moved(write: Write, look: Look) -> Finding:
    """Look at a booking's start."""
    booking = _owned(write, look)
    start = instant(booking.get("startTime"))
    if start is None or is_cancelled(booking):
        return UNCLEAR
    if start == datetime.fromisoformat(write.body["newStartTime"]):
        return Finding(committed=True, data=SUCCESS)
    as_before = (
        start == instant(write.former.get("startTime")) or look.since.is_after(booking.get("updatedAt")) is False
    )
    return NOT_COMMITTED if as_before else UNCLEAR


def updated(write: Write, look: Look) -> Finding:
    """Compare the one object with the request."""
    return _changed(write, _owned(write, look), look.since)


def updated_among(write: Write, look: Look) -> Finding:
    """Compare one row of a list with the request."""
    shown = next((row for row in items(look.data) or () if row.get("id") == write.ident), {})
    return _changed(write, shown, look.since)


def _changed(write: Write, shown: Mapping[str, Any], since: Since) -> Finding:
    if agree(write.body, shown):
        return Finding(committed=True, data=shown)
    return _untouched(shown, since, unchanged=_unchanged(write.former, shown, write.body))


def _untouched(shown: Mapping[str, Any], since: Since, *, unchanged: bool) -> Finding:
    """Return whether a row is as before the write, by LinkTime's time of its last change or else by its fields."""
    touched = since.is_after(shown.get("updatedAt"))
    as_before = touched is False or (touched is None and unchanged)
    return NOT_COMMITTED if as_before else UNCLEAR


def _unchanged(former: Mapping[str, Any], shown: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Return whether each field of *body* is certainly as before. A boolean has no third value."""
    return all(
        name in shown and ((name in former and former[name] == shown[name]) or _opposite(asked, shown[name]))
        for name, asked in body.items()
    )


def _opposite(asked: Any, shown: Any) -> bool:
    return isinstance(asked, bool) and isinstance(shown, bool) and asked is not shown


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
        return Finding(committed=True, data=SUCCESS)
    shown = _owned(write, look)
    marked = shown.get("deletedAt") or shown.get("isDeleted") or not shown.get("isActive", True)
    return NOT_COMMITTED if shown and not marked else UNCLEAR


def gone_among(write: Write, look: Look) -> Finding:
    """Look whether an id is missing in a list."""
    shown = items(look.data)
    if shown is None or not all(isinstance(row.get("id"), str) for row in shown):
        return UNCLEAR
    mine = next((row for row in shown if row["id"] == write.ident), None)
    if mine is None:
        return Finding(committed=True, data=SUCCESS)
    return UNCLEAR if mine.get("deletedAt") or mine.get("isDeleted") else NOT_COMMITTED


def gone_among_active(write: Write, look: Look) -> Finding:
    """Look whether an id is missing in a list of active rows. That proves nothing unless it was active before."""
    finding = gone_among(write, look)
    was_active = bool(write.former) and write.former.get("isActive", True) is True
    return finding if finding.committed is not True or was_active else UNCLEAR


def _owned(write: Write, look: Look) -> dict[str, Any]:
    """Return the object that is shown if it is the write's own, else an empty one."""
    shown = record(look.data)
    return shown if not write.ident or shown.get("id") == write.ident else {}
