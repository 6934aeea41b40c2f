"""A user of the installer, with a home folder of their own."""

from __future__ import annotations

import json
import os
import sys
import tomllib
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from stat import S_IMODE
from typing import Any

import json5

from linktime.commands.clients import CLIENTS, Client, Format
from linktime.commands.install import Context, Installation, Options, Refused, Result, Terminal, install
from linktime.commands.install.target import find
from linktime.commands.locations import Environment, System
from tests.support.process import home_variables

KEY = "lt_live_0123456789abcdef"

READERS: dict[Format, Callable[[str], Any]] = {
    Format.JSON: json.loads,
    Format.JSONC: lambda text: json5.loads(text.removeprefix("\ufeff")),
    Format.TOML: tomllib.loads,
}


class User:
    """A user who runs `linktime-mcp install`, with a home folder of their own.

    *answer* and *typed* are what they answer and type as the key on a terminal; without *answer* there is no terminal.
    """

    def __init__(self, home: Path, *, answer: str | None = None, typed: str | None = None, **environ: str) -> None:
        self.home = home
        self.project = home / "project"
        self.project.mkdir(parents=True, exist_ok=True)
        self.environ = home_variables(home) | environ
        self.system = System.called(sys.platform)
        self.installation = Installation.current(os.environ)
        self.questions: list[str] = []
        self.terminal = None if answer is None else Terminal(self._replies(answer), self._replies(typed))
        self.out = self.err = ""
        self.listening = {8787}  # ports that a program on this machine listens on
        self.result: Result | None = None
        self.refusal: Refused | None = None

    def _replies(self, text: str | None) -> Callable[[str], str]:
        def reply(question: str) -> str:
            self.questions.append(question)
            if text is None:
                raise EOFError
            return text

        return reply

    @property
    def environment(self) -> Environment:
        """The environment of this user."""
        return Environment(self.system, self.environ, self.project)

    @property
    def reason(self) -> str | None:
        """Why the installer refused."""
        return self.refusal.reason if self.refusal else None

    @property
    def state(self) -> str | None:
        """What the installer did."""
        return self.result.state if self.result else None

    @property
    def notes(self) -> set[str]:
        """The codes of the notes; each note has its line in the output."""
        notes = self.result.notes if self.result else ()
        assert all(f"- {note.text}\n" in self.out for note in notes if self.state != "printed")
        return {note.code for note in notes}

    def install(self, client: str, **options: Any) -> int:
        """Run the installer and return its status. The rest is in the fields."""
        out, err = StringIO(), StringIO()
        self.result = self.refusal = None
        try:
            context = Context(self.environment, self.installation, self.terminal, out, err, self.listening.__contains__)
            self.result = install(Options(client, **options), context)
        except Refused as refused:
            self.refusal = refused
        self.out, self.err = out.getvalue(), err.getvalue()
        return self.refusal.status if self.refusal else 0

    def file(self, client: str, *, project: bool = False) -> Path:
        """Return the client's file."""
        if project:
            return Path(CLIENTS[client].files(self.environment, project=True)[0])
        return Path(CLIENTS[client].locations(self.environment)[-1][1])

    def copy(self, client: str, *, project: bool = False) -> Path:
        """Return the backup of the client's file."""
        if project:
            return find(CLIENTS[client], self.environment, project=True).backup
        file = self.file(client)
        return file.with_name(f"{file.name}.before-linktime")

    def has(self, client: str, content: str | bytes, *, project: bool = False) -> Path:
        """Write *content* to the client's file."""
        file = self.file(client, project=project)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file


def read(client: Client, file: Path) -> Any:
    """Return the values of a file, read by a parser of other authors."""
    return READERS[client.format](file.read_bytes().decode())


def entry(client: Client, file: Path) -> dict[str, Any]:
    """Return the entry of linktime in a file."""
    server: dict[str, Any] = read(client, file)[client.servers]["linktime"]
    return server


def mode(file: Path) -> int:
    """Return the permissions of a file."""
    return S_IMODE(file.stat().st_mode)
