"""Arguments that are lists or objects, in every form in which their meaning is certain."""

from __future__ import annotations

import re
from typing import Any, Final

import orjson

from ..sanitize import visible
from ._json import sendable

_JOINERS: Final = re.compile("[\u200c\u200d\ufe00-\ufe0f\u2800]")  # they show nothing when they are alone


def is_blank(value: object) -> bool:
    """Return whether *value* is a text without a visible character."""
    return isinstance(value, str) and not _JOINERS.sub("", visible(value)).strip()


def parsed(value: Any) -> Any:
    """Return the array or object in a JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return sendable(orjson.loads(value))
    except orjson.JSONDecodeError:
        raise ValueError("is text that is not JSON") from None


def objects(value: Any) -> Any:
    """Return a list of objects. It may be JSON text, and one object stands for a list of one."""
    read = parsed(value)
    return [read] if isinstance(read, dict) else read


def choices(value: Any) -> Any:
    """Return a list of choices. It may also be one text with commas, which no choice has."""
    match _texts(value):
        case [str(text)]:
            return [part.strip() for part in text.split(",") if part.strip()]
        case several:
            return several


def idents(value: Any) -> Any:
    """Return a list of ids, which may be one id.

    Raises:
        ValueError: It is one text with commas, which can be several ids or one.
    """
    match _texts(value):
        case [str(text)] if isinstance(value, str) and "," in text:
            parts = orjson.dumps([part.strip() for part in text.split(",")]).decode()
            raise ValueError(f"can mean one id or several. Send {parts} or {orjson.dumps([text]).decode()}")
        case several:
            return several


def _texts(value: Any) -> Any:
    """Return a list of texts. It may be JSON text, and one text stands for a list of one."""
    # Only brackets and quotation marks begin JSON that is more than the text itself.
    if not isinstance(value, str) or is_blank(value):
        return value
    if not value.lstrip().startswith(("[", "{", '"')):
        return [value]
    read = parsed(value)
    return [read] if isinstance(read, str) else read
