"""The user's files: read whole, written whole or not at all, and kept as they were beside."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from errno import EINVAL
from pathlib import Path
from stat import S_IMODE, S_ISREG
from tempfile import mkstemp

_PRIVATE = 0o600  # a new file may hold a key


def chosen(files: Sequence[Path]) -> Path:
    """Choose the first that is there, else the first whose folder is, else the last."""
    there = [file for file in files if file.exists()] + [file for file in files if file.parent.is_dir()]
    return (there or files[-1:])[0]


def read(file: Path) -> bytes | None:
    """Read a file; None where there is none. Raises OSError, also for a folder, a pipe or a device in its place."""
    try:
        if not S_ISREG(file.stat().st_mode):  # a pipe would be waited for, and a device never ends
            raise OSError(EINVAL, "it is no regular file", str(file))
        return file.read_bytes()
    except FileNotFoundError:
        return None


def write(file: Path, content: bytes, *, like: Path | None = None) -> None:
    """Write a file in one step, with the mode that it, or *like*, has; a link goes on pointing where it points."""
    target = file.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as temporary:
            temporary.write(content)
            temporary.flush()
            os.fsync(temporary.fileno())
        Path(name).chmod(_mode(like or target))
        Path(name).replace(target)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def remove(file: Path) -> None:
    """Remove a file, and not the link that points to it."""
    file.resolve().unlink()


def backup(file: Path) -> Path:
    """Name the place beside *file* where it is kept as it was before us."""
    return file.with_name(f"{file.name}.before-linktime")


def _mode(file: Path) -> int:
    try:
        return S_IMODE(file.stat().st_mode)
    except FileNotFoundError:
        return _PRIVATE
