"""The server in this process, over the whole chain, for the clients of other commands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from mcp.shared.memory import MessageStream, create_client_server_memory_streams

from ..app import app
from ..config import Settings
from ..telemetry import Telemetry


@asynccontextmanager
async def served(settings: Settings, telemetry: Telemetry) -> AsyncIterator[MessageStream]:
    """Yield the streams of a client. The server serves it until the block ends."""
    async with (
        app(settings, telemetry, lazy=False) as application,
        create_client_server_memory_streams() as (client, server),
        anyio.create_task_group() as group,
    ):
        group.start_soon(application.session.server.run, *server)
        yield client
        group.cancel_scope.cancel()
