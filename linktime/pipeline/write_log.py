"""The log of the last writes of `linktime-mcp call`, whose processes end after one call."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

import orjson

from ..config import Settings
from . import private_file
from .ledger.factory import Places, private_name

_SALT_SIZE: Final = 16  # bytes


class WriteLog:
    """A file with the digests of the last call's writes, and the time of each. It has no text of a request.

    The writes of another call replace them, because they may change the same data. A file that cannot be read or
    written is no fault, since it is only a protection from repetition.

    Args:
        file: The path of the file.
        salt: The key of the digests. It is the same in each process of the user.
        wall: Returns the seconds since 1970.
    """

    def __init__(self, file: Path, salt: bytes, *, wall: Callable[[], float]) -> None:
        self._file = file
        self.salt = salt
        self._wall = wall
        self._own: dict[str, float] = {}  # the writes of this process: by their digest, the time of their success

    @classmethod
    def of(cls, settings: Settings, wall: Callable[[], float]) -> WriteLog:
        """Return the log of this user's key at its service."""
        key = settings.api_key.get_secret_value() if settings.api_key else ""
        file = Places.current().directory / f"writes-{private_name(settings)}.json"
        return cls(file, sha256(key.encode()).digest()[:_SALT_SIZE], wall=wall)

    def age(self, digest: bytes) -> float | None:
        """Return the seconds since the success of an equal write in an earlier process, or None if there was none."""
        try:
            return self._wall() - float(orjson.loads(self._file.read_bytes())[digest.hex()])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def begin(self) -> None:
        """Forget the writes of earlier processes, because a write is about to be sent."""
        if not self._own:
            with suppress(OSError):
                self._file.unlink(missing_ok=True)

    def record(self, digest: bytes) -> None:
        """Record the success of a write."""
        self._own[digest.hex()] = self._wall()
        with suppress(OSError):
            private_file.replace(self._file, orjson.dumps(self._own))
