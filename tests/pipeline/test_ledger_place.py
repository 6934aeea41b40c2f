"""The file of a budget: one place, independent of a client's environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from linktime.pipeline.ledger.factory import STATE
from tests.support.process import environ

PRINT = (
    "from linktime.config import Settings; from linktime.pipeline.ledger import open_shared; import os;"
    "print(open_shared(Settings.from_environ(os.environ)).ledger.place)"
)


def place(**settings: str) -> str:
    env = {name: value for name, value in environ().items() if name not in {STATE, "HOME", "XDG_STATE_HOME"}}
    env |= {"LINKTIME_API_KEY": "lt_live_x"} | settings
    return subprocess.run(
        [sys.executable, "-c", PRINT], env=env, stdout=subprocess.PIPE, text=True, check=True, timeout=30
    ).stdout


@pytest.mark.skipif(os.name != "posix", reason="the home of a user entry")
def test_environment_does_not_choose_the_place(tmp_path: Path) -> None:
    usual = place()

    assert place(HOME=str(tmp_path)) == usual
    assert place(XDG_STATE_HOME=str(tmp_path)) == usual
    assert place(LINKTIME_BASE_URL="HTTPS://LinkTime.io/api/v1") == usual
    assert place(LINKTIME_API_KEY="lt_live_y") != usual
