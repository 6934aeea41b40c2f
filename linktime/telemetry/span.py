"""A span as a value: what happened, when, and under what. Recording one needs no SDK."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from time import perf_counter_ns, time_ns
from typing import Final, Literal, NamedTuple

Value = str | int | float | bool
SpanKind = Literal["server", "client", "internal"]

_TRACE_BITS: Final = 128
_SPAN_BITS: Final = 64


class Place(NamedTuple):
    """Where a span stands, as it is told to other programs; *state* is the trace's `tracestate`."""

    trace_id: int
    span_id: int
    sampled: bool = True
    remote: bool = False
    state: str = ""


@dataclass(slots=True, eq=False)
class Span:
    """Something that took time; *error* is one of our own words, "" where there is none, None where all went well."""

    name: str
    kind: SpanKind
    place: Place
    parent: Place | None
    attributes: dict[str, Value]
    links: list[Place] = field(default_factory=list)
    error: str | None = None
    start: int = field(default_factory=time_ns)
    duration: int = 0
    _began: int = field(default_factory=perf_counter_ns, repr=False)

    def end(self) -> None:
        """Note how long it took; the wall clock, which may jump, only says when it began."""
        self.duration = perf_counter_ns() - self._began

    def backdate(self, seconds: float) -> None:
        """Let it begin so long ago."""
        self.start -= round(seconds * 1e9)
        self._began -= round(seconds * 1e9)

    def fail(self, kind: str, word: str = "") -> None:
        """Mark it as failed; *kind* is its `error.type`."""
        self.attributes["error.type"] = kind
        self.error = word

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.duration / 1e9


def under(parent: Place | None, *, sampled: bool) -> Place:
    """Make a place under *parent*, or that of a new trace."""
    span_id = random.getrandbits(_SPAN_BITS) or 1
    if parent is None:
        return Place(random.getrandbits(_TRACE_BITS) or 1, span_id, sampled)
    return Place(parent.trace_id, span_id, sampled, state=parent.state)
