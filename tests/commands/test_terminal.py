"""The user at the terminal, with the libraries of Windows as an argument."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import pytest

from linktime.commands.terminal import has_user

CONSOLE, NUL = 0x50, 0x54


def kernel(stdin: int) -> Any:
    """Return libraries of a process whose stdin is this handle. Only a console has a mode."""

    def handle(number: int) -> int:
        assert number == -10
        return stdin

    return SimpleNamespace(
        kernel32=SimpleNamespace(GetStdHandle=handle, GetConsoleMode=lambda each, _: int(each == CONSOLE))
    )


@pytest.mark.parametrize(("stdin", "user"), [(CONSOLE, True), (NUL, False)])
def test_only_a_console_of_windows_has_a_user(stdin: int, *, user: bool) -> None:
    assert has_user("win32", kernel(stdin)) is user


def test_stdin_of_the_tests_has_no_user() -> None:
    assert has_user("linux") is has_user("darwin") is os.isatty(0)
