"""The fixtures on stdin and stdout, through this project's transport and its memo of the first answers."""

from __future__ import annotations

import asyncio

from linktime.commands.startup import sparing
from linktime.front import Front

front = Front()
front.begin()

with sparing("mcp", "mcp.server"):  # as the program itself does; the suite starts some sixty servers
    from linktime.protocol.stdio import streams
    from tests.conformance.fixtures import server


async def main() -> None:
    """Serve one client."""
    fixtures, confirm = server()

    def leave(*, finish: bool) -> None:
        if not finish:
            confirm.leave()

    async with streams(leave, front) as (reader, writer):
        await fixtures.run(reader, writer)


if __name__ == "__main__":
    asyncio.run(main())
