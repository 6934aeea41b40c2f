"""How the demo looks in a terminal, and in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from .digest import digest
from .spoken import count
from .tally import Call, Tally

_LABEL: Final = 12  # columns
_STDERR_SHOWN: Final = 12  # lines
_SOURCES: Final = {"hit": "yellow", "coalesced": "yellow"}


class Transcript:
    """Writes conversations to *console* as they happen; colour and width are the console's affair."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def title(self, number: int, name: str) -> None:
        """Begin a conversation."""
        self._console.print()
        self._console.print(Text(f"{number}. {name}", "bold"))

    def user(self, text: str) -> None:
        """Show what the user says."""
        self._line(Text("User", "bold cyan"), Text(text))

    def assistant(self, text: str) -> None:
        """Show what the assistant says."""
        self._line(Text("Assistant", "bold green"), Text(text))

    def call(self, call: Call) -> None:
        """Show a tool call and, in one line under it, how its answer came and what it says."""
        self._line(Text("  tool", "dim"), Text.assemble((call.tool, "bold"), _arguments(call.arguments)))
        answer = Text(digest(call.answer), "dim")
        if call.source:
            answer = Text(f"[{call.source}] ", _SOURCES.get(call.source, "dim")) + answer
        answer.truncate(self._console.width - _LABEL, overflow="ellipsis")
        self._line(Text(), answer)

    def checked(self, what: str) -> None:
        """Show that something is as it should be."""
        self._line(Text("  checked", "dim"), Text(what, "dim"))

    def failed(self, what: str, stderr: str) -> None:
        """Show what went wrong, and the end of what the server wrote to *stderr*."""
        self._console.print()
        self._line(Text("Failed", "bold red"), Text(what))
        if tail := stderr.splitlines()[-_STDERR_SHOWN:]:
            self._line(Text("  stderr", "dim"), Text("\n".join(tail), "dim"))

    def summary(self, conversations: int, tally: Tally) -> None:
        """Show a run that came out right, in numbers."""
        self._console.print()
        self._console.print(Text(f"All {conversations} conversations came out right.", "bold green"))
        for label, value in _rows(tally).items():
            self._line(Text(label, "dim"), Text(value))

    def _line(self, label: Text, body: Text) -> None:
        """Write *body* beside its label; a table would fill the lines up with blanks."""
        for line in body.wrap(self._console, self._console.width - _LABEL):
            label.set_length(_LABEL)
            line.rstrip()
            self._console.print(Text.assemble(label, line))
            label = Text()


def _arguments(arguments: Mapping[str, Any]) -> str:
    return "".join(f" {name}={json.dumps(value, ensure_ascii=False)}" for name, value in arguments.items())


def _rows(tally: Tally) -> dict[str, str]:
    writes = tally.calls - tally.reads
    shared = f", {tally.shared} shared with a call under way" if tally.shared else ""
    return {
        "Tool calls": f"{tally.calls}: {count(tally.reads, 'read')}, {count(writes, 'write')}",
        "Cache": f"{tally.cached} of {count(tally.reads, 'read')} answered from it{shared}",
        "Upstream": f"{count(tally.upstream, 'request')} reached LinkTime",
        "Budget": "not told" if tally.budget is None else f"{count(tally.budget, 'request')} left",
        "Time": f"{tally.seconds:.1f} s",
    }
