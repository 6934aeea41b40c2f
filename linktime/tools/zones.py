"""Time zones as arguments: the name of an IANA zone in any spelling, or a refusal with a suggestion."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from ..sanitize.spelling import bare
from ..wallclock import zone_named
from ._refusals import refused

_AREAS: Final = frozenset(
    {"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)
_NO_CITIES: Final = frozenset(
    f"Australia/{name}" for name in ("ACT", "LHI", "NSW", "North", "South", "Victoria", "West")
)
"""Zones that end with a part of a country. Places elsewhere have these names, too."""

_DIGIT: Final = re.compile(r"\d")
_NO_ZONES: Final = {"Factory", "localtime", "posixrules"}  # files beside the zones: a default, and this machine's own
_OFFSET_OR_ABBREVIATION: Final = re.compile(r"(?!(UTC|GMT)$)[A-Z\d]{3,7}|.*[+-]?\d")  # EST, EST5EDT, Etc/GMT+5
_NO_ZONE: Final = "should be an IANA zone of the form Area/City, not an offset, an abbreviation or a Windows name"


def zone(text: str) -> str:
    """Return the IANA zone that *text* names, in any letter case and with any separators.

    A typing mistake is refused with a suggestion. An offset, an abbreviation in lower case and another place are
    refused without one, because a similar name would be another time.
    """
    if name := known_zone(text):
        return name
    near = _one_mistake_away(bare(text))
    raise refused(text, f"should be an IANA zone (did you mean {near}?)" if near else _NO_ZONE)


def known_zone(text: str) -> str | None:
    """Return the IANA zone that *text* names, or None. The name of a city is enough if one zone alone has it."""
    if text in _zones():
        return text
    name = _by_folded_name().get(text.strip().casefold()) or _by_bare_form().get(bare(text))
    return name or _by_city().get(bare(text))


def zones_of(arguments: Mapping[str, Any], account: ZoneInfo | None) -> list[ZoneInfo]:
    """Return the zones that a time without a zone may be meant in: the account's, and those among the arguments."""
    texts = (value for name, value in arguments.items() if name.lower().endswith("timezone") and isinstance(value, str))
    return list(dict.fromkeys(zone for zone in (account, *(zone_named(known_zone(text)) for text in texts)) if zone))


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - _NO_ZONES)


@cache
def _by_folded_name() -> Mapping[str, str]:
    """Return the zones with a slash by their name in lower case. Other names are abbreviations, or countries."""
    return {name.casefold(): name for name in _zones() if "/" in name}


@cache
def _by_bare_form() -> Mapping[str, str]:
    """Return the zones that may be spelled freely: no offsets, and no abbreviations but UTC and GMT."""
    return {bare(name): name for name in _zones() if not _OFFSET_OR_ABBREVIATION.fullmatch(name)}


@cache
def _by_city() -> Mapping[str, str]:
    """Return the zones of the form Area/City by the bare form of the city, if no other zone ends with it."""
    zones = [name for name in _zones() if name.partition("/")[0] in _AREAS]
    number = Counter(_city(name) for name in zones)
    cities = {bare(_city(name)): name for name in zones if number[_city(name)] == 1 and name.count("/") == 1}
    return {city: name for city, name in cities.items() if name not in _NO_CITIES}


def _city(zone: str) -> str:
    return zone.rpartition("/")[2]


def _one_mistake_away(text: str) -> str | None:
    """Return the one zone whose bare name differs from *text* by a typing mistake, or None."""
    # A short name without a slash, or with a digit, is too close to other names for a guess.
    if "/" not in text or _DIGIT.search(text):
        return None
    # Two candidates are no suggestion.
    close = [name for other, name in _by_bare_form().items() if "/" in other and _one_mistake(text, other)]
    return close[0] if len(close) == 1 else None


def _one_mistake(text: str, right: str) -> bool:
    """Return whether *text* is *right* with one character added, left out, replaced or swapped with its neighbour."""
    # Compare from the first difference on.
    start = next((n for n, (a, b) in enumerate(zip(text, right, strict=False)) if a != b), min(len(text), len(right)))
    text, right = text[start:], right[start:]
    swapped = right[1::-1] + right[2:]
    return text in {swapped, right[1:]} or text[1:] in {right, right[1:]}
