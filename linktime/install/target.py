"""The file that is to be written, and where it is kept as it was before."""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from ..clients import Client, Place, System
from .desk import Refused
from .disk import chosen

# where the ledger is, too; platformdirs would look at this process's own surroundings
_STATE: Final[Mapping[System, str]] = MappingProxyType(
    {
        System.LINUX: "{XDG_STATE_HOME:.local/state}/linktime-mcp",
        System.MACOS: "{XDG_STATE_HOME:Library/Application Support}/linktime-mcp",
        System.WINDOWS: "{local}/linktime-mcp",
    }
)


class Target(NamedTuple):
    """A client's file, and the copy of what it was before us."""

    file: Path
    copy: Path


def find(client: Client, place: Place, *, project: bool) -> Target:
    """Find both; a project's copy is outside it, for what is in it is passed on. Raises Refused and OSError."""
    try:
        file = chosen([Path(file) for file in client.files(place, project=project)])
        return Target(file, _outside(file, place) if project else file.with_name(f"{file.name}.before-linktime"))
    except KeyError as missing:
        raise Refused(f"{missing.args[0]} is not set, so the file of {client.title} can't be found") from None


def _outside(file: Path, place: Place) -> Path:
    digest = sha256(os.fsencode(file)).hexdigest()[:32]
    return Path(place.path(_STATE[place.system])) / "before" / f"{digest}-{file.name}"
