"""Programs that others wrote: where they are, and a run of one."""

from __future__ import annotations

import asyncio
import os
import shutil
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from pathlib import Path

import pytest


def found(name: str) -> str:
    """Tell where a program is that .ci/run installs; elsewhere the test is skipped without it."""
    path = shutil.which(name, path=os.environ.get("LINKTIME_TEST_CLIENTS")) or shutil.which(name)
    if path is None and "CI" not in os.environ:
        pytest.skip(f"{name} is not installed; .ci/run tells how")
    assert path, f"{name} is not installed"
    return path


async def run(*command: str, env: dict[str, str], cwd: Path | None = None) -> tuple[int | None, str]:
    """Run a program to its end; returns its status and all that it said."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, env=env, cwd=cwd
    )
    async with asyncio.timeout(240):
        out, _ = await process.communicate()
    return process.returncode, out.decode()
