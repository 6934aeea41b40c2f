"""The transcript: the demo's text on a terminal or in a file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from .calls import Call, Totals, one_line
from .formatting import count

_LABEL: Final = 12  # columns
_STDERR_SHOWN: Final = 12  # lines
_LONGEST_BAR: Final = 40  # columns
_SOURCES: Final = {"hit": "yellow", "coalesced": "yellow"}

_HEADLINE: Final = "LinkTime for AI assistants: a demo"
_INTRODUCTION: Final = (
    "Eight conversations of LinkTime's product page, and a ninth scene about the limits of the service. The user and "
    "the assistant are scripted. The MCP server, its tool calls and the requests are real. They go to a sandbox on "
    "this machine, so they need no account."
)
_SHORT: Final = (
    "The user and the assistant are scripted. The server is real, and LinkTime is a sandbox on this machine."
)
# mark, meaning
_LEGEND: Final = {
    "[miss]": "This read sent a request to LinkTime.",
    "[hit]": "The cache answered this read, so it used none of the 60 requests a minute.",
}
# command, purpose
_NEXT_STEPS: Final = {
    "linktime-mcp demo N": "Play one of the scenes again.",
    "linktime-mcp demo --view": "See the calendar and the free times in a browser.",
    "linktime-mcp sandbox": "Run a sandbox that a client can connect to.",
    "linktime-mcp install CLIENT": "Connect a client to your account.",
}


class Transcript:
    """Writes the demo to *console* as it runs. The console decides about colour and width."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def introduction(self, *, whole: bool = True) -> None:
        """Show the purpose of the demo, and the meaning of its marks. A demo that is not *whole* has a short one."""
        self._console.print(Text(_HEADLINE, "bold"))
        self._console.print()
        for line in Text(_INTRODUCTION if whole else _SHORT).wrap(self._console, self._console.width):
            line.rstrip()
            self._console.print(line)
        self._console.print()
        for mark, meaning in _LEGEND.items():
            self._line(Text(mark, "dim"), Text(meaning, "dim"))

    def title(self, text: str) -> None:
        """Begin a section."""
        self._console.print()
        self._console.print(Text(text, "bold"))

    def user(self, text: str) -> None:
        """Show a message of the user."""
        self._line(Text("User", "bold cyan"), Text(text))

    def assistant(self, text: str) -> None:
        """Show a message of the assistant."""
        self._line(Text("Assistant", "bold green"), Text(text))

    def call(self, call: Call) -> None:
        """Show a tool call, and its result in one line."""
        self._line(Text("  tool", "dim"), Text.assemble((call.tool, "bold"), _arguments(call.arguments)))
        answer = Text(one_line(call.answer), "dim")
        if call.source:
            answer = Text(f"[{call.source}] ", _SOURCES.get(call.source, "dim")) + answer
        answer.truncate(self._console.width - _LABEL, overflow="ellipsis")
        self._line(Text(), answer)

    def note(self, label: str, text: str) -> None:
        """Show an event of the scene. Its *label* is the time."""
        self._line(Text(f"  {label}", "magenta"), Text(text))

    def detail(self, text: str) -> None:
        """Show a sentence that belongs to the line before it."""
        self._line(Text(), Text(text, "dim"))

    def chart(self, title: str, rows: Mapping[str, int]) -> None:
        """Show numbers as bars, each with its label."""
        self._line(Text(), Text(title, "dim"))
        most = max(rows.values(), default=1)
        for label, number in rows.items():
            bar = "█" * math.ceil(_LONGEST_BAR * number / most)
            self._line(Text(f"  {label}", "magenta"), Text.assemble((bar, "green"), " " * bool(bar), str(number)))

    def checked(self, fact: str) -> None:
        """Show a fact that was checked."""
        self._line(Text("  checked", "green"), Text(fact))

    def failed(self, reason: str, stderr: str) -> None:
        """Show why the demo failed, and the end of the server's *stderr*."""
        self._console.print()
        self._line(Text("Failed", "bold red"), Text(reason))
        # The server writes its reason last.
        if tail := stderr.splitlines()[-_STDERR_SHOWN:]:
            self._line(Text("  stderr", "dim"), Text("\n".join(tail), "dim"))

    def summary(self, conversations: int, totals: Totals) -> None:
        """Show the numbers of a successful run."""
        subject = f"All {conversations} conversations" if conversations > 1 else "The conversation"
        self._console.print()
        self._console.print(Text(f"{subject} came out right.", "bold green"))
        for label, value in _rows(totals).items():
            self._line(Text(label, "dim"), Text(value))

    def next_steps(self) -> None:
        """Show the commands to run next."""
        self.title("Next steps")
        width = max(map(len, _NEXT_STEPS)) + 2
        for command, purpose in _NEXT_STEPS.items():
            self._line(Text(f"{command:<{width}}", "bold"), Text(purpose), width)

    def _line(self, label: Text, body: Text, width: int = _LABEL) -> None:
        """Write *body* beside its label. A table of rich would pad the lines with blanks."""
        for line in body.wrap(self._console, self._console.width - width):
            label.set_length(width)
            line.rstrip()
            self._console.print(Text.assemble(label, line))
            label = Text()


SILENT: Final = Transcript(Console(quiet=True))
"""A transcript that writes nothing."""


def _arguments(arguments: Mapping[str, Any]) -> str:
    return "".join(f" {name}={json.dumps(value, ensure_ascii=False)}" for name, value in arguments.items())


def _rows(totals: Totals) -> dict[str, str]:
    writes = totals.calls - totals.reads
    shared = f", {totals.shared} shared with a call in flight" if totals.shared else ""
    return {
        "Tool calls": f"{totals.calls}: {count(totals.reads, 'read')}, {count(writes, 'write')}",
        "Cache": f"{totals.cached} of {count(totals.reads, 'read')} answered from it{shared}",
        "Upstream": f"{count(totals.upstream, 'request')} reached LinkTime",
        "Budget": "unknown" if totals.budget is None else f"{count(totals.budget, 'request')} left",
        "Time": f"{totals.seconds:.1f} s",
    }
