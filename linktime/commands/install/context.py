"""The installer's inputs: options, environment, and the terminal, if there is one."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from getpass import getpass
from io import StringIO
from pathlib import Path
from typing import Literal, NamedTuple, TextIO

from ..clients import SANDBOX_PORT
from ..locations import Environment
from ..terminal import has_user
from .launch import Installation

Reason = Literal[
    "changed_meanwhile",
    "encoding",
    "invalid_key",
    "invalid_settings",
    "no_directory",
    "no_home",
    "no_project_file",
    "no_terminal",
    "runs_on_windows",
    "system",
    "temporary_installation",
    "unknown_client",
    "unreadable",
]


class Refused(Exception):
    """The installer refuses and changes no file. The text has the reason and the fix.

    *status* is the exit status of the program: 2 if the command line or a setting is wrong, else 1.
    """

    def __init__(self, reason: Reason, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.reason: Reason = reason
        self.status = status


class Options(NamedTuple):
    """The command line. *client* is a name in the table of clients."""

    client: str
    project: bool = False
    uninstall: bool = False
    show: bool = False  # --print
    yes: bool = False
    sandbox: bool = False  # an entry for a local sandbox
    port: int = SANDBOX_PORT  # of that sandbox

    @property
    def sandbox_command(self) -> str:
        """The command that starts the sandbox of the entry."""
        return "linktime-mcp sandbox" + ("" if self.port == SANDBOX_PORT else f" --port {self.port}")


class Terminal(NamedTuple):
    """The user. *ask* shows a question and returns the answer. *secret* hides the typed answer."""

    ask: Callable[[str], str]
    secret: Callable[[str], str]


def _listens(port: int) -> bool:
    """Return whether a program on this machine accepts connections on *port*."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.5).close()
    except OSError:
        return False
    return True


class Context(NamedTuple):
    """The inputs and outputs of the installer. Without a *terminal* it cannot ask the user.

    *listens* returns whether a program on this machine listens on a port.
    """

    environment: Environment
    installation: Installation
    terminal: Terminal | None
    out: TextIO
    err: TextIO
    listens: Callable[[int], bool] = _listens

    @classmethod
    def current(cls) -> Context:
        """Return the context of this process. Raises Refused if the working directory is gone."""
        return cls(
            Environment.of_process(_directory()),
            Installation.current(os.environ),
            Terminal(input, getpass) if has_user() else None,
            sys.stdout,
            sys.stderr or StringIO(),
        )


def _directory() -> Path:
    try:
        return Path.cwd()
    except OSError as fault:
        message = f"The current directory cannot be used: {fault.strerror}. Change to another one."
        raise Refused("no_directory", message) from None
