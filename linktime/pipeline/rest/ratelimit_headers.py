"""The request budget in LinkTime's response headers, as values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from ...message import UNSTATED, Quota

LONGEST_WAIT: Final = 120.0  # s; the usual period is 60 s
_LONGEST_RESET: Final = 120.0  # s; a limit of 60 a minute is never away for longer
_ITEM: Final = re.compile(r";\s*(?P<key>[rt])\s*=\s*(?P<value>\d+)")


def quota(headers: Mapping[str, str]) -> Quota:
    """Return the quota in RateLimit, in its older three-field form or in X-RateLimit-*. Malformed fields are ignored.

    https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
    """
    stated = [_item(item, headers) for item in headers.get("RateLimit", "").split(",")]
    stated += [_fields(prefix, headers) for prefix in ("RateLimit-", "X-RateLimit-")]
    return next((each for each in stated if each != UNSTATED), UNSTATED)


def wished_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait after a 429: those of Retry-After, else until the quota's reset, else None."""
    seconds = retry_after(headers)
    return quota(headers).reset if seconds is None else seconds


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of Retry-After, which is a number or an HTTP date, or None."""
    text = headers.get("Retry-After", "")
    seconds = _number(text)
    if seconds is None and (date := http_date(text)) is not None:
        seconds = (date - _now(headers)).total_seconds()
    return None if seconds is None else max(seconds, 0.0)


def _item(text: str, headers: Mapping[str, str]) -> Quota:
    values = {item["key"]: item["value"] for item in _ITEM.finditer(text)}
    return Quota(_count(values.get("r")), _reset(values.get("t"), headers))


def _fields(prefix: str, headers: Mapping[str, str]) -> Quota:
    return Quota(_count(headers.get(prefix + "Remaining")), _reset(headers.get(prefix + "Reset"), headers))


def _count(text: str | None) -> int | None:
    number = _number(text)
    return None if number is None else int(number)


def _reset(text: str | None, headers: Mapping[str, str]) -> float | None:
    number = _number(text)
    if number is None:
        return None
    # Services write one of three values here:
    # 1. the seconds left
    # 2. the epoch in seconds
    # 3. the epoch in milliseconds
    if number >= 1e7:
        epoch = number if number < 1e11 else number / 1000
        number = epoch - _now(headers).timestamp() + 1  # an epoch is cut to whole seconds
    return min(max(number, 0.0), _LONGEST_RESET)


def _number(text: str | None) -> float | None:
    digits = (text or "").strip()
    return float(digits) if re.fullmatch(r"\d{1,15}(\.\d{1,9})?", digits, re.ASCII) else None


def _now(headers: Mapping[str, str]) -> datetime:
    """Return the service's time if it states one, because this machine's clock may be wrong."""
    return http_date(headers.get("Date", "")) or datetime.now(UTC)


def http_date(text: str) -> datetime | None:
    """Return the time in an HTTP date, or None."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
