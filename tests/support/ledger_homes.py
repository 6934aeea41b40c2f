"""Servers that share a ledger, in one process and in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar
from uuid import uuid4

import pytest

from linktime.pipeline.ledger import Budget, Ledger, Shared, Status, Terms
from linktime.pipeline.ledger.redis import RedisChanges, RedisConnection, RedisLedger
from linktime.pipeline.ledger.sqlite import SqliteChanges, SqliteLedger
from linktime.pipeline.ledger.sqlite_file import SqliteFile
from linktime.pipeline.limiter import SharedStore
from tests.support.redis_server import RedisServer
from tests.support.virtual_time import clock

T = TypeVar("T")

_opened: list[Ledger] = []  # of the running test


def closed_later(shared: Shared) -> Shared:
    """Return *shared*, whose ledger is closed at the end of the test."""
    _opened.append(shared.ledger)
    return shared


def close_files() -> None:
    """Close every file that this test opened: Python 3.13 warns of open ones, and Windows keeps their folders."""
    while _opened:
        _opened.pop().close()


def terms(limit: int, server: str = "one", *, period: float = 60.0) -> Terms:
    """Allow *limit* requests in a minute, each in flight for 12 s at most."""
    return Terms(server, limit, period, 12.0)


class Home(Protocol):
    """A place where budgets are kept."""

    def open(self, server: str, limit: int = 6, clock: Callable[[], float] = clock, *, period: float = 60.0) -> Shared:
        """Open the budget as one server sees it."""

    def forget(self) -> None:
        """Lose everything that was kept."""


@dataclass
class FileHome:
    """A folder of files."""

    folder: Path

    def open(self, server: str, limit: int = 6, clock: Callable[[], float] = clock, *, period: float = 60.0) -> Shared:
        """Open the file in it."""
        return opened(self.folder / "budget.db", server, limit, clock, period=period)

    def forget(self) -> None:
        """Delete the file of the budget."""
        for file in self.folder.glob("budget.db*"):
            delete(file)


def delete(file: Path) -> None:
    """Delete a file. Skip the test if an open file cannot be lost in this way."""
    try:
        file.unlink()
    except PermissionError:
        pytest.skip("Windows deletes no file that is open")


@dataclass
class RedisHome:
    """A Redis server, and a name that is used nowhere else."""

    redis: RedisServer
    name: str = field(default_factory=lambda: uuid4().hex)

    def open(self, server: str, limit: int = 6, clock: Callable[[], float] = clock, *, period: float = 60.0) -> Shared:
        """Open the keys of the name."""
        connection = RedisConnection(self.redis.url)
        ledger = RedisLedger(connection, self.name, clock=clock)
        return Shared(terms(limit, server, period=period), ledger, RedisChanges(connection, self.name, server))

    def forget(self) -> None:
        """Delete everything, under any name."""
        self.redis.do("FLUSHALL")


def opened(
    path: Path,
    server: str = "one",
    limit: int = 6,
    clock: Callable[[], float] = clock,
    *,
    period: float = 60.0,
    machine: str = "",
) -> Shared:
    """Open the budget in a file as one server sees it."""
    file = SqliteFile(path)
    ledger = SqliteLedger(file, clock=clock, machine_id=machine)
    return closed_later(Shared(terms(limit, server, period=period), ledger, SqliteChanges(file, server)))


@dataclass
class Server:
    """One server's steps on a ledger, without a copy of its own."""

    shared: Shared

    @property
    def _terms(self) -> Terms:
        return self.shared.terms

    def do(self, step: Callable[[Budget], T]) -> T:
        """Apply a step as a server does that knows the budget."""

        def apply(budget: Budget, reading: float) -> T:
            mature(budget, reading)
            budget.read(self.shared.ledger.clock, reading)
            budget.enroll(self._terms, budget)
            return step(budget)

        return self.shared.ledger.apply(apply)

    def join(self) -> Status:
        """Be present."""
        return self.do(lambda budget: budget.status(self._terms))

    def take(self, ident: str, spare: int = 0, soon: float = 0.0) -> float:
        """Take a permit, or return the seconds to wait."""
        return self.do(lambda budget: budget.take(self._terms, ident, spare, soon))

    def release(self, ident: str, after: float, *, closes: bool = True) -> Status:
        """Release a permit."""
        self.do(lambda budget: budget.release(self._terms, ident, after, closes=closes))
        return self.join()

    def open_breaker(self, seconds: float) -> Status:
        """Open the breaker."""
        self.do(lambda budget: budget.open_breaker(seconds))
        return self.join()

    def leave(self) -> None:
        """Be absent."""
        self.do(lambda budget: budget.leave(self._terms))

    def status(self) -> Status | None:
        """Look at the budget and change nothing."""
        stored = self.shared.ledger.peek()
        if stored is None:
            return None
        budget, reading = stored
        budget.read(self.shared.ledger.clock, reading)
        return budget.status(self._terms)


async def at_once(step: Callable[[], T]) -> T:
    """Do a ledger's step here and now."""
    return step()


def shared(shared: Shared, *, old: bool = True) -> SharedStore:
    """Make a server's store. An *old* budget is one that had no predecessor in the last period."""
    if old:
        shared.ledger.apply(mature)
    return SharedStore(shared.ledger, shared.terms, run=at_once, clock=clock)


def mature(budget: Budget, _: float) -> None:
    """Let a budget be one without a predecessor."""
    budget.young, budget.idle = False, None
