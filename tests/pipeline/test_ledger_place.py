"""The file of a budget: one place for all servers of a user, independent of a client's environment."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from linktime.config import Settings
from linktime.pipeline.ledger import Shared, open_shared
from linktime.pipeline.ledger.factory import Places
from linktime.pipeline.system import STATE
from tests.support.ledger_homes import closed_later, shared
from tests.support.virtual_time import virtual

LIMIT, PERIOD, SHARERS = 60, 60.0, 3
FORMER = {
    "win32": ("LOCALAPPDATA", "AppData/Local"),
    "darwin": ("XDG_STATE_HOME", "Library/Application Support"),
    "linux": ("XDG_STATE_HOME", ".local/state"),
}


def opened(platform: str, environ: Mapping[str, str], account: str = "", **settings: str) -> Shared:
    """Open the budget of a server that runs with *environ*, for a user whose home folder is *account*."""
    shared = open_shared(
        Settings.from_environ({"LINKTIME_API_KEY": "lt_live_x"} | settings), Places(platform, environ, account)
    )
    assert shared is not None
    return closed_later(shared)


def place(*arguments: str | Mapping[str, str], **settings: str) -> str:
    return opened(*arguments, **settings).ledger.place  # type: ignore[arg-type]


@pytest.mark.parametrize("platform", FORMER)
@pytest.mark.parametrize("name", ["ada", "Zoë O'Ünï 中文", "two  blanks "])
def test_environment_does_not_choose_the_place(tmp_path: Path, platform: str, name: str) -> None:
    home, other = tmp_path / name, tmp_path / "other"
    home.mkdir()
    other.mkdir()
    elsewhere = ("HOME", "USERPROFILE", "XDG_STATE_HOME", "APPDATA", "LOCALAPPDATA")

    usual = place(platform, {}, str(home))

    assert Path(usual).parent == home / ".local" / "state" / "linktime-mcp"
    assert place(platform, dict.fromkeys(elsewhere, str(other)), str(home)) == usual
    assert place(platform, {}, f"{home}{os.sep}") == usual
    assert place(platform, {}, str(home), LINKTIME_BASE_URL="HTTPS://LinkTime.io/api/v1") == usual
    assert place(platform, {}, str(home), LINKTIME_API_KEY="lt_live_y") != usual


@pytest.mark.parametrize(
    ("platform", "variables"),
    [
        ("linux", ("HOME",)),
        ("darwin", ("HOME",)),
        ("win32", ("USERPROFILE",)),
        ("win32", ("HOMEDRIVE", "HOMEPATH")),
    ],
)
def test_account_without_a_home_uses_that_of_the_environment(
    tmp_path: Path, platform: str, variables: tuple[str, ...]
) -> None:
    parts = (str(tmp_path),) if len(variables) == 1 else (str(tmp_path)[:4], str(tmp_path)[4:])

    for account in ("", str(tmp_path / "gone")):
        there = place(platform, dict(zip(variables, parts, strict=True)), account)

        assert Path(there).is_relative_to(tmp_path / ".local")


@pytest.mark.parametrize("platform", FORMER)
def test_budget_without_any_home_can_be_named(platform: str) -> None:
    assert Path(place(platform, {}, "")).is_absolute()


def test_tests_have_a_place_of_their_own(tmp_path: Path, state: Path) -> None:
    assert Path(place(sys.platform, {STATE: str(tmp_path)}, "/nope")).is_relative_to(tmp_path)
    assert Places.current().directory.is_relative_to(state)


@pytest.mark.parametrize("platform", FORMER)
@pytest.mark.parametrize("chosen", [False, True], ids=["default", "variable"])
@virtual
async def test_upgrade_starts_with_a_share(tmp_path: Path, platform: str, *, chosen: bool) -> None:
    home, (variable, default) = tmp_path / "home", FORMER[platform]
    folder = (tmp_path / "chosen" if chosen else home / default) / "linktime-mcp"
    folder.mkdir(parents=True)
    home.mkdir(exist_ok=True)
    (folder / "budget-0f.sqlite3").touch()

    first = shared(opened(platform, {variable: str(tmp_path / "chosen")} if chosen else {}, str(home)), old=False)

    await first.join()
    assert first.status().free == LIMIT // SHARERS


@virtual
async def test_upgrade_after_a_pause_starts_with_the_whole_budget(tmp_path: Path) -> None:
    folder = tmp_path / ".local" / "state" / "linktime-mcp"
    folder.mkdir(parents=True)
    (folder / "budget-0f.sqlite3").touch()
    os.utime(folder / "budget-0f.sqlite3", (time.time() - 600,) * 2)

    first = shared(opened("linux", {}, str(tmp_path)), old=False)

    await first.join()
    assert first.status().free == LIMIT
