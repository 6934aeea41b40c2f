"""The command that starts this very installation again, from anywhere."""

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

# What uv and pipx keep for a run alone, and prune: <cache>/archive-v0/<16 characters or more>,
# <cache>/builds-v0/.tmp<6>, <cache>/environments-v2/<name>-<hash>, <pipx home>/.cache/<hash> or <cache>/pipx/<hash>
_UV: Final = re.compile(
    r"[/\\](archive-v\d+[/\\][\w-]{16,}|builds-v\d+[/\\]\.tmp\w+|environments-v\d+[/\\][^/\\]+-[0-9a-f]{16})[/\\]?$"
)
_PIPX: Final = re.compile(r"[/\\](pipx|\.cache|Cache)[/\\][0-9a-f]{15}$")
_LOGIN: Final = re.compile(r"(?<=://)[^/]*:[^/]*@|(?<=https://)[^/]*@|(?<=http://)[^/]*@")  # a password, or a token


class Launch(NamedTuple):
    """A command, its arguments, and the variables that it needs."""

    command: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = {}


class Nowhere(Exception):  # noqa: N818 - it is the finding, and its text tells the user what to do
    """This installation will be gone, and nothing is known that makes it again."""


class Installation(NamedTuple):
    """What tells how the program was installed.

    *script* is its own script, where there is one; *origin* is what direct_url.json says of the source, nothing for an
    index; *version* is None where it runs from a folder without being installed; *source* is where the package lies.
    """

    prefix: str
    python: str
    script: str | None
    version: str | None
    origin: Mapping[str, Any] | None
    source: str
    uv: str | None
    pipx: str | None

    @classmethod
    def found(cls, environ: Mapping[str, str]) -> Installation:
        """Look at the running program; uv tells its children where it is."""
        installed = next(iter(Distribution.discover(name=NAME)), None)
        path = environ.get("PATH")
        return cls(
            sys.prefix,
            sys.executable,
            _script(installed) if installed else None,
            installed.version if installed else None,
            json.loads((installed and installed.read_text("direct_url.json")) or "null"),
            str(Path(__file__).parents[2]),
            environ.get("UV") or shutil.which("uv", path=path),
            shutil.which("pipx", path=path),
        )

    def launch(self) -> Launch:
        """Decide on the command; raises Nowhere."""
        if _UV.search(self.prefix):
            if self.uv is None:
                raise Nowhere(_keep("uv tool install"))
            return Launch(self.uv, ("tool", "run", "--from", self._requirement(), NAME))
        if _PIPX.search(self.prefix):
            if self.pipx is None:
                raise Nowhere(_keep("pipx install"))
            return Launch(self.pipx, ("run", "--spec", self._requirement(), NAME))
        if self.script:
            return Launch(self.script)
        return Launch(self.python, ("-m", "linktime"), {} if self.version else {"PYTHONPATH": self.source})

    def _requirement(self) -> str:
        """Name this same package, as installers take it, but without a login, which is to be in no client's file."""
        folder = (self.origin or {}).get("subdirectory")
        within = f"#subdirectory={folder}" if folder else ""
        match self.origin:
            case {"url": str(url), "vcs_info": {"vcs": str(vcs), "commit_id": str(commit)}}:
                return f"{NAME} @ {vcs}+{_LOGIN.sub('', url)}@{commit}{within}"
            case {"url": str(url)}:
                return f"{NAME} @ {_LOGIN.sub('', url)}{within}"
            case _:
                return f"{NAME}=={self.version}"


def _keep(command: str) -> str:
    return f"this installation is a temporary one; install it to stay, with `{command}`, and run `{NAME} install` again"


def _script(installed: Distribution) -> str | None:
    """Find the script that the installer made, where it still is."""
    paths = (os.path.normpath(str(installed.locate_file(file))) for file in installed.files or () if file.stem == NAME)
    return next((path for path in paths if Path(path).is_file()), None)
