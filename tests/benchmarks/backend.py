"""A sandbox without a limit, in a process of its own, so that it takes no time from the measuring process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

from linktime.sandbox import Sandbox


@contextmanager
def sandbox() -> Iterator[tuple[str, str]]:
    """Run the sandbox, and return its URL and its key."""
    ours, its = (context := get_context("spawn")).Pipe()
    process = context.Process(target=_serve, args=(its,), daemon=True)
    process.start()
    its.close()
    try:
        yield ours.recv()
    finally:
        ours.close()
        process.join()


def _serve(pipe: Connection) -> None:
    async def serve() -> None:
        async with Sandbox(limit=0) as sandbox:
            pipe.send((sandbox.url, sandbox.key))
            await asyncio.to_thread(pipe.poll, None)

    asyncio.run(serve())
