"""The files on disk: how they are read, replaced in one step, and backed up."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from errno import EACCES, EINVAL
from pathlib import Path
from stat import S_IMODE, S_ISREG
from tempfile import mkstemp
from typing import Final

from ..locations import System

_PAUSES: Final = (0.1,) * 10  # s; as long as virus scanners and the clients themselves keep a file open
_OTHERS: Final = 0o077  # the permissions of all but the owner
_PACKAGED: Final = re.compile(r"[\\/]Packages[\\/][^\\/]+[\\/]LocalCache[\\/]", re.IGNORECASE)
_REDIRECTED: Final = (
    "this program runs inside an app from the Microsoft Store, and Windows keeps its files where no other program "
    "reads them. Run it in a terminal of its own"
)


def read(file: Path) -> bytes | None:
    """Return the content, or None if there is no file. Raises OSError, also if it is not a regular file."""
    try:
        if not S_ISREG(file.stat().st_mode):  # a pipe would block, and a device never ends
            raise OSError(EINVAL, "it is not a regular file", str(file))
        return file.read_bytes()
    except FileNotFoundError:
        return None


def write(file: Path, content: bytes, *, private: bool = False, sleep: Callable[[float], object] = time.sleep) -> None:
    """Replace *file* in one step. It keeps its owner and mode. With *private* only the owner has access.

    A symbolic link stays, and the file that it points to is replaced. A new file is private. Raises OSError, which
    always names *file*.
    """
    with _naming(file):
        target = file.resolve()
        _create_folder(target.parent, 0o755)
        _replace(target, content, like=target, private=private, name=file, sleep=sleep)


def back_up(backup: Path, content: bytes, original: Path) -> None:
    """Write a private backup with the owner of *original*. A symbolic link at its name is replaced. Raises OSError."""
    with _naming(backup):
        _create_folder(backup.parent, 0o700)
        _replace(backup, content, like=original, private=True, name=backup)


def remove(file: Path, *, sleep: Callable[[float], object] = time.sleep) -> None:
    """Remove the file. A symbolic link to it stays. Raises OSError, which always names *file*."""
    with _naming(file):
        _patiently(file.resolve().unlink, sleep)


def is_shared(file: Path, system: System) -> bool:
    """Return whether the mode of an existing file gives access to other users. On Windows a mode means nothing."""
    return system is not System.WINDOWS and file.exists() and bool(file.stat().st_mode & _OTHERS)


@contextmanager
def _naming(file: Path) -> Iterator[None]:
    """Name *file* in every OSError, and not the temporary file."""
    try:
        yield
    except OSError as fault:
        raise OSError(fault.errno, fault.strerror, str(file)) from None


def _create_folder(folder: Path, mode: int) -> None:
    """Create *folder* and its parents. Other users cannot write there with any umask."""
    if not folder.is_dir():
        _create_folder(folder.parent, mode)
        folder.mkdir(mode, exist_ok=True)


def _replace(
    target: Path,
    content: bytes,
    *,
    like: Path,
    private: bool,
    name: Path,
    sleep: Callable[[float], object] = time.sleep,
) -> None:
    # The temporary file is in the same folder, because a rename is atomic only within a file system.
    handle, path = mkstemp(prefix=f".{target.name}.", dir=target.parent)
    temporary = Path(path)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            # The content must be on the disk before the rename.
            stream.flush()
            os.fsync(stream.fileno())
        _refuse_redirection(name, temporary)
        _copy_permissions(like, temporary, private=private)
        _patiently(lambda: temporary.replace(target), sleep)
    # After Ctrl-C as well no temporary file stays.
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise


def _refuse_redirection(name: Path, temporary: Path) -> None:
    """Raise OSError if Windows put *temporary*, a file beside *name*, into the private folder of a packaged app."""
    if _PACKAGED.search(os.path.realpath(temporary)) and not _PACKAGED.search(str(name)):
        raise OSError(EACCES, _REDIRECTED)


def _patiently(step: Callable[[], object], sleep: Callable[[float], object]) -> None:
    """Try *step* for a second. Windows refuses it while another program has the file open. Raises OSError."""
    for pause in _PAUSES:
        try:
            step()
        except PermissionError:
            sleep(pause)
        else:
            return
    step()


def _copy_permissions(old: Path, new: Path, *, private: bool) -> None:
    """Set the owner, if that is allowed, and the mode of *old* on *new*. Without *old* it stays private."""
    with suppress(FileNotFoundError):
        status = old.stat()
        with suppress(OSError, AttributeError):  # AttributeError: Windows has no chown
            os.chown(new, status.st_uid, status.st_gid)
        new.chmod(S_IMODE(status.st_mode) & (~_OTHERS if private else -1))
