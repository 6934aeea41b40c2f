"""The sandbox as a server: one account, in one database, on one port."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import secrets
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from errno import EADDRINUSE
from types import MappingProxyType
from typing import Any, Final, Self

from aiohttp import web

from ..contract import Contract
from .account import Account
from .api import application
from .rate_limit import SlidingWindow
from .request_log import RequestLog, logger
from .seed import seed
from .store import Store
from .variant import Variant
from .webhook_sender import WebhookSender

KEY: Final = f"lt_live_{hashlib.sha256(b'sandbox').hexdigest()[:40]}"
"""The key of `linktime-mcp sandbox`. It is always the same, so a client's entry survives a restart."""

_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")

_GRACE: Final = 1.0  # s; requests in flight get this long at shutdown
_START_ERRORS: Final = (OSError, sqlite3.Error, OverflowError, UnicodeError)  # the latter: a bad port, a bad host
_NO_CHANGES: Final[Mapping[str, str]] = MappingProxyType({})


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Sandbox:
    """A local LinkTime, as an async context manager. While it is open, a client connects with *url* and *key*.

    In tests, *requests* holds the request log, *store* the account's rows, and *variant* the service's peculiarities.
    Another *contract*, set before the start, gives the service another spelling.

    Args:
        db: The database file, or `:memory:`. An existing account is kept.
        address: Host and port to listen on. Port 0 picks a free port.
        limit: Requests allowed with the key in any *period*. 0 means no limit.
        period: Seconds of *clock*.
        now: Returns the account's current time, with a time zone.
        clock: Returns the seconds for the rate limit and the request log.
        owner: Columns of a new account, such as its `key` and `plan`. The key is random by default.
    """

    def __init__(
        self,
        *,
        db: str = ":memory:",
        address: tuple[str, int] = ("127.0.0.1", 0),
        limit: int = 60,
        period: float = 60.0,
        now: Callable[[], datetime] = _utc_now,
        clock: Callable[[], float] = time.monotonic,
        owner: Mapping[str, str] = _NO_CHANGES,
    ) -> None:
        # for clients and tests
        self.url = self.key = ""
        self.requests = RequestLog(clock)
        self.contract = Contract.shipped()
        # settings
        self._db, self._address, self._now, self._owner = db, address, now, owner
        self._clock = clock
        # running parts
        self._window = SlidingWindow(limit, period, clock)
        self._webhooks = WebhookSender()
        self._open = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            # The stack closes in reverse order: first the server, then the deliveries, last the database.
            store = self.store = Store(self._db)
            stack.callback(store.close)
            variant = self.variant = Variant(self._clock, store)
            stack.callback(variant.forget)
            self.key = _account_key(store, self._owner, self._now())
            stack.push_async_callback(self._webhooks.aclose)
            account = Account(store, self._account_time, self._webhooks)
            app = application(account, self._window, self.requests, self._address[0], variant, contract=self.contract)
            self.url = await _listen(app, self._address, stack)
            self._open = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    def _account_time(self) -> datetime:
        return self._now() + timedelta(seconds=self.variant.skew)

    def peak(self) -> int:
        """Return the largest number of requests with the key in any period, refused requests included."""
        return self._window.peak

    async def delivered(self) -> None:
        """Wait until no webhook delivery is in flight."""
        await self._webhooks.idle()


async def run(host: str, port: int, db: str, *, log: bool = False, powershell: bool = False) -> None:
    """Serve until SIGINT or SIGTERM. Print the address, the key and the next commands on stdout.

    With *log*, stderr has a line for each response. With *powershell*, the commands are for that shell. The process
    exits with status 1 if the sandbox cannot start.

    Raises:
        OSError: Stdout cannot be written.
    """
    stop = _stop_event()
    if log:
        logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
        logger.setLevel(logging.INFO)
    # The fixed key is public, so a sandbox that other machines can reach gets a random one.
    owner = {"key": KEY} if host in _LOOPBACK else _NO_CHANGES
    async with contextlib.AsyncExitStack() as stack:
        try:
            sandbox = await stack.enter_async_context(Sandbox(db=db, address=(host, port), owner=owner))
        except _START_ERRORS as error:
            cure = " Use --port 0 for any free port." if getattr(error, "errno", 0) == EADDRINUSE else ""
            sys.exit(f"The sandbox cannot start: {str(error).rstrip('.')}.{cure}")
        sys.stdout.write(greeting(sandbox.url, sandbox.key, powershell=powershell))
        sys.stdout.flush()
        await stop.wait()


def greeting(url: str, key: str, *, powershell: bool = False) -> str:
    """Return the text to print at the start, with commands for a POSIX shell or for PowerShell."""
    variables = {"LINKTIME_BASE_URL": url, "LINKTIME_API_KEY": key}
    line = '$env:{} = "{}"\n' if powershell else "export {}={}\n"
    return (
        f"The sandbox is running at {url} with sample data. Stop it with Ctrl-C.\n\n"
        "To add it to an MCP client, such as claude-code, run this in another shell:\n\n"
        f"linktime-mcp install CLIENT{_install_options(url, key)}\n"
        "\nTo use it from that shell, paste these lines. linktime-mcp doctor then checks the connection.\n\n"
        + "".join(line.format(name, value) for name, value in variables.items())
        + "\nEach request of a client writes a line here.\n"
    )


def _install_options(url: str, key: str) -> str:
    """Return the options of `linktime-mcp install`. Without a fixed key it takes both variables from the shell."""
    address, _, port = url.rpartition(":")
    if key != KEY or address != "http://127.0.0.1":
        return ", after the lines below"
    return " --sandbox" if port == "8787" else f" --sandbox --port {port}"


def _stop_event() -> asyncio.Event:
    """Return an event that SIGINT and SIGTERM set. On Windows, Ctrl-C raises KeyboardInterrupt instead."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(number, stop.set)
    return stop


async def _listen(app: web.Application, address: tuple[str, int], stack: contextlib.AsyncExitStack) -> str:
    """Serve *app* until *stack* closes. Return the URL."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE)
    stack.push_async_callback(runner.cleanup)
    await runner.setup()
    await web.TCPSite(runner, *address).start()
    host, port, *_ = runner.addresses[0]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _account_key(store: Store, owner: Mapping[str, str], now: datetime) -> str:
    """Return the key of the account in *store*. Fill an empty store first."""
    account: dict[str, Any] | None = store.row("SELECT key FROM account")
    if account is None:
        account = {"key": f"lt_live_{secrets.token_hex(20)}", **owner}
        seed(store, owner=account, now=now)
    return str(account["key"])
