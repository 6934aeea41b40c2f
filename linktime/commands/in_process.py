"""A server in this process, for the commands that are a client of it themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from mcp.shared.memory import MessageStream, create_client_server_memory_streams

from ..app import App


@asynccontextmanager
async def served(application: App) -> AsyncIterator[MessageStream]:
    """Yield the streams of a client. *application* serves it until the block ends."""
    async with create_client_server_memory_streams() as (client, server), anyio.create_task_group() as group:
        group.start_soon(application.session.server.run, *server)
        yield client
        group.cancel_scope.cancel()
