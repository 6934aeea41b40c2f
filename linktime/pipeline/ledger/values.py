"""The values around a budget: the settings of a server, and a budget as one server sees it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Terms:
    """The settings of one *server*: *limit* requests in any *period*, each in flight for at most *patience* seconds."""

    server: str
    limit: int
    period: float
    patience: float

    @property
    def lease(self) -> float:
        """Return the seconds after which a permit that was never released is free."""
        return self.patience + self.period


@dataclass(slots=True)
class Presence:
    """The server as other programs of its user see it: its *client*, its *process*, and the calls *waiting* in it."""

    process: int = field(default_factory=os.getpid)
    client: str = ""  # the client's own name; empty before it has introduced itself
    waiting: Callable[[], int] = lambda: 0


class Breaker(Enum):
    """The circuit breaker of a key. After a 429 it is open, then half-open until one trial request succeeds."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Status(NamedTuple):
    """A budget as one server sees it. All times are seconds from now."""

    limit: int  # permits in all, by the strictest settings of all servers
    period: float  # likewise
    free: int  # permits that this server may take now
    cooling: tuple[float, ...] = ()  # until each used permit is free, ascending
    leased: tuple[float, ...] = ()  # until the lease of each request in flight ends, ascending
    breaker: Breaker = Breaker.CLOSED
    blocked: float = 0.0  # until the breaker is half-open
    grants: int = 0  # permits ever granted
    servers: int = 1  # that share the budget
    reserved: int = 0  # permits reserved for servers that hold none
    first: bool = True  # whether this server holds none, so that nothing is reserved from it
    mixed: bool = False  # whether machines with different clocks use the budget
