"""Programs that a template starts behave like programs with a real start."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.support.process import child, environ, started
from tests.support.template import FORKS, can_start

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
BOTH = pytest.mark.parametrize("command", [(), (sys.executable, "-m", "linktime")], ids=["template", "real"])


@pytest.mark.parametrize("name", ["PYTHONOPTIMIZE", "LINKTIME_PLAIN_IMPORTS", "OTEL_PROPAGATORS"])
def test_variable_of_the_start_needs_a_real_one(name: str) -> None:
    assert not can_start(environ(**{name: "1"}))
    assert can_start(environ(LINKTIME_API_KEY="lt_live_x")) is FORKS


@BOTH
async def test_program_is_a_process_of_its_own(command: tuple[str, ...]) -> None:
    async with child(*command, LINKTIME_API_KEY="lt_live_x") as one, child(*command, LINKTIME_API_KEY="") as other:
        for server in (one, other):
            await server.greet()
        one.process.send_signal(signal.SIGKILL)

        assert await one.ended() == -signal.SIGKILL
        assert await other.close() == 0

    assert one.log != other.log
    assert len({one.process.pid, other.process.pid, os.getpid()}) == 3


@BOTH
async def test_program_has_its_arguments_directory_and_status(command: tuple[str, ...], tmp_path: Path) -> None:
    process = await started("install", "nowhere", env=environ(HOME=str(tmp_path)), cwd=tmp_path, command=command)
    out, err = await process.communicate()

    assert (process.returncode, out) == (2, b"")
    assert b"nowhere" in err
