"""The scripted assistant: it calls real tools, and every step is checked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from mcp import Client, MCPError

from .calls import Call
from .transcript import Transcript

Clock = Callable[[], datetime]

_T = TypeVar("_T")


class StepFailed(Exception):
    """A step with a wrong outcome. The message names the step and the outcome."""


class Assistant:
    """An assistant that talks to a user and calls tools through *client*.

    *reads* has the names of the read-only tools. *now* returns the current time. *calls* are the successful calls.
    """

    def __init__(self, client: Client, transcript: Transcript, reads: Collection[str], now: Clock) -> None:
        # how to act
        self._client = client
        self._transcript = transcript
        self._reads = reads
        self.now = now
        # the result
        self.calls: list[Call] = []

    def prompt(self, text: str) -> None:
        """Show a message of the user."""
        self._transcript.user(text)

    def say(self, text: str) -> None:
        """Show a message of the assistant."""
        self._transcript.assistant(text)

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call *tool*, show the call and return its result. Write the argument `from` as `from_`.

        Raises:
            StepFailed: The result is an error or is missing.
        """
        call = await self.request(tool, {name.rstrip("_"): value for name, value in arguments.items()})
        self.calls.append(call)
        self._transcript.call(call)
        return dict(call.answer)

    async def request(self, tool: str, arguments: Mapping[str, Any]) -> Call:
        """Call *tool* without showing the call.

        Raises:
            StepFailed: The result is an error or is missing.
        """
        try:
            result = await self._client.call_tool(tool, dict(arguments))
        except (MCPError, RuntimeError) as error:  # RuntimeError: the result does not fit the tool's schema
            raise StepFailed(f"{tool} had no usable answer: {error}") from error
        if result.is_error:
            raise StepFailed(f"{tool} answered {' '.join(getattr(part, 'text', '') for part in result.content)}")
        return Call(tool, arguments, result.structured_content or {}, result.meta or {}, reads=tool in self._reads)

    def check(self, outcome: bool, fact: str) -> None:  # noqa: FBT001 - reads as a sentence: check(outcome, "fact")
        """Show that *fact* is true.

        Raises:
            StepFailed: It is not.
        """
        if not outcome:
            raise StepFailed(f"not so: {fact}")
        self._transcript.checked(fact)

    def find(self, items: Iterable[_T], matches: Callable[[_T], bool], description: str) -> _T:
        """Return the first of *items* that matches.

        Raises:
            StepFailed: No item matches.
        """
        for item in items:
            if matches(item):
                return item
        raise StepFailed(f"there is no {description}")


@contextmanager
def explain_failures(place: str, assistant: Assistant) -> Iterator[None]:
    """Add *place* to the message of a failure in this block, and explain a result of an unexpected shape."""
    try:
        yield
    except StepFailed as failure:
        raise StepFailed(f"{place}: {failure}") from failure
    except (AttributeError, LookupError, TypeError, ValueError) as fault:
        tool = assistant.calls[-1].tool if assistant.calls else "the first call"
        reason = f"the answer to {tool} cannot be read ({type(fault).__name__}: {fault})"
        raise StepFailed(f"{place}: {reason}") from fault
