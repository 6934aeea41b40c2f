"""The sandbox as a server: one account in one database behind one port."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from aiohttp import web

from .account import Account
from .api import application
from .courier import Courier
from .journal import Journal
from .limit import SlidingWindow
from .seed import seed
from .store import Store
from .variant import Variant

_GRACE: Final = 1.0  # s that a request under way has at the end


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Sandbox:
    """A LinkTime of one's own, as an async context manager: inside it, *url* and *key* are what a client needs.

    *db* is a file that is kept, or `:memory:`. *limit* requests with the key pass in any *period* (s) of *clock*; 0
    switches the limit off. *now* is the account's time. *requests* tells what came in, *store* holds the
    account's rows, and *variant* is how this service differs from the usual one.
    """

    def __init__(
        self,
        *,
        db: str = ":memory:",
        host: str = "127.0.0.1",
        port: int = 0,
        limit: int = 60,
        period: float = 60.0,
        now: Callable[[], datetime] = _utc_now,
        clock: Callable[[], float] = time.monotonic,
        plan: str = "PRO",
    ) -> None:
        self.url = self.key = ""
        self.requests = Journal(clock)
        self._db, self._plan, self._now = db, plan, now
        self._clock = clock
        self._address = (host, port)
        self._window = SlidingWindow(limit, period, clock)
        self._courier = Courier()
        self._open = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            store = self.store = Store(self._db)
            stack.callback(store.close)
            self.variant = Variant(self._clock, store)
            stack.callback(self.variant.forget)
            self.key = _account_key(store, self._plan, self._now())
            stack.push_async_callback(self._courier.aclose)
            app = application(
                Account(store, self._account_time, self._courier), self._window, self.requests, self.variant
            )
            self.url = await _serve(app, self._address, stack)
            self._open = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    def _account_time(self) -> datetime:
        return self._now() + timedelta(seconds=self.variant.skew)

    def peak(self) -> int:
        """Return the largest number of requests with the key, refused or not, that came within one period."""
        return self._window.peak

    async def delivered(self) -> None:
        """Wait until no webhook delivery is under way."""
        await self._courier.idle()


async def run(host: str, port: int, db: str) -> None:
    """Serve until SIGINT or SIGTERM; stdout tells where, with which key, and what to paste into a shell."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(number, stop.set)
    try:
        async with Sandbox(db=db, host=host, port=port) as sandbox:
            sys.stdout.write(_greeting(sandbox.url, sandbox.key))
            sys.stdout.flush()
            await stop.wait()
    except (OSError, sqlite3.Error) as error:
        sys.exit(f"the sandbox can't run: {error}")


async def _serve(app: web.Application, address: tuple[str, int], stack: contextlib.AsyncExitStack) -> str:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE)
    stack.push_async_callback(runner.cleanup)
    await runner.setup()
    await web.TCPSite(runner, *address).start()
    host, port, *_ = runner.addresses[0]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _account_key(store: Store, plan: str, now: datetime) -> str:
    owner: dict[str, Any] | None = store.row("SELECT key FROM account")
    if owner is None:
        owner = {"key": f"lt_live_{secrets.token_hex(20)}"}
        seed(store, key=owner["key"], plan=plan, now=now)
    return str(owner["key"])


def _greeting(url: str, key: str) -> str:
    return (
        f"A LinkTime of your own is at {url} with the key {key}. Stop it with Ctrl-C.\n\n"
        f"export LINKTIME_BASE_URL={url}\n"
        f"export LINKTIME_API_KEY={key}\n"
    )
