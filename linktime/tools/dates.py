"""Ranges of dates, as arguments have them and as messages name them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final

MOST_DATES: Final = 31  # dates of one call; each is a request of a budget of 60 a minute

_DAY: Final = timedelta(days=1)


def dates(first: str, last: str | None) -> list[str]:
    """Return the dates from *first* to *last*, both included. Without *last* there is one."""
    start, end = date.fromisoformat(first), date.fromisoformat(last or first)
    return [(start + number * _DAY).isoformat() for number in range((end - start).days + 1)]


def in_range(values: Mapping[str, Any]) -> str | None:
    """Return an error unless `date` and `to` are a range of at most MOST_DATES dates."""
    first, last = values["date"], values["to"]
    if last is None:
        return None
    number = (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
    if number < 1:
        return f"to: {last} is before date, {first}"
    if number > MOST_DATES:
        longest = date.fromisoformat(first) + (MOST_DATES - 1) * _DAY
        return (
            f"to: {last} makes {number} dates of at most {MOST_DATES}: call with to {longest}, and again for the rest"
        )
    return None


def spans(days: Iterable[str]) -> str:
    """Return dates as text: those without a gap as a range, such as `2026-12-21 to 2026-12-24, 2026-12-30`."""
    runs: list[list[date]] = []
    for day in sorted(map(date.fromisoformat, days)):
        if runs and day - runs[-1][-1] == _DAY:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(f"{run[0]}" if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)
