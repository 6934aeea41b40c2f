"""A ledger's file as one server sees it: how things stand, and whether the next slot may be that server's."""

from __future__ import annotations

import sqlite3
from functools import cached_property
from math import inf, isinf
from typing import Final, NamedTuple

from .book import NEAR, PLACES, POLL, YIELD, Standing, due

_RIVALS: Final = """
SELECT count(*) FROM server
WHERE ident != ? AND abs(again - ?) < ? AND spare < ?
    AND (SELECT count(*) FROM slot WHERE slot.server = server.ident) < ?
"""

_EMPTY_HANDED: Final = """
SELECT count(*) FROM server
WHERE ident != ? AND seen > ? AND NOT EXISTS (SELECT * FROM slot WHERE slot.server = server.ident)
"""


class _Row(NamedTuple):
    server: str
    due: float
    out: int


class View:
    """What *db* says at a *moment* to a *server*, where there are *limit* slots; made anew after each change.

    Places are kept for servers that were heard of in the last *lease* seconds: what a dead one held is free by then.
    """

    def __init__(self, db: sqlite3.Connection, moment: float, *, server: str, limit: int, lease: float) -> None:
        self._db = db
        self._server = server
        self._moment = moment
        self._lease = lease
        self._rows = [_Row(*row) for row in db.execute("SELECT server, due, out FROM slot ORDER BY due")]
        self._turns, self._shut, *self._probe = db.execute("SELECT turns, shut, probe, probing FROM book").fetchone()
        self._free = limit - len(self._rows)
        self._most = limit // PLACES

    def standing(self, wait: float = 0.0) -> Standing:
        """Tell how things stand."""
        return Standing(
            cooling=tuple(row.due - self._moment for row in self._rows if not row.out),
            out=tuple(row.due - self._moment for row in self._rows if row.out),
            shut=max(0.0, (self._shut or 0.0) - self._moment),
            ajar=self._shut is not None,
            turns=self._turns,
            servers=self._count("SELECT count(*) FROM server"),
            places=self._places,
            wait=wait,
        )

    def left(self, spare: int) -> int:
        """Tell how many slots are to be left: the places and the *spare* ones, but none by who has none yet."""
        return spare + self._places if self._mine else 0

    def wait(self, left: int, soon: float) -> float:
        """Tell when to ask again for a slot beside those that are *left*; 0 where it can be taken."""
        cooling = [row.due for row in self._rows if not row.out]
        first, enough = (due(cooling, self._free, count) - self._moment for count in (0, left))
        wait = max(self._gate, first, enough - soon)
        if isinf(wait) and wait > 0 and any(row.out and row.server != self._server for row in self._rows):
            return POLL
        return wait if wait > 0 else self._yields

    @property
    def _gate(self) -> float:
        if self._shut is None:
            return 0.0
        probe, probing = self._probe
        return inf if probe is not None and probing > self._moment else float(self._shut - self._moment)

    @property
    def _yields(self) -> float:
        """What is left to servers with fewer slots, which said that they would ask about now."""
        rivals = self._count(_RIVALS, self._server, self._moment, NEAR, self._free, self._mine)
        return YIELD if rivals >= self._free else 0.0

    @cached_property
    def _places(self) -> int:
        if not self._mine:
            return 0
        return min(self._count(_EMPTY_HANDED, self._server, self._moment - self._lease), self._most)

    @cached_property
    def _mine(self) -> int:
        return sum(row.server == self._server for row in self._rows)

    def _count(self, question: str, *terms: str | float) -> int:
        (count,) = self._db.execute(question, terms).fetchone()
        return int(count)
