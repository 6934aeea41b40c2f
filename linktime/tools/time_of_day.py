"""The free slots of a part of the day, on the clocks of their local times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from ..answers import record
from ..errors import Unavailable
from ..message import Reply
from ..wallclock import zone_named

LEFT_OUT: Final = "leftOut"
"""The field of an answer with the number of slots outside the requested time of day."""

_NO_ZONE: Final = "The account's time zone could not be read, so timeFrom and timeTo can't be applied."
_WITHOUT: Final = "Call again, or call without them."


def within(reply: Reply, first: str | None, last: str | None) -> Reply:
    """Return the answer with the slots that start from *first* and before *last*, each as HH:MM or None for no bound.

    The clocks are those of `startTimeLocal`, whose zone is in the notes. A slot without a readable start stays.

    Raises:
        Unavailable: That zone is not known.
    """
    answer = record(reply.data)
    slots = answer.get("slots")
    if not isinstance(slots, list) or not slots:
        return reply
    zone = zone_named(reply.notes.timezone)
    if zone is None:
        raise Unavailable(_NO_ZONE, _WITHOUT, sent=True)
    kept = [slot for slot in slots if _is_within(_clock(slot, zone), first or "", last or "~")]
    return reply.with_data({**answer, "slots": kept, LEFT_OUT: len(slots) - len(kept)})


def one_part_of_a_day(values: Mapping[str, Any]) -> str | None:
    """Return an error if `timeFrom` and `timeTo` are no part of one day."""
    first, last = values["time_from"], values["time_to"]
    return f"timeTo: {last} is not after timeFrom, {first}" if first and last and last <= first else None


def _is_within(clock: str | None, first: str, last: str) -> bool:
    return clock is None or first <= clock < last  # "~" sorts after every time


def _clock(slot: Any, zone: ZoneInfo) -> str | None:
    """Return the start of a slot as HH:MM in *zone*, or None if it has none."""
    try:
        return f"{datetime.fromisoformat(slot['startTime']).astimezone(zone):%H:%M}"
    except (KeyError, OverflowError, TypeError, ValueError):
        return None
