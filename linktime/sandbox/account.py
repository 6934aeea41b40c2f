"""The account: its rows, its clock and its webhook sender, shared by all resources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web

from .responses import NotFound
from .store import Row, Store
from .webhook_sender import WebhookSender


@dataclass(frozen=True, slots=True)
class Account:
    """The only account of a sandbox. *now* returns its current time, with a time zone."""

    store: Store
    now: Callable[[], datetime]
    webhooks: WebhookSender

    @property
    def owner(self) -> Row:
        """Return the owner's row, with the API key and the plan."""
        return self.store.rows("SELECT * FROM account")[0]

    @property
    def settings(self) -> Row:
        """Return the settings."""
        return self.store.rows("SELECT * FROM settings")[0]

    @property
    def zone(self) -> ZoneInfo:
        """Return the account's time zone, which decides when a day begins."""
        return ZoneInfo(self.settings["timezone"])

    def find(self, thing: str, sql: str, *values: Any) -> Row:
        """Return the first row of a query.

        Raises:
            NotFound: The query has no row. *thing* names the missing object in the message.
        """
        row = self.store.row(sql, *values)
        if row is None:
            raise NotFound(thing)
        return row


ACCOUNT: Final = web.AppKey("account", Account)
READ_FROM: Final = web.RequestKey("read_from", Account)  # a replica of the account


def account_of(request: web.Request) -> Account:
    """Return the account of the application that handles *request*, or the replica that it is read from."""
    return request.get(READ_FROM) or request.app[ACCOUNT]


def http_date(request: web.Request) -> str:
    """Return the account's time as an HTTP date. It may be another time than this machine's."""
    return format_datetime(account_of(request).now().astimezone(UTC), usegmt=True)
