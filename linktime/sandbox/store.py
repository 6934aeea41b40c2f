"""The store: SQLite tables of the account. A row is a dict with the field names of the API."""

from __future__ import annotations

import secrets
import sqlite3
import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from importlib.resources import files
from typing import Any, Final

import orjson

from .times import stamp

Row = dict[str, Any]

_TIMEOUT: Final = 5.0  # s; wait for another process that writes to the same file
_BASE36: Final = string.digits + string.ascii_lowercase

# column types of schema.sql that SQLite does not have
sqlite3.register_converter("BOOLEAN", lambda raw: raw == b"1")
sqlite3.register_converter("JSON", orjson.loads)


class Store:
    """One SQLite database. A transaction that has ended survives a crash of the process."""

    def __init__(self, path: str, schema: str = "schema.sql") -> None:
        # isolation_level=None: only `transaction` begins one.
        self._db = sqlite3.connect(
            path, timeout=_TIMEOUT, isolation_level=None, detect_types=sqlite3.PARSE_DECLTYPES, check_same_thread=False
        )
        self._db.row_factory = _row
        self._db.create_function("fold", 1, _fold, deterministic=True)
        if schema:
            # WAL lets other processes read during a write. A killed process loses no committed transaction.
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.executescript(files(__package__).joinpath(schema).read_text("utf-8"))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the block as one transaction, without another writer. An exception rolls it back."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """Run a statement. Return its rows."""
        return self._db.execute(sql, [_plain(value) for value in values]).fetchall()

    def row(self, sql: str, *values: Any) -> Row | None:
        """Run a statement. Return its first row, or None."""
        return next(iter(self.rows(sql, *values)), None)

    def insert(self, table: str, row: Mapping[str, Any]) -> None:
        """Insert a row."""
        marks = ", ".join("?" * len(row))
        # Table and column names come from this package, never from a client.
        self.rows(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", *row.values())  # noqa: S608

    def update(self, table: str, changes: Mapping[str, Any], where: str, *values: Any) -> None:
        """Update columns of the rows that match *where*."""
        columns = ", ".join(f"{column} = ?" for column in changes)
        self.rows(f"UPDATE {table} SET {columns} WHERE {where}", *changes.values(), *values)  # noqa: S608 - as above

    def page(self, sql: str, *values: Any, page: int = 1, limit: int = 20) -> Row:
        """Return a page of a query's rows in the list envelope of the API. Pages count from 1."""
        counted = self.rows(f"SELECT count(*) AS total FROM ({sql})", *values)  # noqa: S608 - as above
        total: int = counted[0]["total"]
        rows = self.rows(f"{sql} LIMIT ? OFFSET ?", *values, limit, (page - 1) * limit)
        pagination = {"page": page, "limit": limit, "total": total, "totalPages": -(-total // limit)}
        return {"data": rows, "pagination": pagination}

    def copy(self) -> Store:
        """Return the present state as a store of its own, in memory."""
        other = Store(":memory:", schema="")
        self._db.backup(other._db)
        return other

    def close(self) -> None:
        """Close the database."""
        self._db.close()


def cuid(entropy: bytes | None = None) -> str:
    """Return an id in cuid style, from *entropy* or else at random."""
    number = int.from_bytes(entropy or secrets.token_bytes(16))
    letters = []
    for _ in range(22):
        number, digit = divmod(number, 36)
        letters.append(_BASE36[digit])
    return "clx" + "".join(letters)


def _row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    """Build a row. Columns named "group.column" become an object, or None if the object has no id."""
    row: Row = {}
    for (name, *_), value in zip(cursor.description, values, strict=True):
        group, _, column = name.rpartition(".")
        (row.setdefault(group, {}) if group else row)[column] = value
    return {name: None if _is_absent(value) else value for name, value in row.items()}


def _is_absent(value: Any) -> bool:
    """Return whether a value is an object of an outer join without a match."""
    return isinstance(value, dict) and value.get("id", value) is None


def _plain(value: Any) -> Any:
    """Return a value in a form that SQLite stores."""
    if isinstance(value, datetime):
        return stamp(value)
    return orjson.dumps(value).decode() if isinstance(value, list | dict) else value


def _fold(value: str | None) -> str:
    """Return text for a comparison that ignores case, also beyond ASCII."""
    return (value or "").casefold()
