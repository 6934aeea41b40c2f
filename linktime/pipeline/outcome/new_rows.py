"""Checks for writes that make a row: which of the rows shown is new, and is like the requested one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, Final

from ...answers import items
from .bookings import has_guest, is_cancelled, slug_of
from .comparison import Verdict, differ, instant, same
from .verification import NOT_COMMITTED, UNCLEAR, Check, Finding, Look, Write

_NEARBY: Final = timedelta(hours=1)  # LinkTime may cut or round a start, but not further
LOST_WITH_ANSWER: Final = (
    "The signing secret was in the answer that was lost, and can't be shown again. If you don't have it, delete this "
    "webhook and create it anew."
)


class Likeness(Enum):
    """How a row compares with the row that a write makes."""

    SAME = auto()  # as requested, or in another form
    NEAR = auto()  # LinkTime may have made this of it
    FAR = auto()  # only a new row with this likeness may come of it
    OTHER = auto()


Likening = Callable[[Mapping[str, Any], Mapping[str, Any]], Likeness]
"""Compares the body of a write with a row."""


def _made(likeness: Likening) -> Check:
    """Look for the one new row that is as requested. Two would leave open which it is."""

    def check(write: Write, look: Look) -> Finding:
        listed = items(look.data)
        if listed is None:
            return UNCLEAR
        # 1. One new row is as requested. Rows of unknown age do not matter then.
        # 2. No row can be of this write.
        # 3. One row is as requested, but of unknown age: the row itself may show it.
        # 4. Any other rows prove nothing.
        verdicts = [(_is_made(write, row, look, likeness), row) for row in listed]
        match [row for verdict, row in verdicts if verdict], [row for verdict, row in verdicts if verdict is None]:
            case [row], _:
                return Finding(committed=True, data=row, fresh=True)
            case [], []:
                return NOT_COMMITTED
            case [], [{"id": str(ident)} as row] if likeness(write.body, row) is Likeness.SAME:
                return Finding(committed=None, candidate=ident)
            case _:
                return UNCLEAR

    return check


def _is_made(write: Write, row: Mapping[str, Any], look: Look, likeness: Likening) -> Verdict:
    match likeness(write.body, row), write.made(row, look):
        case (Likeness.OTHER, _) | (_, False) | (Likeness.FAR, None):
            return False
        case Likeness.SAME, True:
            # A new row that a rival may have made as well proves neither of the writes.
            contested = any(likeness(rival, row) in {Likeness.SAME, Likeness.NEAR} for rival in write.rivals())
            return None if contested else True
        case _:
            return None


def still_there(ident: Any) -> Check:
    """Return a check that looks whether the new row *ident* is still there. A booking must stand at its time."""

    def check(write: Write, look: Look) -> Finding:
        listed = items(look.data)
        if listed is None or not all(isinstance(row.get("id"), str) for row in listed):
            return UNCLEAR
        mine = next((row for row in listed if row["id"] == ident), None)
        if mine is None or is_cancelled(mine):
            return NOT_COMMITTED
        start = write.body.get("startTime")
        # A booking may have been moved since. Then the answer would be out of date.
        stands = start is None or ("status" in mine and instant(mine.get("startTime")) == datetime.fromisoformat(start))
        return Finding(committed=True, data=mine) if stands else UNCLEAR

    return check


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
    # LinkTime may show less than the request has, but no field may differ.
    as_requested = (
        not apart  # neither unknown nor another time
        and apart is not None
        and guest
        and (slug is None or same("slug", body["eventTypeSlug"], slug) is not False)
        and row.get("status") == "CONFIRMED"
        and isinstance(row.get("id"), str)
        and not differ(_guests_own(body), row)
    )
    return Likeness.SAME if as_requested else Likeness.NEAR


def _guests_own(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: body[name] for name in ("inviteeName", "inviteeTimezone", "notes") if name in body}


def made(key: str, label: str = "") -> Check:
    """Return a check that looks for a new row by *key*. LinkTime may have changed the key if *label* is the same."""

    def likeness(body: Mapping[str, Any], row: Mapping[str, Any]) -> Likeness:
        # 1. A row without the key may be any row.
        # 2. Another key: LinkTime may have changed it if the label is the same. Otherwise the other fields decide.
        # 3. The same key: the other fields decide.
        if key not in row:
            return Likeness.NEAR
        if same(key, body[key], row[key]) is False:
            if label in body and same(label, body[label], row.get(label)) is not False:
                return Likeness.NEAR
            others = {name: value for name, value in body.items() if name != key}
            return Likeness.OTHER if differ(others, row) else Likeness.FAR
        return Likeness.NEAR if differ(body, row) or not isinstance(row.get("id"), str) else Likeness.SAME

    return _made(likeness)


def made_unless_capitals(key: str, label: str) -> Check:
    """Return `made`, which does not count absence if the key has capitals: a search may regard the letter case."""
    check = made(key, label)

    def present(write: Write, look: Look) -> Finding:
        finding = check(write, look)
        certain = finding.committed is not False or write.body[key].islower()
        return finding if certain else UNCLEAR

    return present


def subscribed(write: Write, look: Look) -> Finding:
    """Look for a new webhook, whose secret can't be read back."""
    finding = made("url")(write, look)
    return replace(finding, data={**finding.data, "secretNote": LOST_WITH_ANSWER}) if finding.committed else finding
