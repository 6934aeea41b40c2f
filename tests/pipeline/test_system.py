"""The system's own answers. The libraries of Windows are an argument, so these tests run on every system."""

from __future__ import annotations

import errno
import os
import socket
import sys
import time
from ctypes import c_uint64
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from linktime.pipeline.clock import clock_of
from linktime.pipeline.rest.connector import is_readable, reason_of
from linktime.pipeline.system import account_home, has_reader, is_same_file, named_home, reader_check, windows

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


def test_macos_counts_sleep_by_its_monotonic_clock() -> None:
    clocks = SimpleNamespace(CLOCK_MONOTONIC=6, clock_gettime=lambda clock: clock / 2)

    assert clock_of("darwin", clocks=clocks)() == 3


def kernel(handles: dict[int, int], *, state: int = 3, failure: int = 0) -> Any:
    """Return libraries with the *handles* of descriptors, each behind a pipe in this *state*."""

    def query(handle: Any, _status: Any, numbers: Any, size: int, kind: int) -> int:
        assert (handle.value in handles.values(), size, kind) == (True, 40, 24)
        numbers._obj[8] = state  # of FILE_PIPE_LOCAL_INFORMATION
        return failure

    def handle_of(descriptor: int) -> int:
        return handles[descriptor]

    return SimpleNamespace(
        ucrtbase={"_get_osfhandle": handle_of},
        kernelbase=SimpleNamespace(CompareObjectHandles=lambda one, other: one.value // 10 == other.value // 10),
        ntdll=SimpleNamespace(NtQueryInformationFile=query),
    )


@pytest.mark.parametrize(("other", "expected"), [(41, True), (51, False)])
def test_windows_compares_pipes_by_their_handles(other: int, *, expected: bool) -> None:
    def unnumbered(_: int) -> os.stat_result:
        return os.stat_result((0o10000, *[0] * 9))

    assert is_same_file(1, 2, "win32", status=unnumbered, libraries=kernel({1: 40, 2: other})) is expected


@pytest.mark.parametrize("platform", ["win32", "linux"])
def test_files_are_compared_by_their_numbers(platform: str, tmp_path: Path) -> None:
    with (tmp_path / "one").open("w") as one, (tmp_path / "two").open("w") as two:
        copy = os.dup(one.fileno())

        same = [is_same_file(one.fileno(), each, platform) for each in (copy, two.fileno())]
        os.close(copy)

    assert same == [True, False]


@pytest.mark.parametrize(
    ("state", "failure", "expected"), [(3, 0, True), (4, 0, False), (1, 0, False), (4, -1073741790, True)]
)
def test_windows_knows_the_state_of_a_pipe(state: int, failure: int, *, expected: bool) -> None:
    assert reader_check("win32", kernel({7: 70}, state=state, failure=failure))(7) is expected


def test_pipe_without_a_reader_is_known(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with (tmp_path / "file").open("w") as file:
        before = has_reader(writing), has_reader(file.fileno())
        os.close(reading)
        after = has_reader(writing)
        os.close(writing)

    assert (before, after) == ((True, True), False)


@pytest.mark.parametrize("by", ["system", "select"])
def test_bytes_of_a_socket_are_seen_with_and_without_poll(by: str) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        options: dict[str, Any] = {} if by == "system" else {"new_poll": None}
        before = is_readable(ours, **options)
        theirs.sendall(b"x")

        assert (before, is_readable(ours, **options)) == (False, True)


@pytest.mark.parametrize(
    ("error", "number", "expected"),
    [
        (ConnectionRefusedError(22, "The remote computer refused the connection"), 1225, "connection refused"),
        (OSError(22, "The network location cannot be reached"), 1231, "error 1231 of Windows"),
        (OSError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 9)"), None, "connection refused"),
        (OSError("no number"), None, "no connection"),
    ],
)
def test_reason_has_the_words_of_the_system(error: Any, number: int | None, expected: str) -> None:
    if number is not None:
        error.winerror = number

    assert reason_of(error) == expected
