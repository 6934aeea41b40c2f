"""A file of this user alone, which is replaced in one step."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_OTHERS: Final = 0o077  # the permissions of all but the owner


def read(path: str, largest: int) -> bytes:
    """Return the content. Raises OSError, also for a file of another user, for others, or over *largest* bytes."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # a pipe has no content
        status = os.fstat(file.fileno())
        if status.st_uid != os.getuid() or status.st_mode & _OTHERS or status.st_size > largest:
            raise PermissionError(path)
        return file.read()


def replace(path: str | Path, content: bytes) -> None:
    """Replace the file, or create it and its folder. Raises OSError."""
    os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
    temporary = f"{path}.{os.getpid()}"
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    os.replace(temporary, path)
