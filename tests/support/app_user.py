"""A user of the whole chain in this process, over a sandbox, with a clock that the test can move."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from mcp import Client

from linktime.app import app
from linktime.config import Settings
from linktime.pipeline.clock import now
from linktime.sandbox import Sandbox
from tests.support.sandbox_client import paths
from tests.support.sdk_client import connected

BOUND: Final = 30.0  # s


@dataclass
class User:
    """A *client* of the chain over a *sandbox*. *skipped* is the seconds by which its clock is ahead."""

    sandbox: Sandbox
    client: Client | None = None
    skipped: float = 0.0

    def clock(self) -> float:
        """Return the seconds of the chain's clock."""
        return now() + self.skipped

    async def call(self, tool: str, arguments: dict[str, Any] | None = None, **more: Any) -> Any:
        """Call a tool. A parameter that is a Python keyword has an underscore behind it."""
        assert self.client
        named = {name.rstrip("_"): value for name, value in more.items()}
        return await self.client.call_tool(tool, {**(arguments or {}), **named})

    async def answer(self, tool: str, arguments: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """Return the answer of a call that succeeds."""
        result = await self.call(tool, arguments, **more)
        assert not result.is_error, result.content
        answer: dict[str, Any] = result.structured_content
        return answer

    async def refusal(self, tool: str, arguments: dict[str, Any] | None = None, **more: Any) -> str:
        """Return the text of a call that fails."""
        result = await self.call(tool, arguments, **more)
        assert result.is_error, result.content
        return str(result.content[0].text)

    @property
    def sent(self) -> list[str]:
        """The requests that LinkTime has received, such as `GET /me`."""
        return paths(self.sandbox)

    @property
    def writes(self) -> list[str]:
        """The writes among them."""
        return [each for each in self.sent if not each.startswith("GET")]


@asynccontextmanager
async def user_of(sandbox: Sandbox, **settings: str) -> AsyncIterator[User]:
    """Start the chain over *sandbox* with further LINKTIME_* *settings*. Its budget is its own unless they differ."""
    user = User(sandbox)
    environ = {"LINKTIME_API_KEY": sandbox.key, "LINKTIME_BASE_URL": sandbox.url, "LINKTIME_BUDGET": "process"}
    async with (
        asyncio.timeout(BOUND),
        app(Settings.from_environ(environ | settings), clock=user.clock) as application,
        connected(application.session.server) as user.client,
    ):
        yield user
