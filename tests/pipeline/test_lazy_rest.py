from __future__ import annotations

import asyncio
import sys

import pytest

from linktime.message import get
from linktime.pipeline.rest.lazy import LazyRest
from linktime.sandbox import Sandbox
from tests.support.http_server import answer, upstream
from tests.support.process import environ

ME = get("/me").tagged("me")


async def test_early_calls_wait_for_the_client(sandbox: Sandbox) -> None:
    async with LazyRest(sandbox.url, sandbox.key, timeout=5, connections=2) as rest:
        first = asyncio.create_task(rest(ME))
        others = [asyncio.create_task(rest(ME)) for _ in range(2)]
        await asyncio.sleep(0)
        first.cancel()

        assert [(await other).status for other in others] == [200, 200]
        with pytest.raises(asyncio.CancelledError):
            await first


async def test_session_without_calls_ends_with_or_without_a_client(sandbox: Sandbox) -> None:
    async with LazyRest(sandbox.url, sandbox.key, timeout=5, connections=2):
        pass
    async with LazyRest(sandbox.url, sandbox.key, timeout=5, connections=2, after=0):
        await asyncio.sleep(0.01)
    assert list(sandbox.requests) == []


BROKEN_FOR_A_MOMENT = """
import asyncio, resource, sys
from linktime.errors import Unavailable
from linktime.pipeline.rest.lazy import LazyRest
from linktime.message import get

async def main():
    async with LazyRest(sys.argv[1], "k", timeout=5, connections=2, after=3600) as rest:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            await rest(get("/me"))
        except Unavailable as failure:
            print(failure.word, failure.sent)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        print((await rest(get("/me"))).data)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="only POSIX limits file descriptors")
async def test_client_that_failed_to_load_is_loaded_again() -> None:
    async with asyncio.timeout(20), upstream(answer(200, b"[1]")) as server:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", BROKEN_FOR_A_MOMENT, server.url, stdout=-1, env=environ()
        )
        out, _ = await process.communicate()

    assert out.decode().splitlines() == ["unavailable False", "[1]"]
