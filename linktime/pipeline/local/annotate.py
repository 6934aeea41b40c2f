"""Annotation of an answer: a local time beside each instant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from ...answers import record
from ...wallclock import formatted, zone_named

_SHORTEST: Final = len("2026-03-01T14:00Z")
_DAY: Final = len("2026-03-01")
_ENDINGS: Final = ("time", "at", "date", "start", "end", "timestamp", "until", "since")
"""Endings of the names of time fields. Fields that a guest writes have other names."""


def has_times(data: Any) -> bool:
    """Return whether a JSON value contains an instant at any depth."""
    match data:
        case dict():
            return any(_instant(name, value) or has_times(value) for name, value in data.items())
        case list():
            return any(map(has_times, data))
        case _:
            return False


def localized(data: Any, zone: tzinfo | None, guest: tzinfo | None = None) -> Any:
    """Copy a JSON value with local times.

    1. Each instant `x` gets a field `xLocal`, with its time in *zone*, unless that is unknown.
    2. Each `xTime` gets a field `xTimeGuest`, if the guest's clocks show another time. They are those of the zone that
       a booking names, or of *guest*.
    3. A field that exists already stays as it is.
    """
    if isinstance(data, dict):
        return _object(data, zone, guest)
    return [localized(item, zone, guest) for item in data] if isinstance(data, list) else data


def zone_of_slots(data: Any) -> ZoneInfo | None:
    """Return the zone that an answer with slots names, or None for any other answer."""
    match record(data):
        case {"slots": list(), "timezone": str(name)}:
            return zone_named(name)
        case _:
            return None


def _object(data: Mapping[str, Any], zone: tzinfo | None, guest: tzinfo | None) -> dict[str, Any]:
    own_guest = _guest_zone(data) or guest
    copy: dict[str, Any] = {}
    for name, value in data.items():
        copy[name] = localized(value, zone, guest) if isinstance(value, dict | list) else value
        if instant := _instant(name, value):
            copy |= {each: time for each, time in _beside(name, instant, zone, own_guest) if each not in data}
    return copy


def _beside(name: str, instant: datetime, zone: tzinfo | None, guest: tzinfo | None) -> Iterator[tuple[str, str]]:
    local = formatted(instant, zone) if zone else ""
    if local:
        yield f"{name}Local", local
    if guest and name.endswith("Time") and (guest_time := formatted(instant, guest)) != local:
        yield f"{name}Guest", guest_time


def _guest_zone(data: Mapping[str, Any]) -> ZoneInfo | None:
    match data:
        case {"inviteeTimezone": name} | {"invitee": {"timezone": name}}:
            return zone_named(name)
        case _:
            return None


def _instant(name: str, value: Any) -> datetime | None:
    """Return the instant in a field, or None.

    `shown` works for years 2 to 9998, because a zone moves a time by less than a day.
    """
    if type(value) is not str or len(value) < _SHORTEST or value[_DAY] != "T" or not name.lower().endswith(_ENDINGS):
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        return None
    return time if time.tzinfo and 1 < time.year < 9999 else None
