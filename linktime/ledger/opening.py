"""Finds the ledger that the settings ask for."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final, TypedDict
from uuid import uuid4

from ..config import Settings
from .book import Ledger

_SLACK: Final = 2.0  # s; beyond its timeout, until a request has surely ended and its slot is given back


def open_ledger(settings: Settings) -> Ledger | None:
    """Give the ledger of this key at this base URL; None where this server shares with nobody.

    Nothing is opened before its first step.
    """
    if settings.budget == "process" or settings.api_key is None:
        return None
    name, terms = _name(settings), _terms(settings)
    if settings.budget == "local":
        from .sqlite import SqliteLedger  # noqa: PLC0415 - most of what it needs is only read when a call comes

        return SqliteLedger(_state() / f"budget-{name}.sqlite3", **terms)
    from .redis import RedisLedger  # noqa: PLC0415 - likewise

    return RedisLedger(settings.budget, name=name, **terms)


class _Terms(TypedDict):
    server: str
    limit: int
    period: float
    patience: float


def _terms(settings: Settings) -> _Terms:
    return {
        "server": uuid4().hex,
        "limit": settings.rate_limit,
        "period": settings.rate_period,
        "patience": settings.timeout + _SLACK,
    }


def _state() -> Path:
    from platformdirs import user_state_path  # noqa: PLC0415 - likewise

    return user_state_path("linktime-mcp", appauthor=False)


def _name(settings: Settings) -> str:
    """Name the key and the base URL, so that neither can be read from it."""
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    return sha256(f"{key}\n{settings.base_url}".encode()).hexdigest()[:32]
