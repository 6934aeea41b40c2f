"""Chooses where the budget of a key is kept, as the settings say."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple
from uuid import uuid4

from ...config import Settings
from ...hosts import identity
from ..system import MACOS, STATE, WINDOWS, account_home, state_folder
from .interface import ChangeLog, Ledger
from .values import Terms

_SLACK: Final = 2.0  # s; beyond its timeout, until a request has surely ended and its permit is released


class Shared(NamedTuple):
    """What a server on *terms* shares with the other servers of its key. Nothing is opened before the first step."""

    terms: Terms
    ledger: Ledger
    changes: ChangeLog


class Places(NamedTuple):
    """The inputs of the places: `sys.platform`, the environment, and the home folder of the account, if it has one.

    Clients start servers with different environments: some pass HOME and PATH alone, some set XDG variables or a HOME
    of their own, and an app of the Windows Store sees another AppData. So all servers of a user share a directory in
    the home folder that the system knows.
    """

    platform: str
    environ: Mapping[str, str]
    account_home: str

    @classmethod
    def current(cls) -> Places:
        """Return the places of this process."""
        return cls(sys.platform, os.environ, account_home(sys.platform))

    @property
    def directory(self) -> Path:
        """The one directory that every server of this user chooses."""
        return Path(state_folder(*self))

    @property
    def former(self) -> tuple[Path, ...]:
        """The directories of earlier versions. These followed the conventions of the system and the environment."""
        if self.environ.get(STATE):
            return (self.directory,)
        variable, default = {
            WINDOWS: ("LOCALAPPDATA", "AppData/Local"),
            MACOS: ("XDG_STATE_HOME", "Library/Application Support"),
        }.get(self.platform, ("XDG_STATE_HOME", ".local/state"))
        home = self.directory.parents[2]
        return self.directory, Path(self.environ.get(variable) or home / default, self.directory.name)


def open_shared(settings: Settings, places: Places | None = None) -> Shared | None:
    """Return the ledger and the changes of this key at this service. None if the server shares with no other.

    *places* are those of this process unless they are given.
    """
    if settings.budget == "process" or settings.api_key is None:
        return None
    name, terms = private_name(settings), terms_of(settings)
    if settings.budget == "local":
        from .sqlite import SqliteChanges, SqliteLedger  # noqa: PLC0415 - most of it is only needed for a call
        from .sqlite_file import SqliteFile  # noqa: PLC0415 - likewise

        # The file of a key, so that servers with different keys do not share a lock
        places = places or Places.current()
        file = SqliteFile(places.directory / f"budget-{name}.db", places.former)
        return Shared(terms, SqliteLedger(file), SqliteChanges(file, terms.server))
    from .redis import RedisChanges, RedisConnection, RedisLedger  # noqa: PLC0415 - likewise

    redis = RedisConnection(settings.budget)
    return Shared(terms, RedisLedger(redis, name), RedisChanges(redis, name, terms.server))


def terms_of(settings: Settings) -> Terms:
    """Return the terms of a new server."""
    return Terms(uuid4().hex, settings.rate_limit, settings.rate_period, settings.timeout + _SLACK)


def private_name(settings: Settings) -> str:
    """Derive a name from the key and the service that reveals neither."""
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    return sha256(f"{key}\n{identity(settings.base_url)}".encode()).hexdigest()[:32]
