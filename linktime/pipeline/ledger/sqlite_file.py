"""A SQLite file that several servers write: opened when needed, begun anew if it cannot be read.

It uses a rollback journal. A write-ahead log maps a file into memory, so a truncated file ends the process, and it does
not work on network drives.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import uniform
from typing import Final, TypeVar

from .codec import FORMAT
from .interface import Busy, LedgerUnavailable
from .state import QUIET
from .state_file import Identity, StateFile, Unreadable

_BUSY: Final = 1.0  # s; so long a step waits for other servers' steps
_PAUSE: Final = 0.001  # s; the longest pause before the second try for the lock …
_GROWTH: Final = 1.5  # … from which it grows …
_LONGEST_PAUSE: Final = 0.025  # s; … to this
_APPLICATION: Final = 0x4C544D42  # marks a file as one of ours
_UNREADABLE: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}  # the last: another schema
_SCHEMA: Final = (
    "CREATE TABLE budget (state TEXT NOT NULL)",  # one row: a Budget as JSON
    "CREATE TABLE change (number INTEGER PRIMARY KEY AUTOINCREMENT, server TEXT, tags TEXT, settle REAL)",
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {FORMAT}",
)

PAGE: Final = 16_384  # bytes
_SETTINGS: Final = (
    "PRAGMA synchronous = OFF",  # after a power cut nothing in it counts any more
    f"PRAGMA page_size = {PAGE}",
)
# A server that is killed while it commits leaves the pages that it has written: the first has a counter, and then there
# is one or not. So a step of one page needs no journal on disk, which costs a third of it.
_ONE_PAGE: Final = "PRAGMA journal_mode = MEMORY"
_MANY_PAGES: Final = "PRAGMA journal_mode = DELETE"
_BEGUN: Final = "SELECT 1 FROM sqlite_master WHERE name = 'change'"

T = TypeVar("T")


class SqliteFile:
    """The file at *path*, for one thread that writes and one that reads. Earlier versions used the *former* folders.

    | the file | the next step |
    | --- | --- |
    | does not exist, or is empty | begins it |
    | cannot be read, or is not ours | sets it aside, warns, and begins a new one |
    | has another format | raises LedgerUnavailable until nobody used it for QUIET seconds, then as above |
    | was deleted or replaced while open | opens the one that is there now |
    | is locked, may not be used, or has no room | raises LedgerUnavailable |
    """

    def __init__(self, path: Path, former: Sequence[Path] = ()) -> None:
        self.path = path
        self._file = StateFile(path, former)
        # The connection of the thread that writes, and the file that it was opened for
        self._writer: sqlite3.Connection | None = None
        self._written: Identity | None = None
        # The connection of the thread that reads, likewise, and whether it has seen the tables
        self._reader: sqlite3.Connection | None = None
        self._read: Identity | None = None
        self._begun = False

    def exists(self) -> bool:
        """Return whether a server began the file. Raises LedgerUnavailable if that cannot be seen."""
        # Since Python 3.14 Path.exists is False if the folder can't be searched.
        try:
            self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as fault:
            raise self._unavailable(fault) from None
        return True

    def idle(self) -> float | None:
        """Return the seconds since the last step of any server, None before the first one. Raises OSError."""
        return self._file.idle()

    def has_predecessor(self) -> bool:
        """Return whether an earlier version kept a budget elsewhere until now. Raises OSError."""
        return self._file.has_predecessor()

    def write(self, step: Callable[[sqlite3.Connection], T], *, many: bool = False) -> T:
        """Run *step* in a transaction, whole or not at all. Raises LedgerUnavailable.

        It may write *many* pages, or only one beside the first.
        """
        journal = _MANY_PAGES if many else _ONE_PAGE
        try:
            # 1. The step is done.
            # 2. The file can't be used as it is: it is set aside, and the step is tried once more on a new file.
            # 3. The file can't be used now: locked, full, or not permitted. Nothing is set aside.
            return self._transact(step, journal)
        except Unreadable:
            self._disconnect()
            self._file.set_aside(self._written)
        except (sqlite3.Error, OSError) as fault:
            self._disconnect()
            if getattr(fault, "sqlite_errorcode", 0) & 0xFF not in _UNREADABLE:
                raise self._unavailable(fault) from None
            self._file.set_aside(self._written)
        try:
            return self._transact(step, journal)
        except (sqlite3.Error, OSError, Unreadable) as fault:
            self._disconnect()
            raise self._unavailable(fault) from None

    def read(self, query: Callable[[sqlite3.Connection, object], T], *, patient: bool) -> tuple[T | None, object]:
        """Run a query on the file, if there is one. Return its result and which file it was.

        Raises LedgerUnavailable, or Busy if it is not *patient* and another server writes.
        """
        try:
            patience = _BUSY if patient else 0.0
            reader = self._connected_reader(patience)
            if reader is None:
                return None, None
            return _waiting(lambda: query(reader, self._read), patience), self._read
        except (sqlite3.Error, OSError, Unreadable) as fault:
            # The caller runs in the event loop: it does not wait, and reads again soon.
            if _is_busy(fault) and not patient:
                raise Busy from None
            begun = self._begun
            self._disconnect_reader()
            if begun:  # another program emptied the file in place: read it anew
                return self.read(query, patient=patient)
            raise self._unavailable(fault) from None

    def close(self) -> None:
        """Close both connections."""
        self._disconnect_reader()
        self._disconnect()

    def _transact(self, step: Callable[[sqlite3.Connection], T], journal: str) -> T:
        db = self._connected()
        _waiting(lambda: db.execute(journal))
        _waiting(lambda: db.execute("BEGIN IMMEDIATE"))
        try:
            self._prepare(db)
            result = step(db)
            self._file.record_use()
            _waiting(lambda: db.execute("COMMIT"), pause=0.0)  # readers leave at once, and no new ones come
        except BaseException:
            if db.in_transaction:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
            raise
        return result

    def _prepare(self, db: sqlite3.Connection) -> None:
        """Check whose file it is, and fill an empty one."""
        match _kind(db):
            case (0, 0) if db.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
                for statement in _SCHEMA:
                    db.execute(statement)
            case (application, version) if application != _APPLICATION:
                raise Unreadable(f"not a budget of linktime ({application}, {version})")
            case (_, version) if version != FORMAT:
                if abs(time.time() - self.path.stat().st_mtime) > QUIET:
                    raise Unreadable(f"format {version}")
                raise OSError(f"it has format {version}, this server writes {FORMAT}: update all servers of this key")

    def _connected(self) -> sqlite3.Connection:
        identity = self._file.identity()
        if self._writer is not None and self._written == identity:
            return self._writer
        self._disconnect()
        # The file is created before SQLite opens it: SQLite would let other users read it.
        self._file.create()
        self._written = self._file.identity()
        self._writer = writer = _opened(self.path)
        for setting in _SETTINGS:
            _waiting(partial(writer.execute, setting))
        self._file.remove_unused()
        return self._writer

    def _connected_reader(self, patience: float) -> sqlite3.Connection | None:
        """Return a connection, None if there is no file or another server has only begun it."""
        identity = self._file.identity()
        if self._reader is None or self._read != identity:
            self._disconnect_reader()
            self._reader = _opened(self.path) if identity else None
            self._read = identity
        reader = self._reader
        # A server that has only created the file has no tables in it.
        if reader is not None and not self._begun:
            self._begun = _waiting(lambda: reader.execute(_BEGUN).fetchone(), patience) is not None
        return reader if self._begun else None

    def _disconnect(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer = None

    def _disconnect_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
        self._reader, self._begun = None, False

    def _unavailable(self, fault: Exception) -> LedgerUnavailable:
        return LedgerUnavailable(f"{self.path}: {fault}")


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)


def _kind(db: sqlite3.Connection) -> tuple[int, int]:
    """Return the application id and the format in the file's header."""
    (application,), (version,) = (
        db.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")
    )
    return application, version


def _waiting(step: Callable[[], T], patience: float = _BUSY, *, pause: float = _PAUSE) -> T:
    """Try *step* until no other server holds the lock, for at most so many seconds, with growing random pauses."""
    until = time.monotonic() + patience
    while True:
        try:
            return step()
        except sqlite3.OperationalError as fault:
            if not _is_busy(fault) or time.monotonic() >= until:
                raise
            time.sleep(uniform(0.0, pause))  # noqa: S311 - no secret
            pause = min(_GROWTH * pause, _LONGEST_PAUSE)


def _is_busy(fault: Exception) -> bool:
    return getattr(fault, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
