"""`linktime-mcp demo --view`: a small host of MCP Apps in the user's browser, over the real chain and a sandbox."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import Final

from ....protocol.stdio.endings import on_signals
from ..server_process import OpenSandbox, Service
from .browser import open_in_browser
from .server_client import connected
from .web import listening

__all__ = ["show"]

_GREETING: Final = (
    "The sandbox's calendar and free times are at\n\n  {}\n\n"
    "Only this machine can open this address. The data are samples, and every change ends with this program.\n"
    "Stop it with Ctrl-C.\n"
)


def show(open_sandbox: OpenSandbox, *, browse: bool) -> int:
    """Serve the page of the host until Ctrl-C, and print its address. With *browse*, open it. Return the exit status.

    Raises:
        OSError: The address cannot be printed.
    """
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_show(open_sandbox, browse=browse))
    return 0


async def _show(open_sandbox: OpenSandbox, *, browse: bool) -> None:
    stop = asyncio.Event()
    on_signals(asyncio.get_running_loop(), stop.set, sys.platform)
    async with (
        open_sandbox() as sandbox,
        connected(Service(sandbox.url, sandbox.key)) as host,
        listening(host) as url,
    ):
        sys.stdout.write(_GREETING.format(url))
        sys.stdout.flush()
        if browse:
            open_in_browser(url)
        await stop.wait()
