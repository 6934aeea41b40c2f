"""The places of users' files: the system, its folders, and the location of a client's file in them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import Final, NamedTuple

from ..pipeline.system import MACOS, WINDOWS, account_home, named_home

_PROTECTED: Final = ("Documents", "Desktop", "Downloads")  # folders of macOS that programs may read only with consent


class System(StrEnum):
    """An operating system, by its convention for users' files."""

    LINUX = "linux"
    MACOS = "macos"
    WINDOWS = "windows"

    @classmethod
    def called(cls, platform: str) -> System:
        """Return the system with this name in `sys.platform`."""
        return {MACOS: cls.MACOS, WINDOWS: cls.WINDOWS}.get(platform, cls.LINUX)


_HOME: Final = {System.LINUX: "HOME", System.MACOS: "HOME", System.WINDOWS: "USERPROFILE"}


class Environment(NamedTuple):
    """The inputs of paths: the system, the environment variables, and the working directory."""

    system: System
    variables: Mapping[str, str]
    directory: PurePath

    @classmethod
    def of_process(cls, directory: PurePath) -> Environment:
        """Return the environment of this process in *directory*."""
        return cls.of(sys.platform, os.environ, account_home(sys.platform), directory)

    @classmethod
    def of(cls, platform: str, variables: Mapping[str, str], account_home: str, directory: PurePath) -> Environment:
        """Return an environment on *platform*, as `sys.platform` names it.

        If *variables* name no home folder, it is *account_home*, as for other programs.
        """
        system = System.called(platform)
        home = {_HOME[system]: named_home(platform, variables) or account_home}
        return cls(system, {**variables, **home}, directory)

    @property
    def home(self) -> str:
        """The home folder as the variables spell it, or an empty text."""
        return self.variables.get(_HOME[self.system], "")

    @property
    def is_wsl(self) -> bool:
        """Whether this is Linux inside Windows, where desktop applications run on the Windows side."""
        return self.system is System.LINUX and bool(self.variables.get("WSL_DISTRO_NAME"))

    def path(self, template: str) -> PurePath:
        """Return the path of *template*, which begins with `{home}`, `{config}`, `{local}` or `{NAME:default}`.

        `{NAME:default}` is the folder in the variable NAME, or *default* in the home folder. Raises KeyError with the
        name of the variable if the home folder is not known.
        """
        head, _, rest = template.partition("}")
        name, _, default = head.removeprefix("{").partition(":")
        return self._root(name, default) / rest.removeprefix("/")

    def protects(self, path: str) -> bool:
        """Return whether macOS keeps *path* from programs that the user has not allowed to read it."""
        if self.system is not System.MACOS:
            return False
        return any(PurePosixPath(path).is_relative_to(self.path("{home}") / folder) for folder in _PROTECTED)

    def _root(self, name: str, default: str) -> PurePath:
        windows = self.system is System.WINDOWS
        match name:
            case "home":
                return self._home()
            case "config" if windows:
                return self._folder("APPDATA", "AppData/Roaming")
            case "config" if self.system is System.MACOS:
                return self.path("{home}/Library/Application Support")
            case "config":
                return self._folder("XDG_CONFIG_HOME", ".config")
            case "local":
                return self._folder("LOCALAPPDATA", "AppData/Local")
            case _:
                return self._folder(name, default)

    def _home(self) -> PurePath:
        home = self._native(self.home)
        if not home.is_absolute():
            raise KeyError(_HOME[self.system])
        return home

    def _folder(self, variable: str, default: str) -> PurePath:
        """Return the folder in *variable*. As in the XDG specification, a relative path counts as not set."""
        folder = self._native(self.variables.get(variable, ""))
        return folder if folder.is_absolute() else self.path("{home}") / default

    def _native(self, path: str) -> PurePath:
        return PureWindowsPath(path) if self.system is System.WINDOWS else PurePosixPath(path)


class Location(NamedTuple):
    """A place of a client's file. *folder* exists only if the client is installed, and *file* is below it.

    In the table of clients both are templates for `Environment.path`, and *file* is relative to *folder*.
    """

    folder: str
    file: str

    def paths(self, environment: Environment) -> tuple[PurePath, PurePath]:
        """Return the folder and the file on this machine. Raises KeyError as `Environment.path` does."""
        folder = environment.path(self.folder)
        return folder, folder / self.file
