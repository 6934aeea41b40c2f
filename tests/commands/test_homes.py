"""The user's home folder in every spelling, for each system."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

import pytest

from linktime.commands.clients import CLIENTS
from linktime.commands.doctor.finding import Finding
from linktime.commands.doctor.redaction import redacted
from linktime.commands.locations import Environment

ADA = "C:\\Users\\Zoë O'Ünï 中文"
SYSTEMS = {"linux": PurePosixPath("/work"), "darwin": PurePosixPath("/work"), "win32": PureWindowsPath("C:\\work")}


def cursor(platform: str, variables: dict[str, str], account: str = "") -> str:
    """Return the place of Cursor's file, which is in the home folder on every system."""
    environment = Environment.of(platform, variables, account, SYSTEMS[platform])
    return str(CLIENTS["cursor"].locations(environment)[-1][1])


@pytest.mark.parametrize(
    ("platform", "variables", "account", "home"),
    [
        ("win32", {"USERPROFILE": ADA}, "C:\\other", ADA),
        ("win32", {"USERPROFILE": f"{ADA}\\"}, "", ADA),
        ("win32", {"USERPROFILE": "C:/Users/Ada"}, "", "C:\\Users\\Ada"),
        ("win32", {"HOMEDRIVE": "C:", "HOMEPATH": ADA[2:]}, "", ADA),
        ("win32", {"HOME": "/c/Users/git"}, ADA, ADA),
        ("linux", {"HOME": "/home/two  blanks "}, "", "/home/two  blanks "),
        ("linux", {"HOME": "/home/ada//"}, "", "/home/ada"),
        ("linux", {"HOME": "", "USERPROFILE": "/mnt/c/Users/Ada"}, "/home/ada", "/home/ada"),
        ("darwin", {}, "/Users/Zoë O'Ünï 中文/", "/Users/Zoë O'Ünï 中文"),
    ],
)
def test_home_is_understood_in_every_spelling(
    platform: str, variables: dict[str, str], account: str, home: str
) -> None:
    separator = "\\" if platform == "win32" else "/"

    assert cursor(platform, variables, account) == separator.join((home, ".cursor", "mcp.json"))


@pytest.mark.parametrize(("platform", "variable"), [("linux", "HOME"), ("darwin", "HOME"), ("win32", "USERPROFILE")])
@pytest.mark.parametrize("home", ["", "relative"])
def test_missing_home_is_named(platform: str, variable: str, home: str) -> None:
    with pytest.raises(KeyError, match=variable):
        cursor(platform, {variable: home})


def test_home_of_the_account_is_redacted_too() -> None:
    text = "place /home/ada/.local/state, entry /snap/x/home/ada/.cursor, other /home/adam"

    [finding] = redacted({"budget": [Finding("place", "good", text)]}, "/snap/x/home/ada", "/home/ada", "")["budget"]

    assert finding.message == "place ~/.local/state, entry ~/.cursor, other /home/adam"
