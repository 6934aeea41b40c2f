"""A user at the installer's desk, with a home of their own."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable
from hashlib import sha256
from io import StringIO
from pathlib import Path
from stat import S_IMODE
from typing import Any

import json5

from linktime.clients import CLIENTS, Client, Format, Place, System
from linktime.install import Desk, Installation, Order, Terminal, install

KEY = "lt_live_0123456789abcdef"

READERS: dict[Format, Callable[[str], Any]] = {
    Format.JSON: json.loads,
    Format.JSONC: lambda text: json5.loads(text.removeprefix("\ufeff")),
    Format.TOML: tomllib.loads,
}


class User:
    """Someone who runs `linktime-mcp install`; what they *answer* and *typed* as the key is asked for on a terminal."""

    def __init__(self, home: Path, *, answer: str | None = None, typed: str | None = None, **environ: str) -> None:
        self.home = home
        self.project = home / "project"
        self.project.mkdir(exist_ok=True)
        self.environ = {"HOME": str(home)} | environ
        self.system = System.LINUX
        self.installation = Installation.found(os.environ)
        self.asked: list[str] = []
        self.terminal = None if answer is None else Terminal(self._says(answer), self._says(typed))
        self.out = self.err = ""

    def _says(self, text: str | None) -> Callable[[str], str]:
        def say(question: str) -> str:
            self.asked.append(question)
            if text is None:
                raise EOFError
            return text

        return say

    @property
    def place(self) -> Place:
        """Where the user is."""
        return Place(self.system, self.environ, self.project)

    def install(self, client: str, **options: bool) -> int:
        """Run the installer; what it says is in *out* and *err*."""
        out, err = StringIO(), StringIO()
        status = install(Order(client, **options), Desk(self.place, self.installation, self.terminal, out, err))
        self.out, self.err = out.getvalue(), err.getvalue()
        return status

    def file(self, client: str, *, project: bool = False) -> Path:
        """Name the client's file."""
        return Path(CLIENTS[client].files(self.place, project=project)[-1])

    def copy(self, client: str, *, project: bool = False) -> Path:
        """Name the place where the client's file is kept as it was."""
        file = self.file(client, project=project)
        if not project:
            return file.with_name(f"{file.name}.before-linktime")
        digest = sha256(bytes(file)).hexdigest()[:32]
        return self.home / ".local" / "state" / "linktime-mcp" / "before" / f"{digest}-{file.name}"

    def has(self, client: str, content: str | bytes, *, project: bool = False) -> Path:
        """Put *content* into the client's file."""
        file = self.file(client, project=project)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file


def read(client: Client, file: Path) -> Any:
    """Read a file with a parser that is not ours."""
    return READERS[client.format](file.read_bytes().decode())


def entry(client: Client, file: Path) -> dict[str, Any]:
    """Read our entry from a file."""
    found: dict[str, Any] = read(client, file)[client.servers]["linktime"]
    return found


def mode(file: Path) -> int:
    """Read who may do what with a file."""
    return S_IMODE(file.stat().st_mode)
