"""What the user of a conversation never sees: the server's process and the service's own log."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.client import HTTPConnection
from typing import Final, TextIO
from urllib.parse import urlsplit

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

_PATIENCE: Final = 15.0  # s for one answer; only a fault takes so long
_LOG: Final = "/sandbox/requests"


@asynccontextmanager
async def server(url: str, key: str, stderr: TextIO) -> AsyncIterator[Client]:
    """Run the real server as a child process, with the service at *url*, and yield a client of it.

    The SDK hands on no more of the environment than a program needs to start, so the user's settings stay out.
    """
    settings = {
        "LINKTIME_API_KEY": key,
        "LINKTIME_BASE_URL": url,
        "OTEL_TRACES_EXPORTER": "none",  # its stderr is shown where a step fails, and spans would be all of it
        "LINKTIME_BUDGET": "process",  # a demo played a moment ago has no part in this one's budget
    }
    program = StdioServerParameters(command=sys.executable, args=["-m", "linktime"], env=settings)
    async with Client(stdio_client(program, errlog=stderr), read_timeout_seconds=_PATIENCE) as client:
        yield client


async def upstream_requests(url: str) -> int:
    """Ask the service how many requests reached its API."""
    return await asyncio.to_thread(_count, url)


def _count(url: str) -> int:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=_PATIENCE)
    try:
        connection.request("GET", _LOG)
        return len(json.load(connection.getresponse())["data"])
    finally:
        connection.close()
