"""Lenient JSON: accepts cut emoji, NaN, raw control characters, byte order marks and other encodings."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

import orjson

_DEEPEST: Final = 500  # levels; every Python reads so many, and newer ones read thousands
_MOST_DIGITS: Final = 4000  # sys.get_int_max_str_digits() is 4300 by default


def loads(data: bytes, charset: str | None = None) -> Any:
    """Return the JSON value in *data*, read strictly or, if that fails, leniently.

    A lenient reading may contain lone surrogates, non-finite floats and integers of any size. *charset* is the
    encoding that the sender declared. A byte order mark overrides it.

    Raises:
        ValueError: *data* is not JSON, or is nested too deeply to be read.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    with suppress(RecursionError):
        value = json.loads(_text(data, charset), strict=False, parse_int=_number)
        if not _is_deeper(value, _DEEPEST):
            return value
    raise ValueError("JSON is nested too deeply")


def _is_deeper(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels + 1):
        layer = [child for each in layer for child in _children(each)]
    return bool(layer)


def _children(value: Any) -> Iterable[Any]:
    match value:
        case dict():
            return value.values()
        case list():
            return value
        case _:
            return ()


def _number(digits: str) -> float:
    """Return an integer, as a float if Python refuses so many digits."""
    return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)


def _text(data: bytes, charset: str | None) -> str:
    detected = json.detect_encoding(data)
    try:
        return data.decode(charset if charset and detected == "utf-8" else detected, "replace")
    except (LookupError, UnicodeError):
        return data.decode("utf-8", "replace")
