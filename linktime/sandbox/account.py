"""What every resource stands on: the account's rows, its clock and the courier of its webhooks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web

from .answers import NotFound
from .courier import Courier
from .store import Row, Store


@dataclass(frozen=True, slots=True)
class Account:
    """The one account of a sandbox."""

    store: Store
    now: Callable[[], datetime]
    courier: Courier

    @property
    def owner(self) -> Row:
        """Whose account it is."""
        return self.store.rows("SELECT * FROM account")[0]

    @property
    def settings(self) -> Row:
        """Return its settings."""
        return self.store.rows("SELECT * FROM settings")[0]

    @property
    def zone(self) -> ZoneInfo:
        """Its time zone, in which days begin and end."""
        return ZoneInfo(self.settings["timezone"])

    def find(self, thing: str, sql: str, *values: Any) -> Row:
        """Return the one row of a query; *thing* is what a caller is told when there is none."""
        row = self.store.row(sql, *values)
        if row is None:
            raise NotFound(thing)
        return row


ACCOUNT: Final = web.AppKey("account", Account)
READ_FROM: Final = web.RequestKey("read_from", Account)  # a replica of the account


def account_of(request: web.Request) -> Account:
    """Return the account that a request is about."""
    return request.get(READ_FROM) or request.app[ACCOUNT]


def http_date(request: web.Request) -> str:
    """Return the account's time as an HTTP date. It may be another time than this machine's."""
    return format_datetime(account_of(request).now().astimezone(UTC), usegmt=True)
