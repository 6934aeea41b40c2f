"""How the program leaves: every way to end it, in every state it can be in."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from linktime.sandbox import Sandbox
from tests.support.process import Child, child
from tests.support.sandbox_client import arrived, misbehave

pytestmark = pytest.mark.slow  # starts many processes

STATES = ["idle", "read under way", "write under way", "waiting for budget"]
PARENT = (
    "import subprocess, sys, time\n"
    "print(subprocess.Popen([sys.executable, '-m', 'linktime']).pid, file=sys.stderr, flush=True)\n"
    "time.sleep(600)\n"
)


@asynccontextmanager
async def server(*command: str, **settings: str) -> AsyncIterator[tuple[Sandbox, Child]]:
    """Start the program with a budget of one request."""
    async with (
        Sandbox(limit=0) as sandbox,
        child(
            *command,
            LINKTIME_BASE_URL=sandbox.url,
            LINKTIME_API_KEY=sandbox.key,
            LINKTIME_RATE_LIMIT="1",
            LINKTIME_RATE_PERIOD="600",
            LINKTIME_DEADLINE="3600",
            **settings,
        ) as process,
    ):
        await process.greet()
        yield sandbox, process


async def enter(state: str, sandbox: Sandbox, process: Child) -> int:
    """Bring the program into a state. Return the id of the call that is in flight in it."""
    match state:
        case "read under way":
            await misbehave(sandbox, path="/me", hang=True)
            call = process.call("get_me")
            await arrived(sandbox, "/me")
        case "write under way":
            await misbehave(sandbox, path="/contacts", method="POST", delaySeconds=2)
            call = process.call("create_contact", name="Ada Lovelace", email="ada@example.com")
            await arrived(sandbox, "/contacts")
        case "waiting for budget":
            await process.result(process.call("get_me"))
            call = process.call("list_webhooks")
            await process.result(process.ask("ping"))
        case _:
            call = process.ask("ping")
            await process.result(call)
    return call


async def answered(state: str, process: Child, call: int) -> None:
    """Check the answer to the call in flight."""
    result = await process.result(call)
    if state == "write under way":
        assert result["isError"] is False
    elif state != "idle":
        assert result["content"][0]["text"].startswith("shutting_down: ")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("ending", ["EOF", "SIGTERM", "SIGINT"])
async def test_open_call_is_answered_and_status_is_0(ending: str, state: str) -> None:
    async with server() as (sandbox, process):
        call = await enter(state, sandbox, process)

        if ending == "EOF":
            process.stdin.close()
        else:
            process.process.send_signal(signal.Signals[ending])

        assert await process.ended() == 0
        await answered(state, process, call)

    assert process.noise == []
    assert "Traceback" not in process.stderr


async def test_endless_read_does_not_delay_the_exit() -> None:
    async with server(LINKTIME_TIMEOUT="600") as (sandbox, process):
        call = await enter("read under way", sandbox, process)
        process.stdin.close()

        assert await process.ended() == 0
        await answered("read under way", process, call)


@pytest.mark.parametrize("state", STATES)
async def test_closed_stdout_ends_the_program_after_its_write(state: str) -> None:
    async with server() as (sandbox, process):
        await enter(state, sandbox, process)

        process.stop_reading()

        assert await process.ended() == 0
        made = [entry.status for entry in sandbox.requests if entry.method == "POST"]

    assert made == ([201] if state == "write under way" else [])
    assert process.log == ["LinkTime MCP server running"]


@pytest.mark.parametrize("state", STATES)
async def test_dead_parent_ends_the_program_despite_open_stdin(state: str) -> None:
    async with server(sys.executable, "-c", PARENT) as (sandbox, family):
        call = await enter(state, sandbox, family)
        status = Path(f"/proc/{int(family.stderr.split()[0])}/status")

        family.process.kill()

        await answered(state, family, call)
        async with asyncio.timeout(20):
            while await asyncio.to_thread(alive, status):
                await asyncio.sleep(0.05)


def alive(status: Path) -> bool:
    return status.exists() and "zombie" not in status.read_text()
