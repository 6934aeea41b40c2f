"""Results of tool calls, as they are on the wire: the SDK would dump a model of its own only to validate it again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from ...answers import as_object
from ...errors import Failure
from ...message import Reply
from ...sanitize.invisible import without_invisible
from ...telemetry import hooks
from ...tools import Tool
from ...tools.guest_text import GuestText, guest_texts, marks, with_short_texts
from . import summary
from .lean import lean
from .truncation import LONGEST, fitted, size

MARKS: Final = "guestWrote"
"""The field of an answer with the paths of the texts that guests wrote."""

REMARKS: Final = "remarks"
"""The field of an answer with the effects that the words of the call do not have."""


class Rendering(NamedTuple):
    """An answer for the model, as an object and as its *text*, and the *texts* of guests in the whole answer."""

    data: dict[str, Any]
    text: str
    texts: Sequence[GuestText]


Result = dict[str, Any]
Remember = Callable[[Iterable[GuestText]], None]


def rendered(data: Any, tool: Tool, remarks: Sequence[str] = ()) -> Rendering:
    """Return the lean answer of *tool* with the *remarks*, the paths of guests' texts, and at most LONGEST bytes."""
    whole = {"data": None} if data is None and tool.reads else lean(tool, as_object(data))
    if remarks:
        whole = {**whole, REMARKS: list(remarks)}
    texts = guest_texts(tool.name, whole)
    answer = _marked(with_short_texts(tool.name, whole, texts), tool, texts)
    return Rendering(answer, orjson.dumps(answer).decode(), texts)


def succeeded(reply: Reply, rendering: Rendering) -> Result:
    """Return the *rendering* of a reply, with the notes of the reply as `_meta`."""
    summary.ended(reply)
    notes = {f"linktime/{name}": value for name, value in reply.notes.as_meta().items()}
    trust = {"linktime/trust": "untrusted"} if MARKS in rendering.data else {}
    return _result(rendering.text, isError=False, structuredContent=rendering.data, _meta=notes | trust)


def _marked(whole: dict[str, Any], tool: Tool, texts: list[GuestText]) -> dict[str, Any]:
    """Return *whole*, truncated if it is too long, with the list of the fields that guests wrote."""
    # 1. LinkTime's own field of this name must not pass for a mark of this server.
    # 2. Truncate to the limit.
    # 3. The marks need room as well. Truncate again to leave it, and mark only the texts that are left.
    whole = {name: value for name, value in whole.items() if name != MARKS}
    marked = _with_marks(whole, texts)
    if size(marked) <= LONGEST:
        return marked
    marked = _fitted(whole, tool, LONGEST)
    return marked if size(marked) <= LONGEST else _fitted(whole, tool, LONGEST - size({MARKS: marked[MARKS]}))


def _fitted(whole: dict[str, Any], tool: Tool, room: int) -> dict[str, Any]:
    data = fitted(whole, tool, room)
    return _with_marks(data, guest_texts(tool.name, data))


def _with_marks(data: dict[str, Any], texts: Iterable[GuestText]) -> dict[str, Any]:
    paths = marks(texts)
    return {**data, MARKS: paths} if paths else data


def failed(failure: Failure) -> Result:
    """Return the error result of a failed call."""
    hooks.failed(failure)
    summary.ended(failure)
    return _result(without_invisible(str(failure)), isError=True)


def with_meta(result: Result, meta: Mapping[str, Any]) -> Result:
    """Return *result* with further fields in its `_meta`."""
    return {**result, "_meta": {**result.get("_meta", {}), **meta}} if meta else result


def _result(text: str, **fields: Any) -> Result:
    # Before 2026-07-28 a result has no type, and the SDK leaves it out.
    return {"resultType": "complete", "content": [{"type": "text", "text": text}], **fields}
