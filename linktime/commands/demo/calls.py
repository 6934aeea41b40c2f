"""Tool calls as values: one call, its result in one line, and the totals of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from .formatting import count

_LONGEST_SECRET: Final = 10  # characters, with the prefix
# fields that say little to a reader
_HIDDEN: Final = ("id", "createdAt", "updatedAt")
_NAMES: Final = ("name", "inviteeName", "date", "provider", "status", "id")  # the first that an item has identifies it


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call with its result. *notes* is the result's `_meta`."""

    tool: str
    arguments: Mapping[str, Any]
    answer: Mapping[str, Any]
    notes: Mapping[str, Any]
    reads: bool

    @property
    def source(self) -> str:
        """Return how a read was answered: hit, miss, coalesced or off. Return an empty text for a write."""
        return str(self.notes.get("linktime/cache", ""))


@dataclass(frozen=True, slots=True)
class Totals:
    """A run in numbers. *budget* is the requests left at the end, or None if no result has it."""

    calls: int
    reads: int
    cached: int
    shared: int
    budget: int | None
    upstream: int
    seconds: float

    @classmethod
    def of(cls, calls: Iterable[Call], upstream: int, *, seconds: float) -> Self:
        """Add up *calls*, in the order of their results. *upstream* is the number of requests to the service."""
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


def one_line(answer: Mapping[str, Any]) -> str:
    """Summarize a result: slots by number and ends, a list by the names of its items, an object by its fields."""
    # 1. slots, 2. no slots, 3. a list, 4. any other object
    match answer:
        case {"slots": [first, *rest]}:
            last = rest[-1] if rest else first
            return f"{count(1 + len(rest), 'slot')}, {_start(first)} to {_start(last)}"
        case {"slots": []}:
            return "no slots"
        case {"data": list(items)}:
            total = answer.get("pagination", {}).get("total", len(items))
            return f"{total} found" + (": " if items else "") + ", ".join(map(_name, items))
        case _:
            return ", ".join(
                f"{name} {_plain(name, value)}" for name, value in answer.items() if _is_visible(name, value)
            )


def _start(slot: Mapping[str, Any]) -> str:
    return str(slot.get("startTimeLocal", slot["startTime"]))


def _name(item: Any) -> str:
    return next((str(item[name]) for name in _NAMES if item.get(name)), "?") if isinstance(item, dict) else str(item)


def _is_visible(name: str, value: Any) -> bool:
    return isinstance(value, str | int | float) and name not in _HIDDEN


def _plain(name: str, value: Any) -> str:
    if name == "secret":
        return f"{str(value)[:_LONGEST_SECRET]}…"
    return str(value).lower() if isinstance(value, bool) else str(value)
