"""The files on disk: where they are, and how they are read, replaced in one step, and backed up."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from errno import EACCES, EINVAL
from hashlib import sha256
from pathlib import Path, PurePath
from stat import S_IMODE, S_ISREG
from tempfile import mkstemp
from types import MappingProxyType
from typing import Final, NamedTuple

from ..clients import Client
from ..locations import Environment, System
from .context import Refused

_OTHERS: Final = 0o077  # the permissions of all but the owner
_PACKAGED: Final = re.compile(r"[\\/]Packages[\\/][^\\/]+[\\/]LocalCache[\\/]", re.IGNORECASE)
_REDIRECTED: Final = (
    "this program runs inside an app from the Microsoft Store, and Windows keeps its files where no other program "
    "reads them. Run it in a terminal of its own"
)

# the ledger's folder. platformdirs reads only the environment of this process
_STATE: Final[Mapping[System, str]] = MappingProxyType(
    {
        System.LINUX: "{XDG_STATE_HOME:.local/state}/linktime-mcp",
        System.MACOS: "{XDG_STATE_HOME:Library/Application Support}/linktime-mcp",
        System.WINDOWS: "{local}/linktime-mcp",
    }
)


class Target(NamedTuple):
    """The client's file, and its backup from before the first installation."""

    file: Path
    backup: Path
    folder: Path  # exists if the client is installed

    @property
    def has_backup(self) -> bool:
        """Whether there is a backup. A symbolic link of that name is not one: any user can have written its text."""
        return self.backup.is_file() and not self.backup.is_symlink()


def find(client: Client, environment: Environment, *, project: bool) -> Target:
    """Return the files of *client*. Raises Refused and OSError.

    The backup of a project's file is outside the project, because a project is shared.
    """
    try:
        if project:
            root = project_root(client, environment)
            file = Path(client.files(root, project=True)[0])
            return Target(file, _state(environment) / "before" / _digest_name(file), Path(root.directory))
        folder, file = _location(client, environment)
    except KeyError as missing:
        message = f"{missing.args[0]} is not set, so the file of {client.title} is not known. Set it."
        raise Refused("no_home", message) from None
    if environment.is_wsl and client.is_desktop and not folder.exists():
        raise Refused("runs_on_windows", _windows_advice(client))
    return Target(file, file.with_name(f"{file.name}.before-linktime"), folder)


def project_root(client: Client, environment: Environment) -> Environment:
    """Return *environment* with the folder of the project as its directory.

    The search goes from the working directory upwards and ends below the home folder. The project is the first folder
    with the client's file or `.git`, or else the working directory.
    """
    here = Path(environment.directory)
    home = None
    with suppress(KeyError):
        home = Path(environment.path("{home}")).resolve()
    for folder in (here, *here.parents):
        if folder != here and folder.resolve() == home:
            break
        if any((folder / name).exists() for name in (client.project, ".git") if name):
            return environment._replace(directory=folder)
    return environment


def read(file: Path) -> bytes | None:
    """Return the content, or None if there is no file. Raises OSError, also if it is not a regular file."""
    try:
        if not S_ISREG(file.stat().st_mode):  # a pipe would block, and a device never ends
            raise OSError(EINVAL, "it is not a regular file", str(file))
        return file.read_bytes()
    except FileNotFoundError:
        return None


def write(file: Path, content: bytes, *, private: bool = False) -> None:
    """Replace *file* in one step. It keeps its owner and mode. With *private* only the owner has access.

    A symbolic link stays, and the file that it points to is replaced. A new file is private. Raises OSError, which
    always names *file*.
    """
    with _naming(file):
        target = file.resolve()
        _create_folder(target.parent, 0o755)
        _replace(target, content, like=target, private=private, name=file)


def back_up(backup: Path, content: bytes, original: Path) -> None:
    """Write a private backup with the owner of *original*. A symbolic link at its name is replaced. Raises OSError."""
    with _naming(backup):
        _create_folder(backup.parent, 0o700)
        _replace(backup, content, like=original, private=True, name=backup)


def remove(file: Path) -> None:
    """Remove the file. A symbolic link to it stays. Raises OSError."""
    file.resolve().unlink()


def is_shared(file: Path) -> bool:
    """Return whether the mode of an existing file gives access to other users."""
    return os.name == "posix" and file.exists() and bool(file.stat().st_mode & _OTHERS)


def _location(client: Client, environment: Environment) -> tuple[Path, Path]:
    """Return the folder and the file of the client.

    1. A file exists: the first one. 2. A folder exists: the first one. 3. Else the last location.
    """
    locations = [(Path(folder), Path(file)) for folder, file in client.locations(environment)]
    files = [(folder, file) for folder, file in locations if file.exists()]
    folders = [(folder, file) for folder, file in locations if folder.is_dir()]
    return [*files, *folders, locations[-1]][0]


def _windows_advice(client: Client) -> str:
    project = f", or use --project for a file that {client.title} reads in this folder" if client.project else ""
    return (
        f"{client.title} runs on Windows and reads no file inside WSL. Run `linktime-mcp install {client.name}` in "
        f"PowerShell{project}."
    )


def _state(environment: Environment) -> Path:
    return Path(environment.path(_STATE[environment.system]))


def _digest_name(file: PurePath) -> str:
    return f"{sha256(os.fsencode(file)).hexdigest()[:32]}-{file.name}"


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


def _replace(target: Path, content: bytes, *, like: Path, private: bool, name: Path) -> None:
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
        _rename(temporary, target)
    # After Ctrl-C as well no temporary file stays.
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise


def _refuse_redirection(name: Path, temporary: Path) -> None:
    """Raise OSError if Windows put *temporary*, a file beside *name*, into the private folder of a packaged app."""
    if _PACKAGED.search(os.path.realpath(temporary)) and not _PACKAGED.search(str(name)):
        raise OSError(EACCES, _REDIRECTED)


def _rename(temporary: Path, target: Path) -> None:
    if sys.platform == "win32":  # which refuses while another program has the target open
        import time  # noqa: PLC0415 - of Windows alone

        for _ in range(10):
            with suppress(PermissionError):
                temporary.replace(target)
                return
            time.sleep(0.1)  # s
    temporary.replace(target)


def _copy_permissions(old: Path, new: Path, *, private: bool) -> None:
    """Set the owner, if that is allowed, and the mode of *old* on *new*. Without *old* it stays private."""
    with suppress(FileNotFoundError):
        status = old.stat()
        with suppress(OSError, AttributeError):  # AttributeError: Windows has no chown
            os.chown(new, status.st_uid, status.st_gid)
        new.chmod(S_IMODE(status.st_mode) & (~_OTHERS if private else -1))
