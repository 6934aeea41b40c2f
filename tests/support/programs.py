"""External programs: their paths, their settings, and a function that runs one."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from pathlib import Path
from typing import Final

import pytest
from uv import find_uv_bin

from tests.support.process import environ

BROWSERS: Final = ("chromium-headless-shell", "chromium")
_OF_PIP: Final = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE"}  # uv's names for pip's settings


def program(name: str) -> str:
    """Return the path of a program that .ci/run installs. Skip the test if it is missing."""
    places = (os.environ.get("LINKTIME_TEST_CLIENTS"), str(Path(sys.executable).parent), os.environ["PATH"])
    path = shutil.which(name, path=os.pathsep.join(filter(None, places)))
    need(name, is_there=path is not None)
    assert path
    return path


def browser() -> str:
    """Return the path of Chromium. Its headless shell opens a page with less than half of the CPU time."""
    return program(next(filter(shutil.which, BROWSERS), BROWSERS[-1]))


def need(name: str, *, is_there: bool) -> None:
    """Skip the test if *name* is not installed. Within .ci/run, fail it. The other jobs of CI have no such programs."""
    if not is_there:
        (pytest.fail if "CI" in os.environ and sys.platform == "linux" else pytest.skip)(
            f"{name} is not installed; .ci/run installs it"
        )


async def run(
    *command: str, env: dict[str, str], cwd: Path | None = None, patience: float = 240
) -> tuple[int | None, str]:
    """Run a program to its end, for at most *patience* seconds. Return its status and its output."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, env=env, cwd=cwd
    )
    try:
        async with asyncio.timeout(patience):
            out, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        raise
    return process.returncode, out.decode()


def uv_settings(cache: Path) -> dict[str, str]:
    """Return an environment for uv that uses the index of pip."""
    pip = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.check_output(pip, env=environ(PIP_QUIET="0"), text=True, timeout=50)
    options = dict(re.findall(r"^(?:global|:env:)\.([\w-]+)='(.*)'$", listed, re.MULTILINE))
    return {
        "PATH": f"{Path(find_uv_bin()).parent}{os.pathsep}{os.environ['PATH']}",
        "UV_CACHE_DIR": str(cache),
        "UV_PYTHON": sys.executable,
    } | {_OF_PIP[name]: value for name, value in options.items() if name in _OF_PIP}
