from __future__ import annotations

import asyncio

import pytest

from linktime.late import LateRest
from linktime.message import get
from linktime.sandbox import Sandbox

ME = get("/me").tagged("me")


async def test_calls_that_come_before_the_rest_client_is_made_wait_for_it(sandbox: Sandbox) -> None:
    async with LateRest(sandbox.url, sandbox.key, timeout=5, connections=2) as rest:
        first = asyncio.create_task(rest(ME))
        others = [asyncio.create_task(rest(ME)) for _ in range(2)]
        await asyncio.sleep(0)
        first.cancel()

        assert [(await other).status for other in others] == [200, 200]
        with pytest.raises(asyncio.CancelledError):
            await first


async def test_a_session_without_calls_ends_whether_or_not_it_was_made(sandbox: Sandbox) -> None:
    async with LateRest(sandbox.url, sandbox.key, timeout=5, connections=2):
        pass
    async with LateRest(sandbox.url, sandbox.key, timeout=5, connections=2, after=0):
        await asyncio.sleep(0.01)
    assert list(sandbox.requests) == []
