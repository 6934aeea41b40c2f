"""What the installer refuses, and that it changes nothing then."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from linktime.commands.clients import CLIENTS
from linktime.commands.install import Installation, Terminal
from linktime.commands.install.files import write
from linktime.commands.install.target import find
from linktime.commands.locations import Location, System
from tests.support.installer_user import KEY, User, entry

SCRIPT = Installation.current({}).script


@pytest.mark.posix  # the places of Linux
def test_existing_file_wins_then_existing_folder(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    places = Location("{home}/package", "roaming/config.json"), Location("{home}/classic", "config.json")
    client = replace(CLIENTS["claude-desktop"], user={System.LINUX: places})
    package, packaged = tmp_path / "package", tmp_path / "package" / "roaming" / "config.json"
    classic = tmp_path / "classic" / "config.json"

    def chosen() -> Path:
        return find(client, user.environment, project=False).file

    assert chosen() == classic
    package.mkdir(parents=True)
    assert chosen() == packaged
    classic.parent.mkdir(parents=True)
    classic.touch()
    assert chosen() == classic
    packaged.parent.mkdir(parents=True)
    packaged.touch()
    assert chosen() == packaged


REFUSED = [
    ("cursor", "{\n  // mine\n  a: 1\n}", (3, 3)),
    ("cursor", "[]", (1, 1)),
    ("cursor", '{\n  "mcpServers": []\n}', (2, 17)),
    ("vscode", '{"inputs": {}}', (1, 12)),
    ("claude-code", '{\n  "a": 1 // mine\n}', (2, 10)),
    ("claude-desktop", '\ufeff{"a": 1/**/}', (1, 8)),
    ("codex", "a = 1\nb = \n", (2, 5)),
    ("codex", "mcp_servers = 3\n", (1, 1)),
    ("codex", "a = " + "[" * 9999, (1, 1)),
    ("cursor", '{"a": ' + "1" * 9999, (1, 1)),
    ("cursor", b'{"a": "\xe4"}', 8),
    ("cursor", "{}".encode("utf-16"), 1),
]


@pytest.mark.parametrize(("name", "content", "position"), REFUSED)
def test_unreadable_file_is_refused_with_the_position(
    tmp_path: Path, name: str, content: str | bytes, position: tuple[int, int] | int
) -> None:
    user = User(tmp_path, answer="y", typed=KEY)
    file = user.has(name, content)
    before = file.read_bytes()

    assert user.install(name) == 1

    if isinstance(position, int):
        assert user.reason == "encoding"
        assert f"{file} is not UTF-8 (at byte {position})" in str(user.refusal)
    else:
        assert user.reason == "unreadable"
        assert str(user.refusal).startswith(f"{file}:{position[0]}:{position[1]}: ")
    assert file.read_bytes() == before
    assert [each for each in file.parent.iterdir() if each.is_file()] == [file]


def test_duplicate_entry_is_refused(tmp_path: Path) -> None:
    user = User(tmp_path)
    twice = '{"mcpServers": {"linktime": {"command": "a"}, "linktime": {"command": "b"}}}'
    file = user.has("cursor", twice)

    assert user.install("cursor", uninstall=True, yes=True) == 1

    assert user.reason == "unreadable"
    assert str(user.refusal).startswith(f"{file}:1:1: ")
    assert file.read_text() == twice


@pytest.mark.parametrize("header", ["[[mcp_servers.linktime.args]]", "[mcp_servers.linktime.args.b]"])
def test_table_in_place_of_the_arguments_is_replaced(tmp_path: Path, header: str) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    user.installation = user.installation._replace(script=None)
    file = user.has("codex", f'[mcp_servers.linktime]\ncommand = "x"\n{header}\na = 1\n')

    assert user.install("codex", yes=True) == 0

    assert entry(CLIENTS["codex"], file)["args"] == ["-m", "linktime"]


@pytest.mark.posix  # a named pipe and a symbolic link
def test_irregular_file_is_refused(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    user.file("cursor").mkdir(parents=True)
    user.file("zed").parent.mkdir(parents=True)
    os.mkfifo(user.file("zed"))
    user.file("claude-code").symlink_to("/dev/zero")
    (tmp_path / ".codeium").write_text("")

    for name in ("cursor", "zed", "claude-code", "windsurf"):
        assert user.install(name, yes=True) == 1
        assert user.reason == "system"
        assert str(user.refusal).startswith(f"{user.file(name)}: ")


@pytest.mark.posix  # a symbolic link
def test_unwritable_folder_is_refused_and_named(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    file = user.file("cursor")
    file.parent.mkdir()
    file.symlink_to("/proc/self/mcp.json")

    assert user.install("cursor", yes=True) == 1

    assert user.reason == "system"
    assert str(user.refusal).startswith(f"{file}: ")
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.posix  # Windows denies access to a folder
def test_failed_write_leaves_no_temporary_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(IsADirectoryError) as error:
        write(tmp_path / "folder", b"x")

    assert error.value.filename == str(tmp_path / "folder")
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]


def test_file_that_changes_during_the_question_is_refused(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    file = user.has("claude-code", "{}")

    def changes(question: str) -> str:
        file.write_text('{"numStartups": 2}')
        return "y"

    user.terminal = Terminal(changes, changes)

    assert user.install("claude-code") == 1

    assert user.reason == "changed_meanwhile"
    assert str(file) in str(user.refusal)
    assert list(tmp_path.glob(".claude*")) == [file]
    assert file.read_text() == '{"numStartups": 2}'


@pytest.mark.parametrize(
    ("name", "options", "environ", "ends"),
    [
        ("windsurf", {"project": True}, {}, (2, "no_project_file", "--project")),
        ("emacs", {}, {}, (2, "unknown_client", ", ".join(CLIENTS))),
        ("cursr", {}, {}, (2, "unknown_client", "Did you mean cursor?")),
        ("VSCode", {}, {}, (2, "unknown_client", "Did you mean vscode?")),
        pytest.param("cursor", {}, {"HOME": ""}, (1, "no_home", "HOME"), marks=pytest.mark.posix),
        ("cursor", {}, {"LINKTIME_API_KEY": "lt live"}, (2, "invalid_settings", "LINKTIME_API_KEY: ")),
        ("cursor", {}, {"LINKTIME_WORKERS": "many"}, (2, "invalid_settings", "LINKTIME_WORKERS: ")),
        ("cursor", {}, {}, (1, "no_terminal", "--yes")),
    ],
)
def test_refusal_has_a_reason_and_changes_nothing(
    tmp_path: Path, name: str, options: dict[str, bool], environ: dict[str, str], ends: tuple[int, str, str]
) -> None:
    user = User(tmp_path, **environ)

    status, reason, named = ends
    assert (user.install(name, **options), user.reason) == (status, reason)
    assert named in str(user.refusal)
    assert list(tmp_path.iterdir()) == [user.project]


def test_malformed_typed_key_is_refused(tmp_path: Path) -> None:
    user = User(tmp_path, answer="y", typed="lt live secret")

    assert user.install("cursor") == 1

    assert user.reason == "invalid_key"
    assert "secret" not in user.out + user.err + str(user.refusal)


def test_typed_bytes_are_not_blamed_on_the_file(tmp_path: Path) -> None:
    def secret(question: str) -> str:
        return b"\xff".decode()

    user = User(tmp_path, answer="y")
    user.terminal = Terminal(secret, secret)

    assert (user.install("cursor"), user.reason) == (1, "encoding")
    assert str(user.file("cursor")) not in str(user.refusal)
    user.environ["LINKTIME_API_KEY"] = KEY
    assert (user.install("cursor"), user.state) == (0, "declined")


@pytest.mark.posix  # paths of Windows are UTF-16
def test_command_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    user.installation = user.installation._replace(script=os.fsdecode(b"/opt/\xff/linktime-mcp"))

    assert user.install("cursor", yes=True) == 1

    assert user.reason == "encoding"
    assert not user.file("cursor").exists()


def test_temporary_installation_is_refused(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    user.installation = user.installation._replace(prefix="/home/ada/.cache/uv/archive-v0/ACrx-5OMv00v6TMx/", uv=None)

    assert user.install("cursor", yes=True) == 1

    assert user.reason == "temporary_installation"
    assert "`uv tool install`" in str(user.refusal)
    assert not user.file("cursor").exists()
