"""The user's home folder in every spelling, and files, displays and shells of each system."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from linktime.commands.clients import CLIENTS
from linktime.commands.demo.host.browser import has_display
from linktime.commands.doctor.finding import Finding
from linktime.commands.doctor.redaction import redacted
from linktime.commands.install.files import is_shared
from linktime.commands.install.target import find
from linktime.commands.locations import Environment, System
from linktime.commands.missing_key import key_advice

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
        ("win32", {"USERPROFILE": "\\\\server\\homes\\Ada"}, "", "\\\\server\\homes\\Ada"),
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


@pytest.mark.parametrize(
    ("platform", "variable", "home"),
    [
        *((platform, "HOME", home) for platform in ("linux", "darwin") for home in ("", "relative", ADA)),
        *(("win32", "USERPROFILE", home) for home in ("", "relative", "\\Users\\Ada", "C:Users\\Ada", "/home/ada")),
    ],
)
def test_missing_home_is_named(platform: str, variable: str, home: str) -> None:
    with pytest.raises(KeyError, match=variable):
        cursor(platform, {variable: home})


@pytest.mark.parametrize(
    ("platform", "variables", "folder"),
    [
        ("win32", {"USERPROFILE": ADA}, ("AppData", "Local")),
        ("darwin", {"HOME": "/Users/ada"}, ("Library", "Application Support")),
    ],
)
def test_backup_of_a_project_is_in_the_state_of_the_system(
    platform: str, variables: dict[str, str], folder: tuple[str, str]
) -> None:
    environment = Environment.of(platform, variables, "", SYSTEMS[platform])

    backup = find(CLIENTS["cursor"], environment, project=True).backup

    assert backup.parent.parts[-4:] == (*folder, "linktime-mcp", "before")


@pytest.mark.parametrize("variables", [{}, {"APPDATA": ""}, {"APPDATA": "\\Roaming"}])
def test_missing_appdata_is_below_the_home(variables: dict[str, str]) -> None:
    environment = Environment.of("win32", {"USERPROFILE": ADA, **variables}, "", SYSTEMS["win32"])

    assert str(environment.path("{config}/Zed")) == f"{ADA}\\AppData\\Roaming\\Zed"


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [("win32", {}, True), ("darwin", {}, True), ("linux", {}, False), ("linux", {"DISPLAY": ":0"}, True)],
)
def test_windows_and_macos_have_a_display(platform: str, environ: dict[str, str], *, expected: bool) -> None:
    assert has_display(environ, platform) is expected


def test_mode_of_a_file_on_windows_means_nothing(tmp_path: Path) -> None:
    file = tmp_path / "mcp.json"
    file.write_text("{}")
    file.chmod(0o666)

    assert [is_shared(file, system) for system in System] == [True, True, False]


def test_key_is_set_in_the_syntax_of_the_shell() -> None:
    assert '$env:LINKTIME_API_KEY = "' in key_advice("none", "win32")
    assert "export LINKTIME_API_KEY=" in key_advice("none", "darwin")


@pytest.mark.posix
def test_home_of_the_account_is_redacted_too() -> None:
    text = "place /home/ada/.local/state, entry /snap/x/home/ada/.cursor, other /home/adam"

    [finding] = redacted({"budget": [Finding("place", "good", text)]}, "/snap/x/home/ada", "/home/ada", "")["budget"]

    assert finding.message == "place ~/.local/state, entry ~/.cursor, other /home/adam"
