"""A state file of one key on disk: created, recognized, set aside and removed. Its content does not matter here."""

from __future__ import annotations

import logging
import os
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from .interface import UNUSED

log = logging.getLogger(__name__)


class Unreadable(Exception):
    """The file does not hold a budget."""


class Identity(NamedTuple):
    """The file that a path leads to. Another file at the same path has another identity."""

    device: int
    inode: int


class StateFile:
    """The file at *path*, and beside it an empty file whose time of change records the last use of the key.

    The record distinguishes a first use from a lost file:

    | file | record | meaning |
    | --- | --- | --- |
    | missing | missing | first use |
    | missing | exists | the file was lost, and was used last at this time |
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._record = path.with_suffix(".used")

    def identity(self) -> Identity | None:
        """Return which file is there, None if there is none. Raises Unreadable if it is not a regular file."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("it is not a regular file")
        return Identity(status.st_dev, status.st_ino)

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
        aside = self.path.with_suffix(".unreadable")
        with suppress(OSError):
            self.record_use()
            self._move(aside)
            log.warning("the shared budget's file could not be read; it is now %s, and a new one is begun", aside)

    def remove_unused(self) -> None:
        """Remove the files of other keys that no server used for UNUSED seconds."""
        for file in self.path.parent.glob("budget-*"):
            with suppress(OSError):
                if file.stem != self.path.stem and time.time() - file.stat().st_mtime > UNUSED:
                    file.unlink()

    def _move(self, aside: Path) -> None:
        Path(f"{self.path}-journal").unlink(missing_ok=True)
        try:
            self.path.replace(aside)
        except PermissionError:  # Windows, while another server has it open: an empty file is one that is begun
            aside.write_bytes(self.path.read_bytes())
            os.truncate(self.path, 0)


def _create(path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
