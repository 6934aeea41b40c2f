"""The ledger of one user on one machine: a small SQLite file, which every server opens."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from math import inf, isinf
from pathlib import Path
from typing import Final, NamedTuple

from ..clock import now
from .book import KEPT, NEAR, POLL, QUIET, YIELD, Away, Change, Forgotten, Standing, due
from .file import BookFile

_NEWS: Final = "SELECT number, server, tags, settle FROM change WHERE number > ? ORDER BY number"

_RIVALS: Final = """
SELECT count(*) FROM server
WHERE ident != ? AND abs(again - ?) < ? AND spare < ?
    AND (SELECT count(*) FROM slot WHERE slot.server = server.ident) < ?
"""


class _Row(NamedTuple):
    server: str
    due: float
    out: int


class SqliteLedger:
    """A Ledger in the file at *path*, for a *server* whose requests are out for *patience* seconds at most.

    A slot that nobody gives back is free a *period* after that.
    """

    def __init__(
        self,
        path: Path,
        *,
        server: str,
        limit: int,
        period: float,
        patience: float,
        clock: Callable[[], float] = now,
    ) -> None:
        self._file = BookFile(path)
        self._server = server
        self._limit = limit
        self._patience = patience
        self.lease = patience + period
        self._clock = clock
        self._last: int | None = None  # the change that was heard last, if that tells what was missed

    @property
    def waits(self) -> bool:
        """No: a reader of SQLite's log never waits for who writes."""
        return False

    def join(self, live: Mapping[str, float]) -> None:
        """Make this server known, with these slots alone."""

        def step(db: sqlite3.Connection) -> None:
            moment = self._begin(db)
            db.execute("DELETE FROM slot WHERE server = ?", (self._server,))
            for ident, after in live.items():
                self._put(db, ident, moment + (self.lease if isinf(after) else after), out=isinf(after))
            db.execute("INSERT OR REPLACE INTO server (ident, seen) VALUES (?, ?)", (self._server, moment))

        self._file.do(step)

    def take(self, ident: str, spare: int, soon: float) -> Standing:
        """Take a slot, or tell when to ask again."""

        def step(db: sqlite3.Connection) -> Standing:
            moment = self._greet(db)
            if wait := self._wait(db, moment, spare, soon):
                again = moment + (POLL if isinf(wait) else wait)
                db.execute("UPDATE server SET again = ?, spare = ? WHERE ident = ?", (again, spare, self._server))
                return replace(_standing(db, moment), wait=wait)
            db.execute("UPDATE server SET again = NULL WHERE ident = ?", (self._server,))
            ended = moment + self._patience
            db.execute("UPDATE book SET probe = ?, probing = ? WHERE shut IS NOT NULL", (ident, ended))
            db.execute("UPDATE book SET turns = turns + 1")
            self._put(db, ident, moment + self.lease, out=True)
            return _standing(db, moment)

        return self._file.do(step)

    def release(self, ident: str, after: float, *, opens: bool) -> Standing:
        """Make the slot free after so many seconds."""

        def step(db: sqlite3.Connection) -> Standing:
            moment = self._greet(db)
            db.execute("DELETE FROM slot WHERE ident = ?", (ident,))
            if after > 0:
                self._put(db, ident, moment + after, out=False)
            if opens:
                db.execute("UPDATE book SET shut = NULL WHERE probe = ?", (ident,))
            db.execute("UPDATE book SET probe = NULL WHERE probe = ?", (ident,))
            return _standing(db, moment)

        return self._file.do(step)

    def shut(self, seconds: float) -> Standing:
        """Shut the gate for at least so long."""

        def step(db: sqlite3.Connection) -> Standing:
            moment = self._greet(db)
            db.execute("UPDATE book SET shut = max(coalesce(shut, 0), ?), probe = NULL", (moment + seconds,))
            return _standing(db, moment)

        return self._file.do(step)

    def look(self) -> Standing:
        """Tell how things stand; nobody shares a file that isn't there."""
        return self._file.do(lambda db: _standing(db, self._begin(db))) if self._file.exists() else Standing(servers=0)

    def tell(self, change: Change) -> None:
        """Let the others know of a change."""

        def step(db: sqlite3.Connection) -> None:
            row = (self._server, json.dumps(sorted(change.tags)), change.settle)
            db.execute("INSERT INTO change (server, tags, settle) VALUES (?, ?, ?)", row)
            db.execute("DELETE FROM change WHERE number <= (SELECT max(number) FROM change) - ?", (KEPT,))

        self._file.do(step)

    def news(self) -> Sequence[Change] | None:
        """Tell what others changed."""
        try:
            db, another = self._file.reader()
            self._last = None if another else self._last
            rows = db.execute(_NEWS, (self._last or 0,)).fetchall() if db else []
        except (sqlite3.Error, OSError) as fault:
            raise self._file.away(fault) from None
        last, self._last = self._last, max([number for number, *_ in rows], default=self._last or 0)
        if last is None or len(rows) < self._last - last:
            return None
        return [Change(frozenset(json.loads(tags)), settle) for _, by, tags, settle in rows if by != self._server]

    def close(self) -> None:
        """Leave."""
        if self._file.is_open:
            with suppress(Away):
                self._file.do(lambda db: db.execute("DELETE FROM server WHERE ident = ?", (self._server,)))
        self._file.close()

    def _begin(self, db: sqlite3.Connection) -> float:
        """Clear what is over, and all of it if the clock began anew with the machine; return the moment."""
        moment = self._clock()
        (latest,) = db.execute("SELECT latest FROM book").fetchone()
        if latest > moment:
            db.execute("DELETE FROM slot")
            db.execute("DELETE FROM server")
            db.execute("UPDATE book SET shut = NULL, probe = NULL")
        db.execute("UPDATE book SET latest = ?", (moment,))
        db.execute("DELETE FROM slot WHERE due <= ?", (moment,))
        db.execute("DELETE FROM server WHERE seen <= ?", (moment - max(QUIET, self.lease),))
        return moment

    def _greet(self, db: sqlite3.Connection) -> float:
        moment = self._begin(db)
        if not db.execute("UPDATE server SET seen = ? WHERE ident = ?", (moment, self._server)).rowcount:
            raise Forgotten
        return moment

    def _put(self, db: sqlite3.Connection, ident: str, until: float, *, out: bool) -> None:
        db.execute("INSERT OR REPLACE INTO slot VALUES (?, ?, ?, ?)", (ident, self._server, until, out))

    def _wait(self, db: sqlite3.Connection, moment: float, spare: int, soon: float) -> float:
        rows = _rows(db)
        free = self._limit - len(rows)
        cooling = [row.due for row in rows if not row.out]
        wait = max(_gate(db, moment), due(cooling, free, 0) - moment, due(cooling, free, spare) - soon - moment)
        if wait > 0:
            return min(wait, POLL) if isinf(wait) and any(r.out and r.server != self._server for r in rows) else wait
        mine = sum(row.server == self._server for row in rows)
        (rivals,) = db.execute(_RIVALS, (self._server, moment, NEAR, free, mine)).fetchone()
        return YIELD if rivals >= free else 0.0


def _gate(db: sqlite3.Connection, moment: float) -> float:
    shut, probe, probing = db.execute("SELECT shut, probe, probing FROM book").fetchone()
    if shut is None:
        return 0.0
    return inf if probe is not None and probing > moment else shut - moment


def _standing(db: sqlite3.Connection, moment: float) -> Standing:
    rows = _rows(db)
    turns, shut = db.execute("SELECT turns, shut FROM book").fetchone()
    return Standing(
        cooling=tuple(row.due - moment for row in rows if not row.out),
        out=tuple(row.due - moment for row in rows if row.out),
        shut=max(0.0, (shut or 0.0) - moment),
        ajar=shut is not None,
        turns=turns,
        servers=db.execute("SELECT count(*) FROM server").fetchone()[0],
    )


def _rows(db: sqlite3.Connection) -> list[_Row]:
    return [_Row(*row) for row in db.execute("SELECT server, due, out FROM slot ORDER BY due")]
