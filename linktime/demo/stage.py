"""Where a conversation takes place: the user asks, the assistant calls tools and answers, and every step is checked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any, TypeVar

from mcp import Client, MCPError

from .tally import Call
from .transcript import Transcript

Clock = Callable[[], datetime]

_T = TypeVar("_T")


class StepFailed(Exception):  # noqa: N818 - it is the demo's outcome before it is an error
    """A step that did not come out right; its text says which and how."""


class Stage:
    """A user and an assistant before *client*; *reads* names the tools that only read, *now* is everybody's clock."""

    def __init__(self, client: Client, transcript: Transcript, reads: Collection[str], now: Clock) -> None:
        self._client = client
        self._transcript = transcript
        self._reads = reads
        self.now = now
        self.calls: list[Call] = []

    def ask(self, text: str) -> None:
        """Let the user speak."""
        self._transcript.user(text)

    def say(self, text: str) -> None:
        """Let the assistant speak."""
        self._transcript.assistant(text)

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Let the assistant call *tool*, and return its answer; the argument `from` is written `from_` here.

        Raises StepFailed where there is no answer, or an error.
        """
        given = {name.rstrip("_"): value for name, value in arguments.items()}
        try:
            result = await self._client.call_tool(tool, given)
        except (
            MCPError,
            RuntimeError,
        ) as error:  # the SDK's client raises the latter where an answer breaks its schema
            raise StepFailed(f"{tool} had no usable answer: {error}") from error
        if result.is_error:
            raise StepFailed(f"{tool} answered {' '.join(getattr(part, 'text', '') for part in result.content)}")
        call = Call(tool, given, result.structured_content or {}, result.meta or {}, reads=tool in self._reads)
        self.calls.append(call)
        self._transcript.call(call)
        return dict(call.answer)

    def check(self, outcome: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence: check(so, "it is so")
        """Go on only if *what* is so."""
        if not outcome:
            raise StepFailed(f"not so: {what}")
        self._transcript.checked(what)

    def find(self, items: Iterable[_T], wanted: Callable[[_T], bool], what: str) -> _T:
        """Return the first of *items* that is *wanted*, or fail."""
        for item in items:
            if wanted(item):
                return item
        raise StepFailed(f"there is no {what}")
