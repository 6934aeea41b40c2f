"""The user's files: read whole, written whole or not at all, and kept as they were beside."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from errno import EINVAL
from pathlib import Path
from stat import S_IMODE, S_ISREG
from tempfile import mkstemp

_OTHERS = 0o077  # the rights of all but the owner


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


def write(file: Path, content: bytes, *, like: Path | None = None, private: bool = False) -> None:
    """Write a file in one step, with the owner and the mode that it, or *like*, has; what is *private* is its owner's.

    A link goes on pointing where it points.
    """
    target = file.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as temporary:
            temporary.write(content)
            temporary.flush()
            os.fsync(temporary.fileno())
        _resemble(Path(name), like or target, private=private)
        Path(name).replace(target)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def remove(file: Path) -> None:
    """Remove a file, and not the link that points to it."""
    file.resolve().unlink()


def shared(file: Path) -> bool:
    """Whether others can read a file that is there, as far as its mode tells."""
    return os.name == "posix" and file.exists() and bool(file.stat().st_mode & _OTHERS)


def _resemble(new: Path, old: Path, *, private: bool) -> None:
    """Give *new* the owner, where that is allowed, and the mode of *old*; where there is none it stays private."""
    with suppress(FileNotFoundError):
        found = old.stat()
        with suppress(OSError, AttributeError):  # the latter on Windows
            os.chown(new, found.st_uid, found.st_gid)
        new.chmod(S_IMODE(found.st_mode) & (~_OTHERS if private else -1))
