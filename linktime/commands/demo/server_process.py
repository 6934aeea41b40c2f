"""The processes behind the conversations: the MCP server as a child, and the service that it sends requests to."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, NamedTuple, Protocol, TextIO

from aiohttp import ClientSession, ClientTimeout
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

_TIMEOUT: Final = 15.0  # s for one response; only a fault takes so long


class LocalService(Protocol):
    """A sandbox that is open."""

    @property
    def url(self) -> str:
        """Return the base URL."""

    @property
    def key(self) -> str:
        """Return the API key."""


OpenSandbox = Callable[..., AbstractAsyncContextManager[LocalService]]
"""Opens a sandbox. Its parameters are those of `Sandbox`."""


class Service(NamedTuple):
    """A sandbox, by its URL and its API key."""

    url: str
    key: str

    @property
    def settings(self) -> dict[str, str]:
        """Return the environment variables of a server that sends its requests here."""
        # An earlier demo must not use up the budget of this one.
        return {"LINKTIME_API_KEY": self.key, "LINKTIME_BASE_URL": self.url, "LINKTIME_BUDGET": "process"}

    async def requests(self) -> list[dict[str, Any]]:
        """Return the request log of the sandbox, oldest first."""
        entries: list[dict[str, Any]] = (await self._send("GET", "/sandbox/requests"))["data"]
        return entries

    async def fail(self, **rule: Any) -> None:
        """Make the next request that matches *rule* fail."""
        await self._send("POST", "/sandbox/faults", rule)

    async def _send(self, method: str, path: str, body: Any = None) -> Any:
        limit = ClientTimeout(total=_TIMEOUT)
        async with (
            ClientSession(timeout=limit) as session,
            session.request(method, f"{self.url}{path}", json=body) as response,
        ):
            return await response.json()


@asynccontextmanager
async def server(service: Service, stderr: TextIO) -> AsyncIterator[Client]:
    """Run the real server as a child process, and yield a client of it.

    The SDK passes on only the environment variables that a program needs to start, so the user's settings stay out.
    """
    # The end of stderr is shown on a failure, and must not be all spans.
    env = {**service.settings, "OTEL_TRACES_EXPORTER": "none"}
    # The same interpreter runs the server, so the demo needs no installed command.
    program = StdioServerParameters(command=sys.executable, args=["-m", "linktime"], env=env)
    async with Client(stdio_client(program, errlog=stderr), read_timeout_seconds=_TIMEOUT) as client:
        yield client
