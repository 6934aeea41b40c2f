"""The operating system: its names, and its own answers about descriptors and the home folder of the account."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any, Final

WINDOWS: Final = "win32"  # here and below: in `sys.platform`
MACOS: Final = "darwin"
STATE: Final = "_LINKTIME_STATE"  # for tests alone: a directory in place of ~/.local/state
_PROFILE: Final = 0x28  # CSIDL_PROFILE: the folder of the user's profile
_LONGEST_PATH: Final = 260  # characters; MAX_PATH
_PIPE: Final = 24  # FilePipeLocalInformation: ten numbers, of which the ninth is the state
_NO_READER: Final = (1, 4)  # FILE_PIPE_DISCONNECTED_STATE, FILE_PIPE_CLOSING_STATE


def windows() -> Any:
    """Return the libraries of Windows, such as `kernel32`. Raises KeyError on other systems."""
    import ctypes  # noqa: PLC0415 - of Windows alone, and 2 ms of a start

    return vars(ctypes)["windll"]


def named_home(platform: str, environ: Mapping[str, str]) -> str:
    """Return the home folder that *environ* names, by the convention of *platform*. It is empty if there is none."""
    if platform == WINDOWS:
        return environ.get("USERPROFILE") or environ.get("HOMEDRIVE", "") + environ.get("HOMEPATH", "")
    return environ.get("HOME", "")


def account_home(platform: str, libraries: Any = None) -> str:
    """Return the home folder of this account, whatever the environment names. It is empty if there is none.

    On Windows *libraries* replaces those of the system.
    """
    if platform == WINDOWS:
        from ctypes import create_unicode_buffer  # noqa: PLC0415 - likewise

        path = create_unicode_buffer(_LONGEST_PATH)
        failure = (libraries or windows()).shell32.SHGetFolderPathW(None, _PROFILE, None, 0, path)
        return "" if failure else path.value
    with suppress(ImportError, KeyError):  # a container's user may have no entry
        import pwd  # noqa: PLC0415 - does not exist on Windows

        return pwd.getpwuid(os.getuid()).pw_dir
    return ""


def state_folder(platform: str, environ: Mapping[str, str], account_home: str) -> str:
    """Return the one folder for files that every server of this user chooses, in the home folder."""
    homes = filter(os.path.isdir, (account_home, named_home(platform, environ)))
    home = next(homes, os.path.abspath(os.sep))  # no file can be created there
    return os.path.join(environ.get(STATE) or os.path.join(home, ".local", "state"), "linktime-mcp")


def know_name(platform: str, module: Any = None) -> None:
    """Make `platform.system` answer at once on Windows. *module* replaces the module `platform`.

    aiohttp calls it while it is imported. Since Python 3.12 it asks Windows for everything about the machine, and on
    some machines that service never answers.
    """
    if platform == WINDOWS:
        module = module or import_module("platform")
        module.system = lambda: "Windows"


def is_same_file(
    one: int,
    other: int,
    platform: str,
    *,
    status: Callable[[int], os.stat_result] = os.fstat,
    libraries: Any = None,
) -> bool:
    """Return whether two descriptors are the same file, pipe or device.

    *status* returns the properties of a descriptor. On Windows *libraries* replaces those of the system.
    """
    if platform == WINDOWS and not status(one).st_ino:  # it numbers only files
        system = libraries or windows()
        return bool(system.kernelbase.CompareObjectHandles(_handle(system, one), _handle(system, other)))
    return os.path.samestat(status(one), status(other))


def reader_check(platform: str, libraries: Any = None) -> Callable[[int], bool]:
    """Return a function that returns whether the pipe of a descriptor still has a reader.

    It returns True for other files, and if the system does not know. On Windows *libraries* replaces those of the
    system.
    """
    if platform == WINDOWS:
        return partial(_has_state_of_reader, libraries or windows())
    return _is_without_error


def _has_state_of_reader(system: Any, descriptor: int) -> bool:
    from ctypes import byref, c_uint32, c_void_p, sizeof  # noqa: PLC0415 - of Windows alone

    result, numbers = (c_void_p * 2)(), (c_uint32 * 10)()
    query = system.ntdll.NtQueryInformationFile
    failure = query(_handle(system, descriptor), byref(result), byref(numbers), sizeof(numbers), _PIPE)
    return bool(failure) or numbers[8] not in _NO_READER


def _is_without_error(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, 0)  # the two events are always reported, and macOS reports a third one for devices
    return not any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))


def _handle(system: Any, descriptor: int) -> Any:
    """Return the handle of Windows behind a descriptor."""
    from ctypes import c_void_p  # noqa: PLC0415 - of Windows alone

    handle_of = system.ucrtbase["_get_osfhandle"]  # of the C library that Python uses
    handle_of.restype = c_void_p
    return c_void_p(handle_of(descriptor))


has_reader: Final[Callable[[int], bool]] = reader_check(sys.platform)
"""The check of this system. On Windows it waits while another thread reads or writes the descriptor."""
