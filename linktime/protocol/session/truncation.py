"""Truncates an answer that is too long for a model after a whole item, with a note."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Any, Final

import orjson

from ...tools import Tool

LONGEST: Final = 60_000  # bytes of JSON; 25,000 tokens, since ids and times take a token for two or three bytes
FEWER_DAYS: Final = "Too long to show at once. Call again for fewer days to have the rest."
NO_LESS: Final = "Too long to show at once, and this tool can't show less."
_NOTE: Final = 300  # bytes for the note on a truncated list
_TEXTS: Final = (4_000, 400, 40)  # characters of one text; the next limit applies if the answer is still too long


def fitted(answer: dict[str, Any], tool: Tool, room: int = LONGEST) -> dict[str, Any]:
    """Return *answer* without the last items of its longest lists, so that it fits into *room* bytes.

    Beside each truncated list stands `truncated`. If not even its first item fits, that item is truncated as well. Long
    texts are shortened first, each with its own mark.
    """
    # Shorter texts cost less than missing items, so the texts are shortened first.
    for longest in _TEXTS:
        cut = _object(_shortened(answer, longest), room, tool, outer=True)
        if size(cut) <= room:
            break
    return cut


def _object(whole: dict[str, Any], room: int, tool: Tool, *, outer: bool = False) -> dict[str, Any]:
    """Truncate the lists of an object to at most *room* bytes, if possible. Short lists get their room first."""
    if size(whole) <= room:
        return whole
    # Each part gets an equal share of the room that is left. A short part leaves its rest to the longer ones.
    parts = sorted((size(part), name) for name, part in whole.items() if isinstance(part, dict | list))
    left = room - size(whole) + sum(bytes_ for bytes_, _ in parts)
    cut, notes = dict(whole), []
    for place, (bytes_, name) in enumerate(parts):
        share = left // (len(parts) - place)
        if bytes_ > share:
            cut[name] = _part(whole[name], share - _NOTE, tool)
        if len(cut[name]) < len(whole[name]):
            notes.append(_note(name, cut[name], whole[name], tool, outer=outer))
        left -= size(cut[name]) + (_NOTE if bytes_ > share else 0)
    return cut | ({"truncated": notes[0] if len(notes) == 1 else notes} if notes else {})


def _part(part: Any, room: int, tool: Tool) -> Any:
    if isinstance(part, dict):
        return _object(part, room, tool)
    # How many items fit, each with its comma, between the two brackets of the list
    fits = bisect_right(list(accumulate(size(item) + 1 for item in part)), room - 1)
    if fits or not part or not isinstance(part[0], dict):
        return part[:fits]
    return [_object(part[0], room - 2, tool)]


def _note(field: str, cut: list[Any], whole: list[Any], tool: Tool, *, outer: bool) -> dict[str, Any]:
    # A smaller page helps only if the list is the answer's own and its first item is whole.
    pages = outer and bool(cut) and cut[0] is whole[0]
    more = _more(tool, len(cut) if pages else 0)
    return {"field": field, "shown": len(cut), "total": len(whole), "more": more}


def _more(tool: Tool, most: int) -> str:
    """Return how to get the rest. A page may have *most* items. 0 means that a page would not be shorter."""
    known = tool.input_schema["properties"]
    if most and "limit" in known and "page" in known:
        limit = min(most, known["limit"]["maximum"])
        return f"Too long to show at once. Call again with limit {limit} and page 1, 2, 3 … to have all of it."
    if "from" in known:
        return FEWER_DAYS
    return NO_LESS


def _shortened(value: Any, longest: int) -> Any:
    match value:
        case str() if len(value) > longest:
            return f"{value[:longest]}… [{longest} of {len(value)} characters shown]"
        case dict():
            return {name: _shortened(each, longest) for name, each in value.items()}
        case list():
            return [_shortened(each, longest) for each in value]
        case _:
            return value


def size(value: Any) -> int:
    """Return the bytes of *value* as JSON."""
    return len(orjson.dumps(value))
