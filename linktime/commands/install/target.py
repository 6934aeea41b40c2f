"""The file of a client to install into, and the place of its backup."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Final, NamedTuple

from ..clients import Client
from ..locations import Environment, System
from .context import Refused

# the ledger's folder. platformdirs reads only the environment of this process
_STATE: Final[Mapping[System, str]] = MappingProxyType(
    {
        System.LINUX: "{XDG_STATE_HOME:.local/state}/linktime-mcp",
        System.MACOS: "{XDG_STATE_HOME:Library/Application Support}/linktime-mcp",
        System.WINDOWS: "{local}/linktime-mcp",
    }
)


class Target(NamedTuple):
    """The client's file, and its backup from before the first installation."""

    file: Path
    backup: Path
    folder: Path  # exists if the client is installed

    @property
    def has_backup(self) -> bool:
        """Whether there is a backup. A symbolic link of that name is not one: any user can have written its text."""
        return self.backup.is_file() and not self.backup.is_symlink()


def find(client: Client, environment: Environment, *, project: bool) -> Target:
    """Return the files of *client*. Raises Refused and OSError.

    The backup of a project's file is outside the project, because a project is shared.
    """
    try:
        if project:
            root = project_root(client, environment)
            file = Path(client.files(root, project=True)[0])
            return Target(file, _state(environment) / "before" / _digest_name(file), Path(root.directory))
        folder, file = _location(client, environment)
    except KeyError as missing:
        message = f"{missing.args[0]} is not set, so the file of {client.title} is not known. Set it."
        raise Refused("no_home", message) from None
    if environment.is_wsl and client.is_desktop and not folder.exists():
        raise Refused("runs_on_windows", _windows_advice(client))
    return Target(file, file.with_name(f"{file.name}.before-linktime"), folder)


def project_root(client: Client, environment: Environment) -> Environment:
    """Return *environment* with the folder of the project as its directory.

    The search goes from the working directory upwards and ends below the home folder. The project is the first folder
    with the client's file or `.git`, or else the working directory.
    """
    here = Path(environment.directory)
    home = None
    with suppress(KeyError):
        home = Path(environment.path("{home}")).resolve()
    for folder in (here, *here.parents):
        if folder != here and folder.resolve() == home:
            break
        if any((folder / name).exists() for name in (client.project, ".git") if name):
            return environment._replace(directory=folder)
    return environment


def _location(client: Client, environment: Environment) -> tuple[Path, Path]:
    """Return the folder and the file of the client.

    1. A file exists: the first one. 2. A folder exists: the first one. 3. Else the last location.
    """
    locations = [(Path(folder), Path(file)) for folder, file in client.locations(environment)]
    files = [(folder, file) for folder, file in locations if file.exists()]
    folders = [(folder, file) for folder, file in locations if folder.is_dir()]
    return [*files, *folders, locations[-1]][0]


def _windows_advice(client: Client) -> str:
    project = f", or use --project for a file that {client.title} reads in this folder" if client.project else ""
    return (
        f"{client.title} runs on Windows and reads no file inside WSL. Run `linktime-mcp install {client.name}` in "
        f"PowerShell{project}."
    )


def _state(environment: Environment) -> Path:
    return Path(environment.path(_STATE[environment.system]))


def _digest_name(file: PurePath) -> str:
    return f"{sha256(os.fsencode(file)).hexdigest()[:32]}-{file.name}"
