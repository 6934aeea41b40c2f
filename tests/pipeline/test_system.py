"""The system's own answers. The libraries of Windows are an argument, so these tests run on every system."""

from __future__ import annotations

import sys
import time
from ctypes import c_uint64
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from linktime.pipeline.clock import clock_of
from linktime.pipeline.system import account_home, named_home, windows

HOME = r"C:\Users\Zoë O'Ünï 中文"


def shell(path: str, status: int = 0) -> Any:
    """Return libraries that answer *path* and *status* for the folder of the profile."""

    def folder(_window: None, folder: int, _token: None, _flags: int, buffer: Any) -> int:
        assert folder == 0x28
        buffer.value = path
        return status

    return SimpleNamespace(shell32=SimpleNamespace(SHGetFolderPathW=folder))


@pytest.mark.parametrize(
    ("platform", "environ", "home"),
    [
        ("win32", {"USERPROFILE": HOME, "HOMEDRIVE": "D:", "HOMEPATH": "\\other", "HOME": "/c/git"}, HOME),
        ("win32", {"HOMEDRIVE": "C:", "HOMEPATH": r"\Users\Ada"}, r"C:\Users\Ada"),
        ("win32", {"USERPROFILE": "", "HOME": "/c/git"}, ""),
        ("darwin", {"HOME": "/Users/Ada Ünï/"}, "/Users/Ada Ünï/"),
        ("linux", {"HOME": "/home/ada", "USERPROFILE": HOME}, "/home/ada"),
        ("linux", {}, ""),
    ],
)
def test_environment_names_a_home(platform: str, environ: dict[str, str], home: str) -> None:
    assert named_home(platform, environ) == home


def test_windows_knows_the_home_of_the_account() -> None:
    assert account_home("win32", shell(HOME)) == HOME
    assert account_home("win32", shell(HOME, status=-1)) == ""


def test_account_of_this_process_has_a_home() -> None:
    assert Path(account_home(sys.platform)).is_absolute()


def test_windows_counts_the_milliseconds_since_the_start() -> None:
    readings = iter([500, 2**32 + 250])

    def ticks() -> int:
        return next(readings)

    clock = clock_of("win32", SimpleNamespace(kernel32=SimpleNamespace(GetTickCount64=ticks)))

    assert [clock(), clock()] == [0.5, 4_294_967.546]
    assert vars(ticks)["restype"] is c_uint64  # the default would wrap after 25 days


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has its libraries")
def test_only_windows_has_its_libraries() -> None:
    with pytest.raises(KeyError):
        windows()
    assert 0 <= clock_of("darwin")() <= clock_of("linux")() < time.time()
