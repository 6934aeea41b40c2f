"""The operating system's own answers: the libraries of Windows, and the home folder of the user's account."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

WINDOWS: Final = "win32"  # in `sys.platform`
STATE: Final = "_LINKTIME_STATE"  # for tests alone: a directory in place of ~/.local/state
_NAME: Final = "linktime-mcp"
_PROFILE: Final = 0x28  # CSIDL_PROFILE: the folder of the user's profile
_LONGEST_PATH: Final = 260  # characters; MAX_PATH


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


def state_directory(platform: str, environ: Mapping[str, str], account_home: str) -> str:
    """Return the one directory for files that all servers of this user share. Nothing creates it here.

    Clients start servers with different environments: some pass HOME and PATH alone, some set XDG variables or a HOME
    of their own, and an app of the Windows Store sees another AppData. So it is in the home folder that the system
    knows.
    """
    if environ.get(STATE):
        return os.path.join(environ[STATE], _NAME)
    homes = account_home, named_home(platform, environ)
    home = next(filter(os.path.isdir, homes), os.path.abspath(os.sep))  # no budget can be in the root
    return os.path.join(home, ".local", "state", _NAME)
