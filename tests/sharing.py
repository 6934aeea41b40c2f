"""Servers that share a ledger, in one process and in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypedDict, TypeVar
from uuid import uuid4

from linktime.ledger import Ledger
from linktime.ledger.redis import RedisLedger
from linktime.ledger.sqlite import SqliteLedger
from linktime.limiter import SharedStore
from tests.redis_server import RedisServer
from tests.virtual import clock

T = TypeVar("T")


class Terms(TypedDict):
    """What the servers of one key agree on."""

    limit: int
    period: float
    patience: float


def terms(limit: int) -> Terms:
    """Allow *limit* requests in a minute, each out for 12 s at most."""
    return {"limit": limit, "period": 60.0, "patience": 12.0}


class Home(Protocol):
    """Where a ledger is kept."""

    def open(self, server: str, limit: int = 6, clock: Callable[[], float] = clock) -> Ledger:
        """Open it as one server sees it."""

    def forget(self) -> None:
        """Lose everything that was kept."""


@dataclass
class FileHome:
    """A folder of files."""

    folder: Path

    def open(self, server: str, limit: int = 6, clock: Callable[[], float] = clock) -> Ledger:
        """Open the file in it."""
        return SqliteLedger(self.folder / "budget", server=server, clock=clock, **terms(limit))

    def forget(self) -> None:
        """Delete all files."""
        for file in self.folder.iterdir():
            file.unlink()


@dataclass
class RedisHome:
    """A Redis server, and a name that nobody else uses there."""

    redis: RedisServer
    name: str = field(default_factory=lambda: uuid4().hex)

    def open(self, server: str, limit: int = 6, clock: Callable[[], float] = clock) -> Ledger:
        """Open what has the name."""
        return RedisLedger(self.redis.url, name=self.name, server=server, clock=clock, **terms(limit))

    def forget(self) -> None:
        """Delete everything, whatever its name."""
        self.redis.do("FLUSHALL")


async def at_once(step: Callable[[], T]) -> T:
    """Do a ledger's step here and now."""
    return step()


def shared(ledger: Ledger, limit: int) -> SharedStore:
    """Make a server's store over the ledger."""
    return SharedStore(ledger, limit, call=at_once, clock=clock)
