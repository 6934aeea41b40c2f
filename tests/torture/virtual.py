"""The driver in virtual time: the whole chain, an official client and the sandbox on one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any, Final

from mcp import Client as McpClient

from linktime.app import app
from linktime.config import Settings
from linktime.sandbox import Sandbox
from tests.support.sandbox_client import MONDAY, visiting
from tests.support.sdk_client import connected
from tests.support.virtual_time import VirtualLoop

from .claims import DISCARDED, NO_ANSWER, Claim, claim_of
from .plan import plan
from .report import Report
from .stage import Stage

TIMEOUT: Final = 10.0  # s
_IN_ONE_ACCOUNT: Final = 12  # runs
_PATIENCE: Final = 300.0  # s; no call may take so long
_SETTINGS: Final = {
    "LINKTIME_TIMEOUT": f"{TIMEOUT}",
    "LINKTIME_RATE_LIMIT": "1000",
    "LINKTIME_RATE_PERIOD": "3",  # s; the pause after a 429 without Retry-After is a sixth of it
    "LINKTIME_BUDGET": "process",
}


class VirtualServer:
    """The chain behind an official client of the SDK, which checks each result."""

    def __init__(self, client: McpClient) -> None:
        self._client = client

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> Claim:
        """Call a tool, and return the answer as the client reads it."""
        try:
            async with asyncio.timeout(_PATIENCE):
                result = await self._client.call_tool(tool, dict(arguments))
        except TimeoutError:
            return Claim(NO_ANSWER)
        except Exception as error:  # noqa: BLE001 - the client discards the answer, for any reason
            return Claim(DISCARDED, f"{type(error).__name__} {error}")
        return claim_of(result.model_dump(mode="json", by_alias=True, exclude_none=True))

    async def cancel(self, tool: str, arguments: Mapping[str, Any], seconds: float) -> Claim:
        """Call a tool, and cancel the call after some seconds."""
        try:
            async with asyncio.timeout(seconds):
                return await self.call(tool, arguments)
        except TimeoutError:
            return Claim(NO_ANSWER)

    def gone(self) -> bool:
        """Return False: a virtual server does not end."""
        return False


def drive(seeds: Sequence[int], report: Report, *, processes: int, progress: Callable[[Report], None]) -> None:
    """Play a run for each of *seeds*, in so many processes, into *report*."""
    parts = [seeds[start : start + _IN_ONE_ACCOUNT] for start in range(0, len(seeds), _IN_ONE_ACCOUNT)]
    if processes == 1:
        for part in parts:
            report.merge(drive_part(part))
            progress(report)
        return
    with ProcessPoolExecutor(processes) as pool:
        for result in pool.map(drive_part, parts):
            report.merge(result)
            progress(report)


def drive_part(seeds: Sequence[int]) -> Report:
    """Play runs one after the other in one account, on an event loop of their own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_play(seeds))


async def _play(seeds: Sequence[int]) -> Report:
    report, clock = Report(), asyncio.get_running_loop().time

    def wall() -> datetime:
        return MONDAY + timedelta(seconds=clock())

    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(Sandbox(limit=0, clock=clock, now=wall))
        settings = Settings.from_environ(
            {**_SETTINGS, "LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key}
        )
        stage = Stage(sandbox, await stack.enter_async_context(visiting(sandbox)), clock)
        await stage.setup.open()
        for seed in seeds:
            async with app(settings, clock=clock, wall=wall) as server, connected(server.session.server) as client:
                run = plan(seed, timeout=TIMEOUT)
                report.add("stay", await stage.play(run, VirtualServer(client)))
    return report
