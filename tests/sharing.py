"""Servers that share a ledger, in one process and in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar
from uuid import uuid4

from linktime.ledger import Budget, Shared, Terms
from linktime.ledger.redis import RedisChanges, RedisConnection, RedisLedger
from linktime.ledger.sqlite import SqliteChanges, SqliteLedger
from linktime.ledger.sqlite_file import SqliteFile
from linktime.limiter import SharedStore
from tests.redis_server import RedisServer
from tests.virtual import clock

T = TypeVar("T")


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
        """Delete all files."""
        for file in self.folder.iterdir():
            file.unlink()


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
    return Shared(terms(limit, server, period=period), ledger, SqliteChanges(file, server))


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
    budget.young = False
