"""A client of the SDK in this process, over streams that stay in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
from mcp import Client
from mcp.shared.memory import MessageStream, create_client_server_memory_streams

from linktime.protocol.session.sdk_server import Server


def connected(server: Server, **options: Any) -> Client:
    """Yield a client of *server*, which serves while the client is open."""
    return Client(_serving(server), **options)


@asynccontextmanager
async def _serving(server: Server) -> AsyncIterator[MessageStream]:
    async with create_client_server_memory_streams() as (ours, its), anyio.create_task_group() as group:
        group.start_soon(server.run, *its)
        yield ours
        group.cancel_scope.cancel()
