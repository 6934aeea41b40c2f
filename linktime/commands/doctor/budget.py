"""Checks the budget: where it is kept, how much of it is left, and which servers share it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import closing, suppress
from math import ceil
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final, NamedTuple

from ...config import Settings
from ...pipeline.ledger import Ledger, LedgerUnavailable, Status, Terms, open_shared
from .finding import Finding

_LOG: Final = logging.getLogger("linktime.pipeline.ledger")
_PATIENCE: Final = 4.0  # s; looking up the name of a Redis server has no bound of its own
NOT_WRITABLE: Final = "Make its folder writable for you, or set LINKTIME_BUDGET=process to do without."
LOCKED: Final = "Run it again. If it stays so, find the program that has this file open, such as a backup, and end it."
_SERVER: Final = "Start that server or correct LINKTIME_BUDGET; until then each of your servers goes on with a part."


class Look(NamedTuple):
    """The findings, and whether a server ever *began* the budget, so that a request has to be counted in it."""

    findings: list[Finding]
    began: bool = False


async def look(settings: Settings) -> Look:
    """Check the budget of this key. It is neither begun nor changed."""
    shared = open_shared(settings)
    if shared is None:
        return Look([Finding("place", "good", "this process alone, as LINKTIME_BUDGET says")])
    ledger, terms, is_file = shared.ledger, shared.terms, settings.budget == "local"
    try:
        with _Warnings() as warnings:
            status = await asyncio.wait_for(asyncio.to_thread(_status, ledger, terms, is_file=is_file), _PATIENCE)
    except (LedgerUnavailable, OSError) as fault:
        seen = f"can't be used: {_reason(ledger.place, fault)}"
        return Look([Finding("place", "fault", seen, _cure(seen) if is_file else _SERVER)])
    findings = [Finding("place", "good", ledger.place), *_findings(status, terms)]
    return Look([*warnings, *findings], status is not None)


class _Warnings(logging.Handler):
    """Collects the warnings of the ledger, such as that its file was begun anew."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.findings: list[Finding] = []

    def __enter__(self) -> list[Finding]:
        _LOG.addHandler(self)
        return self.findings

    def __exit__(self, *_: object) -> None:
        _LOG.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.findings.append(Finding("place", "warning", record.getMessage(), "Nothing more has to be done."))


def _status(ledger: Ledger, terms: Terms, *, is_file: bool) -> Status | None:
    """Return the status, None if no server began the budget. Raise OSError if its file can't be written."""
    # Looking changes nothing, so the doctor takes no part of the budget.
    with closing(ledger):
        stored = ledger.peek()
    if is_file:
        _check_rights(Path(ledger.place))
    if stored is None:
        return None
    budget, reading = stored
    budget.read(ledger.clock, reading)
    return budget.status(terms)


def _check_rights(file: Path) -> None:
    """Raise OSError if the file can't be written, or no file beside it be created. Leave nothing behind."""
    with suppress(FileNotFoundError):
        file.open("r+b").close()  # SQLite only reads a file that it can't write, without an error
    with TemporaryFile(dir=next(folder for folder in file.parents if folder.exists())):
        pass


def _reason(place: str, fault: LedgerUnavailable | OSError) -> str:
    return f"{place}: {fault.strerror or 'no answer'}" if isinstance(fault, OSError) else str(fault)


def _cure(seen: str) -> str:
    return LOCKED if seen.endswith(" is locked") else NOT_WRITABLE  # SQLite's words for SQLITE_BUSY and SQLITE_LOCKED


def _findings(status: Status | None, terms: Terms) -> list[Finding]:
    if status is None:
        return [Finding("left", "good", _left(terms.limit, terms.limit)), Finding("servers", "good", _servers(0))]
    return [_remaining(status), *_breaker(status), *_settings(status, terms), *_sharers(status)]


def _remaining(status: Status) -> Finding:
    # The permits of the key. A single server may have fewer, because some are reserved for the others.
    used = [*status.cooling, *status.leased]
    free = max(0, status.limit - len(used))
    if free:
        return Finding("left", "good", _left(free, status.limit))
    cure = f"Wait: the next one can be sent in about {ceil(min(used))} s."
    return Finding("left", "warning", _left(free, status.limit), cure)


def _left(free: int, limit: int) -> str:
    return f"{free} of {limit} requests can be sent now"


def _breaker(status: Status) -> list[Finding]:
    if not status.blocked:
        return []
    cure = "Wait. If it comes again, something else uses this key: give it a key of its own."
    return [Finding("breaker", "warning", f"open for {ceil(status.blocked)} s more, since LinkTime answered 429", cure)]


def _settings(status: Status, terms: Terms) -> list[Finding]:
    if status.limit >= terms.limit and status.period <= terms.period:
        return []
    seen = f"other servers with this key are set to {status.limit} requests in {status.period:g} s"
    cure = "Set LINKTIME_RATE_LIMIT and LINKTIME_RATE_PERIOD alike for all of them; until then the strictest apply."
    return [Finding("settings", "warning", seen, cure)]


def _sharers(status: Status) -> list[Finding]:
    findings = [Finding("servers", "good", _servers(status.servers))]
    if status.mixed:
        cure = "Set LINKTIME_BUDGET to a Redis server, unless the file locks of this home's drive are reliable."
        findings.append(Finding("servers", "warning", "they run on several machines that share one home", cure))
    return findings


def _servers(count: int) -> str:
    return {0: "no server shares it now", 1: "1 server shares it"}.get(count, f"{count} servers share it")
