"""Builds the store of a server, and the feed of changes if it shares its key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from ...config import Settings
from ..clock import now
from ..ledger import ChangeFeed, Executor, Presence, open_shared
from .shared import SharedStore
from .store import MemoryStore, Store


@asynccontextmanager
async def sharing(
    settings: Settings, clock: Callable[[], float] = now, presence: Presence | None = None
) -> AsyncIterator[tuple[Store, ChangeFeed | None]]:
    """Yield the store, and the feed unless the server shares with no other.

    *clock* counts seconds. The other servers see *presence*.
    """
    shared = open_shared(settings)
    if shared is None:
        yield MemoryStore(settings.rate_limit, clock=clock), None
        return
    executor = Executor()
    store = SharedStore(shared.ledger, shared.terms, run=executor, clock=clock, presence=presence)
    joining = asyncio.create_task(store.join())
    try:
        yield store, ChangeFeed(shared.changes, executor, clock=clock, joining=joining)
    finally:
        joining.cancel()
        await executor.aclose(store.close)
