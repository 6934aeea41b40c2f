"""How a kind of write is verified: each tool that writes declares it, and its request carries it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ...message import Request, Send, get
from .evidence import Check, Write
from .new_rows import kept

Advise = Callable[[Send, Write], Awaitable[str]]
"""Returns the next step after a conflict, empty if no step helps. It raises the errors of its reads."""


class Way(NamedTuple):
    """One way to verify a write: the read to make, and the check of its answer."""

    read: Callable[[Write], Request]
    check: Check


@dataclass(frozen=True, slots=True)
class Verification:
    """The *ways* to verify a write, the next one if one is not conclusive. *hint* is what the model can do itself.

    *detail* is the route that shows a row of a list whole, with its age. A write without an id in its path makes a row,
    unless it *replaces* one. *advise* returns the next step after a conflict.
    """

    ways: tuple[Way, ...]
    hint: str
    detail: str = ""
    replaces: bool = False
    advise: Advise | None = None

    def of_row(self, ident: Any) -> Verification:
        """Return how to verify that the new row *ident*, which LinkTime has answered, is still there."""
        return replace(self, ways=tuple(Way(way.read, kept(ident)) for way in self.ways), detail="")


def verification_of(request: Request) -> Verification | None:
    """Return how *request* is verified, None for a read."""
    return request.verification if isinstance(request.verification, Verification) else None


def read_row(route: str) -> Callable[[Write], Request]:
    """Return a function that reads the row of a write."""
    return lambda write: get(route, write.ident)


def read_whole(route: str) -> Callable[[Write], Request]:
    """Return a function that reads a list, or a single object."""
    return lambda _: get(route)
