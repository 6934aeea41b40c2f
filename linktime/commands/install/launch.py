"""The command that starts this installation from any directory."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Mapping
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any, Final, NamedTuple

NAME: Final = "linktime-mcp"

# Environments that uv and pipx create for a single run and delete later: <cache>/archive-v0/<16 characters or more>,
# <cache>/builds-v0/.tmp<6>, <cache>/environments-v2/<name>-<hash>, <pipx home>/.cache/<hash> or <cache>/pipx/<hash>
_UV: Final = re.compile(
    r"[/\\](archive-v\d+[/\\][\w-]{16,}|builds-v\d+[/\\]\.tmp\w+|environments-v\d+[/\\][^/\\]+-[0-9a-f]{16})[/\\]?$"
)
_PIPX: Final = re.compile(r"[/\\](pipx|\.cache|Cache)[/\\][0-9a-f]{15}$")
_LOGIN: Final = re.compile(r"(?<=://)[^/]*:[^/]*@|(?<=https://)[^/]*@|(?<=http://)[^/]*@")  # a password, or a token


class Launch(NamedTuple):
    """A command, its arguments, and the environment variables that it needs."""

    command: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = {}


class TemporaryInstallation(Exception):
    """The installation will be deleted, and the program that creates it again is not known.

    *command* is the command that installs permanently.
    """

    def __init__(self, command: str) -> None:
        cure = f"Install it permanently with `{command}`, then run `{NAME} install` again."
        super().__init__(f"This installation is temporary. {cure}")
        self.command = command


class Installation(NamedTuple):
    """How the program was installed."""

    prefix: str  # of the Python environment
    python: str  # the interpreter
    script: str | None  # the script linktime-mcp
    version: str | None  # None if the package runs from a folder without installation
    origin: Mapping[str, Any] | None  # direct_url.json; None if the package is from an index
    source: str  # the folder that contains the package
    uv: str | None  # the program uv
    pipx: str | None

    @classmethod
    def current(cls, environ: Mapping[str, str]) -> Installation:
        """Return the installation of the running program. uv passes its own path in the variable UV."""
        installed = next(iter(Distribution.discover(name=NAME)), None)
        path = environ.get("PATH")
        return cls(
            sys.prefix,
            sys.executable,
            _script(installed) if installed else None,
            installed.version if installed else None,
            json.loads((installed and installed.read_text("direct_url.json")) or "null"),
            str(Path(__file__).parents[3]),
            environ.get("UV") or shutil.which("uv", path=path),
            shutil.which("pipx", path=path),
        )

    def launch(self) -> Launch:
        """Return the command. Raises TemporaryInstallation."""
        # 1. A temporary environment of uv or pipx: the command creates it again.
        if _UV.search(self.prefix):
            if self.uv is None:
                raise TemporaryInstallation("uv tool install")
            return Launch(self.uv, ("tool", "run", "--from", self._requirement(), NAME))
        if _PIPX.search(self.prefix):
            if self.pipx is None:
                raise TemporaryInstallation("pipx install")
            return Launch(self.pipx, ("run", "--spec", self._requirement(), NAME))
        # 2. A permanent installation with a script.
        if self.script:
            return Launch(self.script)
        # 3. A module. A folder without installation must be on the path.
        return Launch(self.python, ("-m", "linktime"), {} if self.version else {"PYTHONPATH": self.source})

    def _requirement(self) -> str:
        """Return a pip requirement for this installation, without credentials, because it goes into a client's file."""
        folder = (self.origin or {}).get("subdirectory")
        within = f"#subdirectory={folder}" if folder else ""
        # A repository at its commit, a folder or an archive, or a version from the index.
        match self.origin:
            case {"url": str(url), "vcs_info": {"vcs": str(vcs), "commit_id": str(commit)}}:
                return f"{NAME} @ {vcs}+{_LOGIN.sub('', url)}@{commit}{within}"
            case {"url": str(url)}:
                return f"{NAME} @ {_LOGIN.sub('', url)}{within}"
            case _:
                return f"{NAME}=={self.version}"


def _script(installed: Distribution) -> str | None:
    """Return the path of the script that pip, uv or pipx created, if it still exists."""
    paths = (os.path.normpath(str(installed.locate_file(file))) for file in installed.files or () if file.stem == NAME)
    return next((path for path in paths if Path(path).is_file()), None)
