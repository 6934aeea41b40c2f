"""The budget: where it is kept, what is left of it, and who shares it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import closing
from math import ceil
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final, NamedTuple

from ..config import Settings
from ..ledger import Away, Ledger, Standing, open_ledger
from .finding import Finding

_LOG: Final = logging.getLogger("linktime.ledger")
_PATIENCE: Final = 4.0  # s; looking up the name of a Redis server has no bound of its own
_FILE: Final = "Make its folder writable for you, or set LINKTIME_BUDGET=process to do without."
_HELD: Final = "Run it again. If it stays so, find the program that has this file open, such as a backup, and end it."
_SERVER: Final = "Start that server or correct LINKTIME_BUDGET; until then each of your servers goes on with a part."


class Look(NamedTuple):
    """What was found, and whether a server ever *began* what is there, so that a request has to be counted in it."""

    findings: list[Finding]
    began: bool = False


async def look(settings: Settings) -> Look:
    """Look at the ledger of this key without joining in, and begin none."""
    ledger = open_ledger(settings)
    if ledger is None:
        return Look([Finding("place", "good", "this process alone, as LINKTIME_BUDGET says")])
    is_file = settings.budget == "local"
    try:
        with _Heard() as heard:
            standing = await asyncio.wait_for(asyncio.to_thread(_standing, ledger, is_file=is_file), _PATIENCE)
    except (Away, OSError) as fault:
        seen = f"can't be used: {_reason(ledger.place, fault)}"
        return Look([Finding("place", "fault", seen, _cure(seen) if is_file else _SERVER)])
    findings = [Finding("place", "good", ledger.place), *_told(standing, settings.rate_limit)]
    return Look([*heard, *findings], bool(standing.servers or standing.turns))


class _Heard(logging.Handler):
    """What the ledger has to say while it is looked at, such as that its file had to be begun anew."""

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


def _standing(ledger: Ledger, *, is_file: bool) -> Standing:
    """Look; where there is no file, see that one could be begun."""
    with closing(ledger):
        standing = ledger.look()
    if is_file and not standing.servers:
        _try(Path(ledger.place))
    return standing


def _try(file: Path) -> None:
    """Raise OSError where no file can be made there; leaves nothing behind."""
    with TemporaryFile(dir=next(folder for folder in file.parents if folder.exists())):
        pass


def _reason(place: str, fault: Away | OSError) -> str:
    return f"{place}: {fault.strerror or 'no answer'}" if isinstance(fault, OSError) else str(fault)


def _cure(seen: str) -> str:
    return _HELD if seen.endswith(" is locked") else _FILE  # SQLite's words for SQLITE_BUSY and SQLITE_LOCKED


def _told(standing: Standing, limit: int) -> list[Finding]:
    return [_left(standing, limit), *_gate(standing), Finding("servers", "good", _sharers(standing.servers))]


def _left(standing: Standing, limit: int) -> Finding:
    used = [*standing.cooling, *standing.out]
    free = max(0, limit - len(used))
    seen = f"{free} of {limit} requests can be sent now"
    if free:
        return Finding("left", "good", seen)
    return Finding("left", "warning", seen, f"Wait: the next one can be sent in about {ceil(min(used))} s.")


def _gate(standing: Standing) -> list[Finding]:
    if not standing.shut:
        return []
    cure = "Wait. If it comes again, something else uses this key: give it a key of its own."
    return [Finding("gate", "warning", f"shut for {ceil(standing.shut)} s more, since LinkTime answered 429", cure)]


def _sharers(count: int) -> str:
    return {0: "none shares it now", 1: "1 shares it"}.get(count, f"{count} share it")
