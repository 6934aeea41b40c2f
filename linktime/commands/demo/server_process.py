"""The processes behind the conversations: the MCP server as a child, and the service that it sends requests to."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http.client import HTTPConnection
from typing import Any, Final, NamedTuple, TextIO
from urllib.parse import urlsplit

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

_TIMEOUT: Final = 15.0  # s for one response; only a fault takes so long


class Service(NamedTuple):
    """A sandbox, by its URL and its API key."""

    url: str
    key: str

    async def requests(self) -> list[dict[str, Any]]:
        """Return the request log of the sandbox, oldest first."""
        entries: list[dict[str, Any]] = (await asyncio.to_thread(self._send, "GET", "/sandbox/requests"))["data"]
        return entries

    async def fail(self, **rule: Any) -> None:
        """Make the next request that matches *rule* fail."""
        await asyncio.to_thread(self._send, "POST", "/sandbox/faults", rule)

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=_TIMEOUT)
        try:
            connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
            return json.load(connection.getresponse())
        finally:
            connection.close()


@asynccontextmanager
async def server(service: Service, stderr: TextIO, settings: Mapping[str, str]) -> AsyncIterator[Client]:
    """Run the real server as a child process, and yield a client of it. *settings* are environment variables.

    The SDK passes on only the environment variables that a program needs to start, so the user's settings stay out.
    """
    env = {
        "LINKTIME_API_KEY": service.key,
        "LINKTIME_BASE_URL": service.url,
        "OTEL_TRACES_EXPORTER": "none",  # the end of stderr is shown on a failure, and must not be all spans
        "LINKTIME_BUDGET": "process",  # an earlier demo must not use up the budget of this one
        **settings,
    }
    # The same interpreter runs the server, so the demo needs no installed command.
    program = StdioServerParameters(command=sys.executable, args=["-m", "linktime"], env=env)
    async with Client(stdio_client(program, errlog=stderr), read_timeout_seconds=_TIMEOUT) as client:
        yield client
