"""Formatting of times, days and numbers as people write them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta


def clock(moment: datetime) -> str:
    """Format the time of day: 9am, 10:30am."""
    minutes = f":{moment:%M}" if moment.minute else ""
    return f"{moment.hour % 12 or 12}{minutes}{'am' if moment.hour < 12 else 'pm'}"


def when(day: date, today: date) -> str:
    """Format a day relative to *today*: today, tomorrow, on Thursday, on Thursday, March 12."""
    if day == today:
        return "today"
    if day == today + timedelta(days=1):
        return "tomorrow"
    return f"on {day:%A}" if today < day < today + timedelta(days=7) else f"on {day:%A, %B} {day.day}"


def short(day: date) -> str:
    """Format a day in a list: Nov 18."""
    return f"{day:%b} {day.day}"


def days(first: date, last: date) -> str:
    """Format a range of days: March 10 to 14, March 30 to April 3."""
    if (first.year, first.month) == (last.year, last.month):
        return f"{first:%B} {first.day} to {last.day}"
    return f"{first:%B} {first.day} to {last:%B} {last.day}"


def duration(seconds: float) -> str:
    """Format a duration: 5s, 2m 15s."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m {rest}s" if minutes else f"{rest}s"


def minutes(seconds: float) -> str:
    """Format a time on a stopwatch: 0:05, 1:20."""
    whole, rest = divmod(int(seconds), 60)
    return f"{whole}:{rest:02}"


def count(number: int, noun: str) -> str:
    """Format a number of things: 1 meeting, 4 meetings."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def listed(items: Sequence[str]) -> str:
    """Join items in a sentence: a, b and c."""
    return " and ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))
