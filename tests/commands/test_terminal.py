"""The terminal of a command on Windows, whose libraries are an argument, so these tests run on every system."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import pytest

from linktime.commands.terminal import has_user, prepare_streams

STDIN, STDOUT, STDERR = -10, -11, -12


def kernel(modes: dict[int, int]) -> Any:
    """Return libraries of Windows. *modes* are the modes of the standard streams that are consoles."""

    def mode_of(handle: int, mode: Any) -> int:
        if handle in modes:
            mode._obj.value = modes[handle]
        return int(handle in modes)

    console = SimpleNamespace(
        GetStdHandle=lambda number: number, GetConsoleMode=mode_of, SetConsoleMode=modes.__setitem__
    )
    return SimpleNamespace(kernel32=console)


def test_only_a_console_has_a_user() -> None:
    assert has_user("win32", kernel({STDIN: 0})) is True
    assert has_user("win32", kernel({STDOUT: 0})) is False  # stdin is the device NUL, for which isatty is true


def test_stdin_of_a_test_is_asked_on_other_systems() -> None:
    assert has_user("linux") is has_user("darwin") is os.isatty(0)


@pytest.mark.parametrize(
    ("before", "after"),
    [({}, {}), ({STDOUT: 3}, {STDOUT: 7}), ({STDIN: 1, STDOUT: 3, STDERR: 0}, {STDIN: 1, STDOUT: 7, STDERR: 4})],
)
def test_consoles_understand_escape_sequences(before: dict[int, int], after: dict[int, int]) -> None:
    modes = dict(before)

    prepare_streams("linux", kernel(modes))
    assert modes == before
    prepare_streams("win32", kernel(modes))
    assert modes == after
