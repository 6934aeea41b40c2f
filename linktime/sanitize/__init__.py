"""Sanitizes untrusted text and values: removes invisible characters and markup, and bounds numbers and nesting."""

from __future__ import annotations

import re
import unicodedata
from math import isfinite
from typing import Any, Final

from .invisible import without_invisible

_DEEPEST: Final = 64  # levels of nesting; LinkTime's answers have six, orjson writes 254
_CUT: Final = f"[nested deeper than {_DEEPEST} levels]"
# Characters that end our quotation, or look like its end: ASCII's and Unicode's quotation marks, primes and accents.
_QUOTES: Final = re.compile(
    "[\"'`\u00ab\u00b4\u00bb\u02b9-\u02bf\u02c8\u02ca\u02cb\u02dd\u02ee\u05f3\u05f4\u2018-\u201f\u2032-\u2037\u2039\u203a"
    "\u275b-\u2760\u276e\u276f\u2e00-\u2e0d\u2e1c\u2e1d\u2e20\u2e21\u2e42\u301d-\u301f\uff02\uff07\U0001f676-\U0001f678]+"
)
# The syntax of Markdown's links, emphasis and entities, and a blank character that is not a space.
_MARKUP: Final = re.compile("[*\\[\\]<>\\\\&~\u2800]|(?<=:)//")


def visible(data: Any, depth: int = _DEEPEST) -> Any:
    """Return a copy of a JSON value that is valid JSON and shows every character.

    Invisible and bidirectional control characters and lone surrogates are removed. A number that JSON or 64 bits can't
    carry becomes a float or None. Values nested deeper than *depth* levels are replaced by a note.
    """
    match data:
        case str():
            return without_invisible(data)
        case list() | dict() if not depth:
            return _CUT
        case list():
            return [visible(item, depth - 1) for item in data]
        case dict():
            return {without_invisible(name): visible(value, depth - 1) for name, value in data.items()}
        case float() | int():
            return _number(data)
        case _:
            return data


def _number(value: float) -> float | None:
    if isinstance(value, int) and -(1 << 63) <= value < 1 << 64:
        return value
    try:
        return float(value) if isfinite(value) else None
    except OverflowError:
        return None


def one_line(text: str) -> str:
    """Return a message as one visible line without markup and e-mail addresses, for use in an error."""
    text = re.sub(r"<[^>]*>?", " ", text)
    text = re.sub(r"[^\s@\"'<>]+@[^\s@\"'<>]+", "[e-mail]", text)
    return _line(text)


def _line(text: str) -> str:
    spaced = "".join(" " if char.isspace() else char for char in text)
    return " ".join("".join(char for char in spaced if unicodedata.category(char)[0] != "C").split())


def plain(value: Any, most: int = 80) -> str:
    """Return untrusted text as one short visible line without quotes and markup, or `?` if it is empty."""
    text = _QUOTES.sub("'", _line(_MARKUP.sub("", visible(value)))) if isinstance(value, str) else ""
    return (text if len(text) <= most else f"{text[: most - 1]}…") or "?"


def quoted(value: Any, most: int = 80) -> str:
    """Return untrusted text in quotation marks that it cannot end, as one line of at most *most* characters."""
    return f"“{plain(value, most)}”"
