"""A confirmation: how a tool declares the question to the user before its call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..message import Request

Details = Mapping[str, Any]
"""The answer of the lookup before a question. It is empty if the lookup failed."""


class Confirmation(NamedTuple):
    """The confirmation of one tool: *question* is made from the request and the answer of *lookup*.

    *lookup* is the name of a tool that reads, empty if none is needed, and *ident* its argument for the id, if it has
    one. *fault* returns an error for a request that a question can't show whole. *done* returns an error if there is
    nothing left to confirm. *needed* returns whether a request needs the confirmation. *targets* returns the values of
    a request that decide where guests' data goes.
    """

    lookup: str
    question: Callable[[Request, Details], str]
    ident: str = ""
    fault: Callable[[Request], str] = lambda _: ""
    done: Callable[[Details], str] = lambda _: ""
    needed: Callable[[Request], bool] = lambda _: True
    targets: Callable[[Request], Any] | None = None

    @property
    def is_outward(self) -> bool:
        """Whether the call may send guests' data out."""
        return self.targets is not None

    def warning(self, words: str) -> Confirmation:
        """Return the confirmation with *words* before its question."""
        return self._replace(question=lambda request, details: f"{words} {self.question(request, details)}")

    def arguments(self, request: Request) -> Mapping[str, Any]:
        """Return the arguments of the lookup."""
        return {self.ident: request.ident} if self.ident else {}

    def gist(self, request: Request, details: Details) -> str:
        """Return the question without local times, which depend on whether the account's zone is known."""
        return self.question(request, {name: each for name, each in details.items() if not name.endswith("Local")})
