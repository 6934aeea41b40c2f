"""Lenient JSON: accepts cut emoji, NaN, raw control characters, byte order marks and other encodings."""

from __future__ import annotations

import json
from typing import Any

import orjson


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
    try:
        return json.loads(_text(data, charset), strict=False)
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None


def _text(data: bytes, charset: str | None) -> str:
    detected = json.detect_encoding(data)
    try:
        return data.decode(charset if charset and detected == "utf-8" else detected, "replace")
    except LookupError:
        return data.decode("utf-8", "replace")
