"""Several servers on one ledger, with a manual clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import uuid4

from linktime.pipeline.ledger import Status
from tests.support.ledger_homes import Home, Server

PERIOD, PATIENCE = 60.0, 12.0
LEASE = PERIOD + PATIENCE


@dataclass
class Clock:
    """A manual clock."""

    time: float = 1000.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.time


@dataclass
class Servers:
    """Several servers that share one key and one clock."""

    home: Home
    clock: Clock = field(default_factory=Clock)

    def known(self, *names: str, limit: int = 3) -> list[Server]:
        """Open the ledger for each server, and join it."""
        ledgers = self.unknown(*names, limit=limit)
        for ledger in ledgers:
            ledger.join()
        return ledgers

    def unknown(self, *names: str, limit: int = 3) -> list[Server]:
        """Open the ledger for each server."""
        return [Server(self.home.open(name, limit, self.clock)) for name in names]

    def wait(self, seconds: float) -> None:
        """Advance the clock."""
        self.clock.time += seconds


def take(ledger: Server, count: int = 1) -> list[str]:
    """Take permits and return their ids. Check that all of them are free."""
    taken = [uuid4().hex for _ in range(count)]
    for ident in taken:
        assert ledger.take(ident, 0, 0.0) == 0
    return taken


def spend(ledger: Server, seconds: float = PERIOD) -> None:
    """Take a permit and release it with a cooldown."""
    [ident] = take(ledger)
    ledger.release(ident, seconds, closes=True)


def seen(server: Server) -> Status:
    """Return the status of the budget. Check that the budget exists."""
    status = server.status()
    assert status is not None
    return status


def wait(ledger: Server, spare: int = 0, soon: float = 0.0) -> float:
    """Return the seconds to wait for a permit. Check that no permit is free."""
    seconds = ledger.take(uuid4().hex, spare, soon)
    assert seconds > 0
    return seconds
