"""Spans as lines that a person can read and grep: logfmt with a head."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from .span import Span, Value

_PLAIN: Final = re.compile(r"[^\s\"=\\\x00-\x1f\x7f-\x9f]+")
_IN_THE_NAME: Final = {  # or the same on every line
    "mcp.method.name",
    "gen_ai.operation.name",
    "gen_ai.tool.name",
    "http.request.method",
    "url.template",
    "mcp.session.id",
    "network.transport",
}


class Lines:
    """A sink that writes a line for each span."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def deliver(self, items: Sequence[Span]) -> None:
        """Write them."""
        self._write("".join(map(line, items)))

    def close(self) -> None:
        """Nothing is left: every line is written at once."""


def line(span: Span) -> str:
    """Tell of one span: when it began, how long it took, how it went, what it was, and where it stands."""
    began = datetime.fromtimestamp(span.start / 1e9, UTC).isoformat(timespec="milliseconds")[11:23]
    went = "ok " if span.error is None else "ERR"
    fields: dict[str, Value] = {"trace": f"{span.place.trace_id:032x}", "span": f"{span.place.span_id:016x}"}
    if span.parent:
        fields["parent"] = f"{span.parent.span_id:016x}"
    if span.links:
        fields["link"] = ",".join(f"{place.span_id:016x}" for place in span.links)
    fields |= {name: value for name, value in span.attributes.items() if name not in _IN_THE_NAME}
    said = " ".join(f"{name}={_shown(value)}" for name, value in fields.items())
    return f'{began}Z SPAN {span.duration / 1e6:9.2f}ms {went} {span.kind:8} "{span.name}" {said}\n'


def _shown(value: Value) -> str:
    match value:
        case str():
            return value if _PLAIN.fullmatch(value) else json.dumps(value)
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)
