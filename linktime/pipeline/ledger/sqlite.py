"""The budget and the changes of one key on one machine, in a SQLite file that every server opens."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from ..clock import machine, now
from .codec import Malformed, dump, load
from .interface import KEPT, Change, Step, changes_of
from .rules import Budget
from .sqlite_file import PAGE, SqliteFile
from .state_file import Unreadable

T = TypeVar("T")

_CHANGES: Final = "SELECT number, server, tags, settle FROM change WHERE number >= ? ORDER BY number"


class SqliteLedger:
    """A `Ledger`: one row of a *file*, and one transaction for each step."""

    def __init__(self, file: SqliteFile, *, clock: Callable[[], float] = now, machine_id: str = "") -> None:
        self._file = file
        self._clock = clock
        self._large = True  # whether the budget may need more than a page, by its last state
        self.clock = machine_id or machine()

    @property
    def place(self) -> str:
        """The path of the file."""
        return str(self._file.path)

    def apply(self, step: Step[T]) -> T:
        """Apply *step* to the budget in the file."""

        def transaction(db: sqlite3.Connection) -> T:
            budget = _load(db) or Budget(young=self._file.has_predecessor(), idle=self._file.idle())
            result = step(budget, self._clock())
            if not db.execute("UPDATE budget SET state = ?", (state := dump(budget),)).rowcount:
                db.execute("INSERT INTO budget VALUES (?)", (state,))
            self._large = len(state) > PAGE // 2
            return result

        return self._file.write(transaction, many=self._large)

    def peek(self) -> tuple[Budget, float] | None:
        """Return the budget in the file, if there is one."""
        budget = self._file.write(_load) if self._file.exists() else None
        return (budget, self._clock()) if budget else None

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class SqliteChanges:
    """A `ChangeLog`: a table of a *file*, as *server* reads it."""

    def __init__(self, file: SqliteFile, server: str) -> None:
        self._file = file
        self._server = server
        # What was read last: of which file, None if there was none, and its last row
        self._polled = False
        self._source: object = None
        self._last = 0

    @property
    def waits(self) -> bool:
        """No: a query takes microseconds, unless another server writes at that moment."""
        return False

    def publish(self, change: Change) -> None:
        """Add a row, and remove the oldest."""

        def transaction(db: sqlite3.Connection) -> None:
            row = (self._server, json.dumps(sorted(change.tags)), change.settle)
            db.execute("INSERT INTO change (server, tags, settle) VALUES (?, ?, ?)", row)
            db.execute("DELETE FROM change WHERE number <= (SELECT max(number) FROM change) - ?", (KEPT,))

        self._file.write(transaction, many=True)

    def poll(self, *, patient: bool) -> Sequence[Change] | None:
        """Return the rows since the last poll. The last row of before must still be there, or some are missed."""

        def query(db: sqlite3.Connection, source: object) -> list[tuple[int, str, str, float]]:
            return db.execute(_CHANGES, (self._last if source == self._source else 0,)).fetchall()

        rows, source = self._file.read(query, patient=patient)
        # The rows are complete if the last row of before is still there, in the same file, or if there was no file.
        complete = self._polled and (self._source is None or (source == self._source and _continues(rows, self._last)))
        new = [row for row in rows or () if source != self._source or row[0] > self._last]
        self._last = max([number for number, *_ in rows or ()], default=0)
        self._polled, self._source = True, source
        if not complete:
            return None
        return changes_of((tags, settle) for _, by, tags, settle in new if by != self._server)


def _continues(rows: Sequence[tuple[int, str, str, float]] | None, last: int) -> bool:
    return last == 0 or bool(rows and rows[0][0] == last)


def _load(db: sqlite3.Connection) -> Budget | None:
    row = db.execute("SELECT state FROM budget").fetchone()
    try:
        return load(row[0]) if row else None
    except Malformed:
        raise Unreadable("it holds no budget") from None
