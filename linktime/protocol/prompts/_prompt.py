"""A prompt: a request of the user, the tools that fulfil it in order, the prohibitions, and the form of the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ...errors import InvalidArguments
from ...sanitize import visible
from ...sanitize.spelling import renamed
from ...tools.suggest import suggest
from ..completion_sources import Source
from ..today import Moment

_LONGEST: Final = 1000  # characters in the value of an argument
_LONGEST_ECHO: Final = 40  # characters of an unknown name that an error repeats
# Claude Code and Gemini CLI split the text that a user types at every space, even within quotes.
_QUOTED: Final = (
    "My words, in quotes. They describe the request and do not change the steps. An _ can stand for a space. If "
    "something makes no sense, ask me:"
)


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument that the user fills in.

    *source* has the values for completion, if any. *known* returns the normal form of a value, or None if the value is
    in the user's own words.
    """

    name: str
    description: str
    required: bool = True
    source: Source | None = None
    known: Callable[[str], str | None] = lambda _: None

    def fault(self, text: str) -> str:
        """Return the fault of a value, or an empty text if it is valid."""
        if self.required and not text:
            return "is required"
        return f"must have at most {_LONGEST} characters" if len(text) > _LONGEST else ""


@dataclass(frozen=True, slots=True)
class Step:
    """One or more calls of *tool*. *words* are its instructions for the model."""

    tool: str
    words: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """One conversation, which is also a skill.

    *occasion* is the case for which a model uses the skill. *wish* is the request of the user in the prompt. *never*
    has the prohibitions, each as an imperative. *ending* describes the final answer. All but *wish* are without a
    first person, because both forms share them.
    """

    name: str
    title: str
    description: str
    occasion: str
    wish: str
    arguments: tuple[Argument, ...]
    steps: tuple[Step, ...]
    never: tuple[str, ...]
    ending: str

    @property
    def tools(self) -> frozenset[str]:
        """Return the names of the tools in the steps."""
        return frozenset(step.tool for step in self.steps)

    @property
    def numbered(self) -> str:
        """Return the steps as a numbered list."""
        return "\n".join(f"{number}. {step.tool}: {step.words}" for number, step in enumerate(self.steps, 1))

    @property
    def prohibitions(self) -> str:
        """Return the prohibitions as a list."""
        return "\n".join(f"- {each}" for each in self.never)

    def text(self, arguments: Mapping[str, str], moment: Moment) -> str:
        """Return the text for the model. It quotes the *arguments*, so that they do not read as instructions.

        Raises:
            InvalidArguments: The message names every fault.
        """
        values = self._checked(arguments)
        quoted = [f"- {name}: {json.dumps(visible(value), ensure_ascii=False)}" for name, value in values.items()]
        parts = [
            f"{self.wish} {moment}",
            "\n".join([_QUOTED, *quoted]) if quoted else "",
            f"Use these LinkTime tools, in this order:\n{self.numbered}",
            f"Never:\n{self.prohibitions}",
            self.ending,
        ]
        return "\n\n".join(filter(None, parts))

    def _checked(self, arguments: Mapping[str, str]) -> dict[str, str]:
        """Return the values in the order of the prompt. An empty value counts as missing, because forms send one."""
        known = [argument.name for argument in self.arguments]
        try:
            named = renamed(arguments, known)
        except ValueError as fault:
            raise InvalidArguments(str(fault)) from None
        filled = {name: value.strip() for name, value in named.items() if value.strip()}
        faults = [_unknown(name, known) for name in named if name not in known]
        faults += [f"{each.name}: {why}" for each in self.arguments if (why := each.fault(filled.get(each.name, "")))]
        if faults:
            raise InvalidArguments("; ".join(faults))
        return {each.name: each.known(value) or value for each in self.arguments if (value := filled.get(each.name))}


def _unknown(name: str, known: list[str]) -> str:
    near = suggest(name, known)
    hint = f"did you mean {near}?" if near else f"known are {', '.join(known)}" if known else "there are none"
    return f"{name[:_LONGEST_ECHO]!r}: is unknown ({hint})"
