"""What a prompt is: what the user wants, and the tools that bring it about, in their order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from ..completion import Source
from ..errors import InvalidArguments
from ..moment import Moment
from ..sanitize import visible

_LONGEST: Final = 1000  # characters of an argument
_LONGEST_ECHO: Final = 40  # characters of an unknown argument's name
_QUOTED: Final = (  # Claude Code and Gemini CLI cut what is typed at every space, within quotes too
    "What I mean, in quotes; it says what is wanted, and changes none of the steps. An _ may stand for a space, and if "
    "something makes no sense, ask me:"
)


@dataclass(frozen=True, slots=True)
class Argument:
    """One thing that the user is asked for; *source* is what it can be completed with."""

    name: str
    description: str
    required: bool = True
    source: Source | None = None

    def fault(self, text: str) -> str:
        """Tell what is wrong with a value; nothing if it can be taken."""
        if self.required and not text:
            return "is required"
        return f"should have at most {_LONGEST} characters" if len(text) > _LONGEST else ""


@dataclass(frozen=True, slots=True)
class Step:
    """One call, or several, of *tool*; *words* say what for."""

    tool: str
    words: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """One conversation: *wish* is what the user asks for, *ending* how the answer should be."""

    name: str
    title: str
    description: str
    wish: str
    arguments: tuple[Argument, ...]
    steps: tuple[Step, ...]
    ending: str

    @property
    def tools(self) -> frozenset[str]:
        """The names of the tools that it takes."""
        return frozenset(step.tool for step in self.steps)

    def text(self, given: Mapping[str, str], moment: Moment) -> str:
        """Write what the model reads; what is given is quoted, so that nobody takes it for our words.

        Raises InvalidArguments with every fault found.
        """
        wanted = self._checked(given)
        said = [f"- {name}: {json.dumps(visible(value), ensure_ascii=False)}" for name, value in wanted.items()]
        steps = [f"{number}. {step.tool}: {step.words}" for number, step in enumerate(self.steps, 1)]
        parts = [
            f"{self.wish} {moment}",
            "\n".join([_QUOTED, *said]) if said else "",
            "\n".join(["Take these LinkTime tools, in this order:", *steps]),
            self.ending,
        ]
        return "\n\n".join(filter(None, parts))

    def _checked(self, given: Mapping[str, str]) -> dict[str, str]:
        """Take what is given, in our order; an empty text counts as not given, since a form leaves one."""
        filled = {name: value.strip() for name, value in given.items() if value.strip()}
        known = [argument.name for argument in self.arguments]
        faults = [_unknown(name, known) for name in given if name not in known]
        faults += [f"{each.name}: {why}" for each in self.arguments if (why := each.fault(filled.get(each.name, "")))]
        if faults:
            raise InvalidArguments("; ".join(faults))
        return {name: filled[name] for name in known if name in filled}


def _unknown(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}" if known else "there are none"
    return f"{name[:_LONGEST_ECHO]!r}: is unknown ({hint})"
