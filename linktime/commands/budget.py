"""`linktime-mcp budget`: who spends the budget of the key now. It reads the budget and changes nothing."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from math import ceil
from typing import Final

import orjson

from ..config import Settings
from ..errors import ConfigError
from ..pipeline.ledger import Breaker, Budget, LedgerUnavailable, Shared, open_shared
from ..pipeline.limiter import reserved_for_writes
from .missing_key import key_advice
from .table import console, print_rows, print_text
from .terminal import write_error

_EVERY: Final = 1.0  # s between two readings
_LEGEND: Final = (
    "Spent requests still count against the limit. Those in flight have no answer yet, and waiting calls have no "
    "permit yet. After a 429 the breaker is open and holds all requests back."
)
_CLEAR: Final = "\x1b[H\x1b[2J"
_NOT_SHARED: Final = (
    "LINKTIME_BUDGET=process: each server counts its own requests, and no other program can read them. "
    "Set LINKTIME_BUDGET=local to share one budget."
)


@dataclass(frozen=True, slots=True)
class Server:
    """One server that shares the budget: its client and process, and its requests."""

    client: str
    process: int
    present: bool  # False once it left; its requests still count
    spent: int  # requests that still count
    in_flight: int
    waiting: int  # calls


@dataclass(frozen=True, slots=True)
class Reading:
    """A budget at one moment."""

    limit: int
    period: float  # s
    spent: int  # requests that still count
    in_flight: int
    free: int
    next_free: float | None  # s until a spent request no longer counts
    reserved: int  # of the free ones, for writes
    waiting: int  # calls of all servers
    breaker: str
    blocked: float  # s until the breaker is half-open
    servers: tuple[Server, ...] = ()


def budget(*, watch: bool = False, as_json: bool = False) -> int:
    """Print the budget, with *watch* every second until Ctrl-C. Return the exit status."""
    try:
        settings = Settings.from_environ(os.environ)
    except ConfigError as error:
        write_error(str(error))
        return 2
    shared = open_shared(settings)
    if shared is None:
        write_error(f"linktime-mcp: {key_advice(settings.missing_key) if settings.missing_key else _NOT_SHARED}")
        return 2
    try:
        with closing(shared.ledger):
            for reading in _readings(shared, watch=watch):
                _print(reading, live=watch, as_json=as_json)
    except LedgerUnavailable as fault:
        write_error(f"linktime-mcp: the shared budget can't be read: {fault}. Run linktime-mcp doctor.")
        return 1
    return 0


def _readings(shared: Shared, *, watch: bool) -> Iterator[Reading]:
    yield _read(shared)
    while watch:
        time.sleep(_EVERY)
        yield _read(shared)


def _read(shared: Shared) -> Reading:
    stored = shared.ledger.peek()
    budget, reading = stored or (Budget(), 0.0)
    if stored:
        budget.read(shared.ledger.clock, reading)
    status = budget.status(shared.terms)
    servers = tuple(
        Server(
            client=member.client,
            process=member.process,
            present=member.here,
            spent=len(member.cooling),
            in_flight=len(member.leases),
            waiting=member.waiting if member.here and member.again is not None else 0,
        )
        for member in budget.members.values()
        if member.here or member.held
    )
    free = max(0, status.limit - len(status.cooling) - len(status.leased))
    return Reading(
        limit=status.limit,
        period=status.period,
        spent=len(status.cooling),
        in_flight=len(status.leased),
        free=free,
        next_free=min(status.cooling, default=None),
        reserved=min(free, reserved_for_writes(status.limit)),
        waiting=sum(server.waiting for server in servers),
        breaker=status.breaker.value,
        blocked=status.blocked,
        servers=servers,
    )


def _print(reading: Reading, *, live: bool, as_json: bool) -> None:
    if as_json:
        # Of several readings, each is one line.
        option = orjson.OPT_APPEND_NEWLINE | (0 if live else orjson.OPT_INDENT_2)
        sys.stdout.write(orjson.dumps(asdict(reading), option=option).decode())
    else:
        if live and sys.stdout.isatty():
            sys.stdout.write(_CLEAR)
        _print_tables(reading)
    sys.stdout.flush()


def _print_tables(reading: Reading) -> None:
    out = console()
    free = f"{reading.free}, {reading.reserved} of them for writes"
    if reading.next_free is not None:
        free += f"; one more in {ceil(reading.next_free)} s"
    breaker = reading.breaker
    if reading.breaker == Breaker.OPEN.value:
        breaker += f" for {ceil(reading.blocked)} s more, because LinkTime answered 429"
    rows = [
        ("limit", f"{reading.limit} requests in any {reading.period:g} s"),
        ("spent", f"{reading.spent} in the last {reading.period:g} s"),
        ("in flight", str(reading.in_flight)),
        ("free", free),
        ("waiting", f"{reading.waiting} calls"),
        ("breaker", breaker),
    ]
    print_rows(out, rows)
    print_text(out, _LEGEND)
    out.print()
    servers = [(_name(each), *map(str, (each.spent, each.in_flight, each.waiting))) for each in reading.servers]
    if servers:
        print_rows(out, servers, head=("server", "spent", "in flight", "waiting"))
    else:
        out.print("No server uses this key now.")


def _name(server: Server) -> str:
    ended = "" if server.present else ", ended"
    return f"{server.client or 'unknown client'} (process {server.process}{ended})"
