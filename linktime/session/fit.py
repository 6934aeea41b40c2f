"""Cuts an answer that is too long for a model at whole items, and says so."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate
from typing import Any, Final

import orjson

from ..tools import Tool

LONGEST: Final = 60_000  # bytes of JSON; 25,000 tokens, since ids and times take a token for two or three bytes
_ROOM: Final = 1_000  # bytes for what is said of the cut
_STRING: Final = 4_000  # characters of one text, where the whole is too long


def fitted(answer: dict[str, Any], tool: Tool) -> dict[str, Any]:
    """Leave out the last items of the longest list in *answer*, as many as must be; what remains is what was.

    Long texts are shortened first, each with a mark of its own.
    """
    answer = _shortened(answer)
    field, items = max(_lists(answer), key=lambda found: len(orjson.dumps(found[1])), default=("", []))
    sizes = list(accumulate(len(orjson.dumps(item)) + 1 for item in items))
    others = len(orjson.dumps(answer)) - (sizes[-1] if sizes else 0)
    shown = bisect_right(sizes, LONGEST - _ROOM - others)
    if shown == len(items):
        return answer
    cut = {"field": field, "shown": shown, "total": len(items), "more": _more(tool, shown)}
    return {**answer, field: items[:shown], "truncated": cut}


def _lists(answer: Mapping[str, Any]) -> list[tuple[str, list[Any]]]:
    return [(name, value) for name, value in answer.items() if isinstance(value, list)]


def _more(tool: Tool, shown: int) -> str:
    known = tool.input_schema["properties"]
    if "limit" in known and "page" in known:
        return f"Too long to show at once. Call again with limit {max(1, shown)} and page 1, 2, 3 … to have all of it."
    if "from" in known:
        return "Too long to show at once. Call again for fewer days to have the rest."
    return "Too long to show at once, and this tool can't show less."


def _shortened(value: Any) -> Any:
    match value:
        case str() if len(value) > _STRING:
            return f"{value[:_STRING]}… [{_STRING} of {len(value)} characters shown]"
        case dict():
            return {name: _shortened(each) for name, each in value.items()}
        case list():
            return [_shortened(each) for each in value]
        case _:
            return value
