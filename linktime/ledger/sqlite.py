"""The ledger of one user on one machine: a small SQLite file, which every server opens."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from math import isinf
from pathlib import Path
from typing import Final

from ..clock import now
from .book import KEPT, POLL, QUIET, Away, Change, Forgotten, Standing
from .file import BookFile
from .view import View

_NEWS: Final = "SELECT number, server, tags, settle FROM change WHERE number > ? ORDER BY number"


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
        self.place = str(path)
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
            view = self._view(db, moment)
            left = view.left(spare)
            if wait := view.wait(left, soon):
                again = moment + (POLL if isinf(wait) else wait)
                db.execute("UPDATE server SET again = ?, spare = ? WHERE ident = ?", (again, left, self._server))
                return view.standing(wait)
            db.execute("UPDATE server SET again = NULL WHERE ident = ?", (self._server,))
            ended = moment + self._patience
            db.execute("UPDATE book SET probe = ?, probing = ? WHERE shut IS NOT NULL", (ident, ended))
            db.execute("UPDATE book SET turns = turns + 1")
            self._put(db, ident, moment + self.lease, out=True)
            return self._view(db, moment).standing()

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
            return self._view(db, moment).standing()

        return self._file.do(step)

    def shut(self, seconds: float) -> Standing:
        """Shut the gate for at least so long."""

        def step(db: sqlite3.Connection) -> Standing:
            moment = self._greet(db)
            db.execute("UPDATE book SET shut = max(coalesce(shut, 0), ?), probe = NULL", (moment + seconds,))
            return self._view(db, moment).standing()

        return self._file.do(step)

    def look(self) -> Standing:
        """Tell how things stand; nobody shares a file that isn't there."""
        if not self._file.exists():
            return Standing(servers=0)
        return self._file.do(lambda db: self._view(db, self._begin(db)).standing())

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

    def _view(self, db: sqlite3.Connection, moment: float) -> View:
        return View(db, moment, server=self._server, limit=self._limit, lease=self.lease)
