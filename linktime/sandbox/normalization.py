"""Normalization: the form in which some services store what they get."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from aiohttp import web

from .variant import VARIANT

_SECONDS: Final = re.compile(r"(?<=T\d\d:\d\d):\d\d(\.\d+)?")
_MINUTES: Final = frozenset({"durationMinutes", "bufferBefore", "bufferAfter", "minimumNotice"})
_STEP: Final = 15  # minutes to which a normalising service rounds
_COUNTRY: Final = "+1"  # of a phone number without a country code


def normalized(request: web.Request, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a body in the form in which this variant of the service stores them."""
    if VARIANT not in request.app or not request.app[VARIANT].normalizes:
        return fields
    return {name: _normal(name, value) for name, value in fields.items()}


def _normal(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return _FORMS.get(name, str.strip)(value)
    if name in _MINUTES and isinstance(value, int):
        return max(_STEP, round(value / _STEP) * _STEP)
    return value


def _international(phone: str) -> str:
    return ("" if "+" in phone else _COUNTRY) + "".join(char for char in phone if char.isdigit() or char == "+")


def _whole_minute(time: str) -> str:
    return _SECONDS.sub(":00.000", time)


_FORMS: Final[Mapping[str, Callable[[str], str]]] = {
    "phone": _international,
    "slug": lambda slug: f"{slug}-1",
    "url": lambda url: f"{url}/",
    "startTime": _whole_minute,
    "newStartTime": _whole_minute,
}
