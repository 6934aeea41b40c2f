"""Servers that share a ledger, in one process and in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict, TypeVar

from linktime.ledger import Ledger
from linktime.limiter import SharedStore
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


async def at_once(step: Callable[[], T]) -> T:
    """Do a ledger's step here and now."""
    return step()


def shared(ledger: Ledger, limit: int) -> SharedStore:
    """Make a server's store over the ledger."""
    return SharedStore(ledger, limit, call=at_once, clock=clock)
