"""Readers: functions that parse one field of a body or a query.

A reader takes a value of any type from a client. It returns the parsed value, or raises
ValueError. The message is a phrase to put after the name of the field, such as "must be true or false".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

Reader = Callable[[Any], Any]

_EMAIL: Final = re.compile(r"[^@\s<>\"(),:;\[\]\\]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


# Containers


def record(readers: Mapping[str, Reader], required: Collection[str] = ()) -> Reader:
    """Read an object with a reader for each field. Unknown fields are dropped."""

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValueError("must be an object")  # noqa: TRY004 - readers raise ValueError only
        for name in required:
            if name not in value:
                raise ValueError(f"{name} is required")
        return {name: _named(name, readers[name], value[name]) for name in readers if name in value}

    return read


def _named(name: str, reader: Reader, value: Any) -> Any:
    """Read the value of a field. Put the name of the field before the phrase of an error."""
    try:
        return reader(value)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None


def several(reader: Reader, low: int, high: int) -> Reader:
    """Read a list of *low* to *high* items."""

    def read(value: Any) -> list[Any]:
        if not isinstance(value, list) or not low <= len(value) <= high:
            raise ValueError(f"must be a list of {low} to {high}")
        return [_named(f"[{number}]", reader, member) for number, member in enumerate(value)]

    return read


def nullable(reader: Reader) -> Reader:
    """Read null, or a value for *reader*."""
    return lambda value: None if value is None else reader(value)


# Text


def text(longest: int) -> Reader:
    """Read text that is not blank, of at most *longest* characters."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > longest:
            raise ValueError(f"must be text of 1 to {longest} characters")
        return value

    return read


def prose(longest: int) -> Reader:
    """Read text that may be blank, or null, of at most *longest* characters."""

    def read(value: Any) -> str | None:
        if value is not None and (not isinstance(value, str) or len(value) > longest):
            raise ValueError(f"must be text of at most {longest} characters")
        return value

    return read


def one_of(*words: str) -> Reader:
    """Read a word of an enumeration."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return value

    return read


# Numbers and flags


def integer(low: int, high: int) -> Reader:
    """Read a whole number from *low* to *high*."""

    def read(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return value

    return read


def digits(low: int, high: int) -> Reader:
    """Read a whole number from a query, where it is text."""
    number = integer(low, high)
    return lambda value: number(int(value) if re.fullmatch(r"\d{1,9}", value, re.ASCII) else None)


def amount(value: Any) -> float:
    """Read an amount of money, in units of its currency."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1_000_000:
        raise ValueError("must be a number from 0 to 1000000")
    return value


def flag(value: Any) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004 - readers raise ValueError only
    return value


def anything(value: Any) -> dict[str, Any]:
    """Read an object of any fields."""
    read: dict[str, Any] = {**record({})(value), **value}
    return read


def matching(pattern: re.Pattern[str], description: str) -> Reader:
    """Return a reader of text that matches *pattern*. *description* is for the error."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or len(value) > 254 or not pattern.fullmatch(value):
            raise ValueError(f"must be {description}")
        return value

    return read


# Formats

slug = matching(_SLUG, "lower-case words of a-z and 0-9, joined by hyphens")
currency = matching(re.compile(r"[A-Z]{3}"), "a currency code of three capitals")
_address = matching(_EMAIL, "an e-mail address")


def email(value: Any) -> str:
    """Read an e-mail address, in lower case."""
    return str(_address(value)).lower()


def url(value: Any) -> str:
    """Read an http or https URL."""
    address = str(text(2000)(value))
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", address):
        raise ValueError("must be an http or https URL")
    return address
