"""The times in an answer, and their neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from ..wall import shown, zone_named

_SHORTEST: Final = len("2026-03-01T14:00Z")
_DAY: Final = len("2026-03-01")
_ENDINGS: Final = ("time", "at", "date", "start", "end", "timestamp", "until", "since")
"""How the names of fields that LinkTime fills with times end; what a guest wrote stands under other names."""


def has_times(data: Any) -> bool:
    """Whether there is an instant anywhere in a JSON value."""
    match data:
        case dict():
            return any(_instant(name, value) or has_times(value) for name, value in data.items())
        case list():
            return any(map(has_times, data))
        case _:
            return False


def localized(data: Any, zone: tzinfo) -> Any:
    """Copy a JSON value, with `xLocal` beside each instant `x`: the same on the clocks of *zone*.

    A booking's times stand there a third time as `xGuest`, where its guest's clocks show another. A field that is
    there already stays as it is.
    """
    if isinstance(data, dict):
        return _object(data, zone)
    return [localized(item, zone) for item in data] if isinstance(data, list) else data


def zone_told(data: Any) -> ZoneInfo | None:
    """Find the zone that an answer with slots is made for."""
    match data:
        case {"slots": list(), "timezone": str(name)} | {"data": {"slots": list(), "timezone": str(name)}}:
            return zone_named(name)
        case _:
            return None


def _object(data: Mapping[str, Any], zone: tzinfo) -> dict[str, Any]:
    guest = _guests_zone(data)
    told: dict[str, Any] = {}
    for name, value in data.items():
        told[name] = localized(value, zone) if isinstance(value, dict | list) else value
        if instant := _instant(name, value):
            told |= {each: time for each, time in _beside(name, instant, zone, guest) if each not in data}
    return told


def _beside(name: str, instant: datetime, zone: tzinfo, guest: ZoneInfo | None) -> Iterator[tuple[str, str]]:
    local = shown(instant, zone)
    yield f"{name}Local", local
    if guest and name.endswith("Time") and (theirs := shown(instant, guest)) != local:
        yield f"{name}Guest", theirs


def _guests_zone(data: Mapping[str, Any]) -> ZoneInfo | None:
    match data:
        case {"inviteeTimezone": name} | {"invitee": {"timezone": name}}:
            return zone_named(name)
        case _:
            return None


def _instant(name: str, value: Any) -> datetime | None:
    if type(value) is not str or len(value) < _SHORTEST or value[_DAY] != "T" or not name.lower().endswith(_ENDINGS):
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        return None
    return time if time.tzinfo and 1 < time.year < 9999 else None
