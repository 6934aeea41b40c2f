"""What the calls of a run add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call and its answer; *notes* is the result's `_meta`, which tells how the answer came."""

    tool: str
    arguments: Mapping[str, Any]
    answer: Mapping[str, Any]
    notes: Mapping[str, Any]
    reads: bool

    @property
    def source(self) -> str:
        """How a read was answered: hit, miss, coalesced, off, or nothing for a write."""
        return str(self.notes.get("linktime/cache", ""))


@dataclass(frozen=True, slots=True)
class Tally:
    """A run in numbers; *budget* is None where the server did not tell what is left of it."""

    calls: int
    reads: int
    cached: int
    shared: int
    budget: int | None
    upstream: int
    seconds: float

    @classmethod
    def of(cls, calls: Iterable[Call], upstream: int, *, seconds: float) -> Self:
        """Add up *calls*, in the order of their answers."""
        calls = tuple(calls)
        sources = [call.source for call in calls]
        left = [
            int(call.notes["linktime/budgetRemaining"]) for call in calls if "linktime/budgetRemaining" in call.notes
        ]
        return cls(
            calls=len(calls),
            reads=sum(call.reads for call in calls),
            cached=sources.count("hit"),
            shared=sources.count("coalesced"),
            budget=left[-1] if left else None,
            upstream=upstream,
            seconds=seconds,
        )
