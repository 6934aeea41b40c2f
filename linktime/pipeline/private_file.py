"""A file of this user alone, which is replaced in one step."""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

_OTHERS: Final = 0o077  # the permissions of all but the owner
_LONGEST_WRITE: Final = 60.0  # s


def read(path: str, largest: int) -> bytes:
    """Return the content. Raises OSError, also for a file of another user, for others, or over *largest* bytes."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        status = os.fstat(file.fileno())
        is_private = status.st_uid == os.getuid() and not status.st_mode & _OTHERS
        if not (stat.S_ISREG(status.st_mode) and is_private and status.st_size <= largest):
            raise PermissionError(path)
        return file.read()


def replace(path: str | Path, content: bytes) -> None:
    """Replace the file, or create it and its folder. Raises OSError."""
    folder, name = os.path.split(path)
    os.makedirs(folder, 0o700, exist_ok=True)
    _remove_rests(folder, name)
    temporary = f"{path}.{os.getpid()}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise


def _remove_rests(folder: str, name: str) -> None:
    """Remove the temporary files of programs that were killed while they wrote."""
    for entry in os.scandir(folder):
        with suppress(FileNotFoundError):  # another program may remove it, too
            if entry.name.startswith(f"{name}.") and time.time() - entry.stat().st_mtime > _LONGEST_WRITE:
                os.unlink(entry)
