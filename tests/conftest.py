"""What many tests start from: a sandbox, and the real program over it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from linktime.sandbox import Sandbox
from tests.child import Child, child


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Start a LinkTime that sets no limit."""
    async with Sandbox(limit=0) as sandbox:
        yield sandbox


@pytest.fixture
async def server(sandbox: Sandbox) -> AsyncIterator[Child]:
    """Start the program over the sandbox, hands shaken."""
    async with child(LINKTIME_BASE_URL=sandbox.url, LINKTIME_API_KEY=sandbox.key) as server:
        await server.greet()
        yield server
