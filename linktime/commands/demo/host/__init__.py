"""`linktime-mcp demo --view`: a small host of MCP Apps in the user's browser, over the real chain and a sandbox."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from typing import Final

from ..server_process import Service
from .browser import open_in_browser
from .server_client import connected
from .web import listening

__all__ = ["Service", "show"]

_GREETING: Final = (
    "The sandbox's calendar and free times are at\n\n  {}\n\n"
    "Only this machine can open this address. The data are samples, and every change ends with this program.\n"
    "Stop it with Ctrl-C.\n"
)


async def show(service: Service, *, browse: bool) -> None:
    """Serve the page of the host until SIGINT or SIGTERM, and print its address. With *browse*, open it.

    Raises:
        OSError: The address cannot be printed.
    """
    stop = _stop_event()
    async with connected(service) as host, listening(host) as url:
        sys.stdout.write(_GREETING.format(url))
        sys.stdout.flush()
        if browse:
            open_in_browser(url)
        await stop.wait()


def _stop_event() -> asyncio.Event:
    """Return an event that SIGINT and SIGTERM set. On Windows, Ctrl-C raises KeyboardInterrupt instead."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(number, stop.set)
    return stop
