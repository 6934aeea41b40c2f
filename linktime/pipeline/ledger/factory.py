"""Chooses where the budget of a key is kept, as the settings say."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple
from uuid import uuid4

from ...config import Settings
from ...hosts import identity
from .interface import ChangeLog, Ledger
from .values import Terms

STATE: Final = "_LINKTIME_STATE"  # for tests alone: a directory in place of ~/.local/state
_SLACK: Final = 2.0  # s; beyond its timeout, until a request has surely ended and its permit is released


class Shared(NamedTuple):
    """What a server on *terms* shares with the other servers of its key. Nothing is opened before the first step."""

    terms: Terms
    ledger: Ledger
    changes: ChangeLog


def open_shared(settings: Settings) -> Shared | None:
    """Return the ledger and the changes of this key at this service. None if the server shares with no other."""
    if settings.budget == "process" or settings.api_key is None:
        return None
    name, terms = _name(settings), terms_of(settings)
    if settings.budget == "local":
        from .sqlite import SqliteChanges, SqliteLedger  # noqa: PLC0415 - most of it is only needed for a call
        from .sqlite_file import SqliteFile  # noqa: PLC0415 - likewise

        # The file of a key, so that servers with different keys do not share a lock
        file = SqliteFile(_directory() / f"budget-{name}.db")
        return Shared(terms, SqliteLedger(file), SqliteChanges(file, terms.server))
    from .redis import RedisChanges, RedisConnection, RedisLedger  # noqa: PLC0415 - likewise

    redis = RedisConnection(settings.budget)
    return Shared(terms, RedisLedger(redis, name), RedisChanges(redis, name, terms.server))


def terms_of(settings: Settings) -> Terms:
    """Return the terms of a new server."""
    return Terms(uuid4().hex, settings.rate_limit, settings.rate_period, settings.timeout + _SLACK)


def _directory() -> Path:
    """Return the one directory that every server of this user chooses.

    Clients start servers with different environments: some pass HOME and PATH alone, some set XDG variables or a HOME
    of their own, and an app of the Windows Store sees another AppData. So it is in the home that the system knows.
    """
    if test := os.environ.get(STATE):
        return Path(test) / "linktime-mcp"
    home = next((home for home in _homes() if home.is_dir()), Path("~").expanduser())
    return home / ".local" / "state" / "linktime-mcp"


def _homes() -> Iterator[Path]:
    if sys.platform != "win32":
        import pwd  # noqa: PLC0415 - does not exist on Windows

        with suppress(KeyError):  # a container's user may have no entry
            yield Path(pwd.getpwuid(os.getuid()).pw_dir)


def _name(settings: Settings) -> str:
    """Derive a name from the key and the service that reveals neither."""
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    return sha256(f"{key}\n{identity(settings.base_url)}".encode()).hexdigest()[:32]
