"""A state file of one key on disk: created, recognized, set aside and removed. Its content does not matter here."""

from __future__ import annotations

import logging
import os
import stat
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from .interface import UNUSED
from .state import QUIET

log = logging.getLogger(__name__)

_FORMER: Final = "budget-*.sqlite3*"  # with SQLite's own files beside it


class Unreadable(Exception):
    """The file does not hold a budget."""


class Identity(NamedTuple):
    """The file that a path leads to. Another file at the same path has another identity.

    A file that was emptied to be begun anew has one, too: SQLite would not notice that, if the new file has as many
    pages and changes as the old one.
    """

    device: int
    inode: int
    generation: int  # ns; when a file was last set aside there


class StateFile:
    """The file at *path*, and beside it an empty file whose time of change records the last use of the key.

    The record distinguishes a first use from a lost file:

    | file | record | meaning |
    | --- | --- | --- |
    | missing | missing | first use |
    | missing | exists | the file was lost, and was used last at this time |
    """

    def __init__(self, path: Path, former: Sequence[Path] = ()) -> None:
        self.path = path
        self._former = former  # folders in which earlier versions kept their files
        self._record = path.with_suffix(".used")
        self._aside = path.with_suffix(".unreadable")

    def identity(self) -> Identity | None:
        """Return which file is there, None if there is none. Raises Unreadable if it is not a regular file."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("it is not a regular file")
        try:
            generation = self._aside.stat().st_mtime_ns
        except FileNotFoundError:
            generation = 0
        return Identity(status.st_dev, status.st_ino, generation)

    def create(self) -> None:
        """Create an empty file unless there is one, for this user alone."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):  # an existing file is not opened: to close it would end SQLite's own locks
            _create(self.path)

    def idle(self) -> float | None:
        """Return the seconds since the last use of the key, None before its first use. Raises OSError."""
        try:
            return abs(time.time() - self._record.stat().st_mtime)
        except FileNotFoundError:
            return None

    def has_predecessor(self) -> bool:
        """Return whether an earlier version used a budget in the last minutes, of this key or of another one.

        The permits of that budget are not known here, and its servers may go on. Raises OSError.
        """
        files = [file for folder in self._former for file in folder.glob(_FORMER)]
        return any(abs(time.time() - file.stat().st_mtime) < QUIET for file in files)

    def record_use(self) -> None:
        """Record that the key is used now. Raises OSError."""
        try:
            os.utime(self._record)
        except FileNotFoundError:
            _create(self._record)

    def set_aside(self, identity: Identity | None) -> None:
        """Move the file away, unless another server already has. Raises nothing."""
        with suppress(OSError, Unreadable):
            if self.identity() != identity:
                return
        with suppress(OSError):
            self.record_use()
            self._move()
            log.warning("the shared budget's file could not be read; it is now %s, and a new one is begun", self._aside)

    def remove_unused(self) -> None:
        """Remove the files of other keys that no server used for UNUSED seconds."""
        for file in self.path.parent.glob("budget-*"):
            with suppress(OSError):
                if file.stem != self.path.stem and time.time() - file.stat().st_mtime > UNUSED:
                    file.unlink()

    def _move(self) -> None:
        journal = Path(f"{self.path}-journal")
        try:
            journal.unlink(missing_ok=True)
            self.path.replace(self._aside)
        except PermissionError:
            # On Windows another server has the two open, so they cannot go. An empty file is one that is begun.
            self._aside.write_bytes(self.path.read_bytes())
            for file in (journal, self.path):
                with suppress(FileNotFoundError):
                    os.truncate(file, 0)


def _create(path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
