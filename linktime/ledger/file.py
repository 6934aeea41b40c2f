"""A SQLite file that several servers write: opened when needed, made new when it can't be read."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Final, TypeVar

from .book import Away

_BUSY: Final = 1.0  # s; that long a step waits for other servers' steps
_UNREADABLE: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

log = logging.getLogger(__name__)

T = TypeVar("T")

_Identity = tuple[int, int]
_NONE: Final = (-1, -1)  # that of no file at all, not even of one that is missing


class BookFile:
    """The file at *path*, for one thread that writes and one that reads.

    One that can't be read is set aside, and a new one begun; likewise where somebody deleted or replaced it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: sqlite3.Connection | None = None
        self._written: _Identity | None = None
        self._reader: sqlite3.Connection | None = None
        self._read: _Identity | None = _NONE

    @property
    def is_open(self) -> bool:
        """Whether anything was written."""
        return self._writer is not None

    def exists(self) -> bool:
        """Whether any server began it; raises Away where that can't be seen."""
        try:
            return self._path.exists()
        except OSError as fault:
            raise self.away(fault) from None

    def do(self, step: Callable[[sqlite3.Connection], T]) -> T:
        """Do *step* in a transaction, whole or not at all; raises Away where the file can't be used."""
        try:
            return self._transact(step)
        except (sqlite3.Error, OSError) as fault:
            self._disconnect()
            if getattr(fault, "sqlite_errorcode", 0) & 0xFF not in _UNREADABLE:
                raise self.away(fault) from None
            self._set_aside()
        try:
            return self._transact(step)
        except (sqlite3.Error, OSError) as fault:
            self._disconnect()
            raise self.away(fault) from None

    def reader(self) -> tuple[sqlite3.Connection | None, bool]:
        """Give a connection that waits for nobody, if there is a file, and whether it was another one until now."""
        identity = _identity(self._path)
        if identity == self._read:
            return self._reader, False
        another = self._read is not None
        if self._reader is not None:
            self._reader.close()
        self._reader, self._read = None, _NONE if another else None  # until it can be read
        self._reader = self._opened() if identity else None
        self._read = identity if self._reader else None
        return self._reader, another

    def _opened(self) -> sqlite3.Connection | None:
        """Open the file for reading; not while another server has only begun to make it."""
        reader = sqlite3.connect(
            f"{self._path.as_uri()}?mode=ro", timeout=0, isolation_level=None, check_same_thread=False, uri=True
        )
        begun = False
        try:
            begun = reader.execute("SELECT 1 FROM sqlite_master WHERE name = 'change'").fetchone() is not None
        finally:
            if not begun:
                reader.close()
        return reader if begun else None

    def away(self, fault: Exception) -> Away:
        """Say why it can't be used."""
        return Away(f"{self._path}: {fault}")

    def close(self) -> None:
        """Close what is open; the writer last, since it can clear away SQLite's log."""
        if self._reader is not None:
            self._reader.close()
        self._disconnect()

    def _transact(self, step: Callable[[sqlite3.Connection], T]) -> T:
        db = self._connected()
        db.execute("BEGIN IMMEDIATE")
        try:
            result = step(db)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        return result

    def _connected(self) -> sqlite3.Connection:
        if self._writer is not None and self._written == _identity(self._path):
            return self._writer
        self._disconnect()
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        self._written = _identity(self._path)
        self._writer = sqlite3.connect(self._path, timeout=_BUSY, isolation_level=None, check_same_thread=False)
        _prepare(self._writer)
        return self._writer

    def _disconnect(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer = None

    def _set_aside(self) -> None:
        """Move the file away, unless another server already has."""
        if _identity(self._path) != self._written:
            return
        aside = self._path.with_suffix(".unreadable")
        with suppress(OSError):
            self._path.replace(aside)
            for companion in ("-wal", "-shm"):
                Path(f"{self._path}{companion}").unlink(missing_ok=True)
            log.warning("the shared budget's file could not be read; it is now %s, and a new one is begun", aside)


def _prepare(db: sqlite3.Connection) -> None:
    schema = files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")
    until = time.monotonic() + _BUSY
    while True:
        try:
            db.execute("PRAGMA synchronous = OFF")  # what a power cut loses is over when the machine is up again
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(schema)
        except sqlite3.OperationalError as fault:
            if fault.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)  # servers that begin a file at once are refused, and not made to wait
        else:
            return


def _identity(path: Path) -> _Identity | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
