"""The installer's files while another program has them open, as Windows reports it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from linktime.commands.install import files
from tests.support.file_rights import NEEDS_ROOT, NOBODY, folder, unprivileged

__all__ = ["folder"]

pytestmark = [pytest.mark.posix, NEEDS_ROOT]

STICKY = 0o1777  # only the owner of a file may replace or remove it


@pytest.fixture
def held(folder: Path) -> Path:
    """Return a file that this user can neither replace nor remove until its folder lets go."""
    file = folder / "mcp.json"
    file.write_bytes(b"old")
    file.chmod(0o666)
    folder.chmod(STICKY)
    return file


def change(action: str, file: Path, sleep: Callable[[float], object]) -> None:
    if action == "write":
        files.write(file, b"new", sleep=sleep)
    else:
        files.remove(file, sleep=sleep)


@pytest.mark.parametrize("action", ["write", "remove"])
def test_file_that_is_held_for_a_moment_is_changed(held: Path, action: str) -> None:
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            os.seteuid(0)
            held.parent.chmod(0o777)
            os.seteuid(NOBODY)

    with unprivileged():
        change(action, held, sleep)

    assert held.exists() == (action == "write")
    assert len(pauses) == 3


@pytest.mark.parametrize("action", ["write", "remove"])
def test_file_that_stays_held_is_named(held: Path, action: str) -> None:
    pauses: list[float] = []

    with unprivileged(), pytest.raises(PermissionError) as caught:
        change(action, held, pauses.append)

    assert caught.value.filename == str(held)
    assert sum(pauses) == pytest.approx(1.0)
    assert held.read_bytes() == b"old"
    assert list(held.parent.iterdir()) == [held]
