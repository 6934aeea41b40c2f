"""What the user wants, where, and who can be asked."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from getpass import getpass
from io import StringIO, TextIOWrapper
from pathlib import Path
from typing import NamedTuple, TextIO

from ..clients import Place, System
from .launch import Installation


class Refused(Exception):  # noqa: N818 - it is an answer to the user
    """Why nothing was done, and what can be; *status* is the program's, 2 where the order can't be right."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


class Order(NamedTuple):
    """What is to be done, for the client of that name."""

    client: str
    project: bool = False
    uninstall: bool = False
    show: bool = False
    yes: bool = False


class Terminal(NamedTuple):
    """A person: *ask* puts a question, and so does *secret*, which doesn't show what is typed."""

    ask: Callable[[str], str]
    secret: Callable[[str], str]


class Desk(NamedTuple):
    """Where it happens; without a *terminal* nobody can be asked."""

    place: Place
    installation: Installation
    terminal: Terminal | None
    out: TextIO
    err: TextIO

    @classmethod
    def here(cls) -> Desk:
        """Take this process's own surroundings; raises Refused."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")  # what a console can't show must not end the program
        return cls(
            Place(System.called(sys.platform), os.environ, _directory()),
            Installation.found(os.environ),
            Terminal(input, getpass) if os.isatty(0) else None,
            sys.stdout,
            sys.stderr or StringIO(),
        )


def _directory() -> Path:
    try:
        return Path.cwd()
    except OSError as fault:
        raise Refused(f"the directory you are in can't be used: {fault.strerror}; go to another one") from None
