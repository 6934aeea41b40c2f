"""A user of the program in a shell: with pipes, or on a terminal."""

from __future__ import annotations

import asyncio
import os
from asyncio.subprocess import STDOUT
from typing import NamedTuple

from linktime.pipeline.system import STATE
from linktime.sandbox import Sandbox
from tests.support.process import PATIENCE, environ, started


class Ended(NamedTuple):
    """The exit status and the output of a program. On a terminal, *out* has stderr too."""

    status: int | None
    out: str
    err: str = ""


def settings_of(sandbox: Sandbox, **more: str) -> dict[str, str]:
    """Return the settings for a sandbox, with a budget of this process alone."""
    return {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key, "LINKTIME_BUDGET": "process", **more}


async def run(*arguments: str, **settings: str) -> Ended:
    """Run the program without a terminal."""
    process = await started(*arguments, env=environ(**{STATE: os.environ[STATE]} | settings))
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate(b"")
    return Ended(process.returncode, out.decode().replace(os.linesep, "\n"), err.decode().replace(os.linesep, "\n"))


async def run_on_terminal(*arguments: str, question: str, answer: str, **settings: str) -> Ended:
    """Run the program on a terminal. Type *answer* once it has shown *question*."""
    user, terminal = os.openpty()
    env = environ(**{STATE: os.environ[STATE]} | settings)
    process = await started(*arguments, env=env, stdin=terminal, stderr=STDOUT)
    os.close(terminal)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            out = b""
            while question.encode() not in out:
                out += await process.stdout.readexactly(1)
            os.write(user, answer.encode())
            out += await process.stdout.read()
            await process.wait()
    finally:
        os.close(user)
    return Ended(process.returncode, out.decode())
