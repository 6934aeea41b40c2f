"""The installer shows no secret of a file, and protects the files with a key."""

from __future__ import annotations

import json
import os
from pathlib import Path, PurePosixPath

import pytest
from platformdirs.api import PlatformDirsABC
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

from linktime.commands.clients import CLIENTS
from linktime.commands.install import Installation
from linktime.commands.install.target import find
from linktime.commands.locations import Environment, System
from tests.support.file_rights import NEEDS_ROOT
from tests.support.installer_user import KEY, User, mode, permissions

SCRIPT = Installation.current({}).script
PROJECTS = [name for name, client in CLIENTS.items() if client.project]
THERE = '{"mcpServers": {"linktime": {"command": "/old", "env": {"LINKTIME_API_KEY": "lt_live_old"}}}}'


def test_other_secrets_in_the_file_are_masked(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    user.has(
        "cursor",
        '{"mcpServers": {"x": {"args": ["--key", "sk-1"], "env": {"T": "gh\\u0070_2"}, "headers": {"A": "b3"}}}}',
    )

    assert user.install("cursor", yes=True) == 0

    assert '"args": ["…", "…"], "env": {"T": "…"}, "headers": {"A": "…"}' in user.out
    user.has("codex", "[mcp_servers.x.env]\nA = 'ghp_3'\nB = QQQ\nghp_45QQQ".replace("Q", '"'))
    assert user.install("codex", yes=True) == 0
    assert "ghp_" not in user.out


HIDDEN = [
    ("cursor", '{"args": ["-y", "mcp-remote", "https://x/mcp", "--header", "Authorization: Bearer lt_live_SECRET"]}'),
    ("cursor", '{"command": "DB_PASSWORD=SECRET mcp", "env": {"LINKTIME_BASE_URL": "https://ada:SECRET@x.example"}}'),
    ("cursor", '"lt_live_SECRET"'),
    ("cursor", '{"command": "x"}, // lt_live_SECRET\n/* or\nSECRET */ "credential": {"pat": "SECRET"}'),
    ("cursor", '{"command": "x", "env": {"A": "SECRET", "A": "b"}, "cookie": "$SECRET", "lt_live_SECRET": 1}'),
    ("cursor", '{"command": "x", "bearer": "${A:-SECRET}", "b": "${env:SECRET", "c": "\\u0053ECRET"}'),
    ("codex", "command = 'SECRET' # SECRET\nargs = ['SECRET', QQQSECRET\nSECRETQQQ]\nlt_live_SECRET = 1"),
]


@pytest.mark.parametrize(("name", "there"), HIDDEN)
def test_text_of_a_foreign_entry_is_masked(tmp_path: Path, name: str, there: str) -> None:
    user = User(tmp_path, answer="n", LINKTIME_API_KEY=KEY)
    if name == "codex":
        user.has(name, f"[mcp_servers.linktime]\n{there}\n".replace("Q", '"'))
    else:
        user.has(name, f'{{"mcpServers": {{\n"linktime": {there}\n}}}}')

    for uninstall in (False, True):
        assert user.install(name, uninstall=uninstall) == 0
        assert user.out.startswith("--- ")
        assert "linktime" in user.out
        assert "SECRET" not in user.out


def test_references_and_new_values_are_visible(tmp_path: Path) -> None:
    user = User(tmp_path, answer="n", LINKTIME_API_KEY=KEY)
    user.has(
        "cursor", '{"mcpServers": {"linktime": {"command": "x", "a": "${A}", "b": "${env:B_1}", "c": "${input:c-d}"}}}'
    )

    assert user.install("cursor") == 0

    redacted = '"linktime": {"command": "…", "a": "${A}", "b": "${env:B_1}", "c": "${input:c-d}"}'
    there = redacted.replace('"…"', json.dumps(SCRIPT)).removesuffix("}")
    written = f'{there}, "env": {{"LINKTIME_API_KEY": "lt_live_…"}}}}'
    file = user.file("cursor")
    assert user.out.splitlines()[:5] == [
        f"--- {file}",
        f"+++ {file} (after)",
        "@@",
        f'-{{"mcpServers": {{{redacted}}}}}',
        f'+{{"mcpServers": {{{written}}}}}',
    ]


def test_diff_of_many_equal_lines_is_short(tmp_path: Path) -> None:
    user = User(tmp_path, answer="n", LINKTIME_API_KEY=KEY)
    alike = {f"/p{number}": {f"k{field}": "a" for field in range(150)} for number in range(100)}
    user.has("claude-code", json.dumps({"projects": alike, "z": 1}, indent=1))

    assert user.install("claude-code") == 0

    assert user.out.splitlines()[2:6] == ["@@", "  },", '- "z": 1', '+ "z": 1,']
    assert len(user.out.splitlines()) < 20


@pytest.mark.parametrize("name", PROJECTS)
def test_backup_of_a_project_is_outside_of_it(tmp_path: Path, name: str) -> None:
    user = User(tmp_path)
    there = {"command": "x", "env": {"LINKTIME_API_KEY": KEY}}
    at = CLIENTS[name].servers
    before = (
        f'[{at}.linktime]\ncommand = "x"\nenv.LINKTIME_API_KEY = "{KEY}"\n'
        if name == "codex"
        else json.dumps({at: {"linktime": there}})
    )
    file = user.has(name, before, project=True)

    assert user.install(name, project=True, yes=True) == 0

    assert [each for each in user.project.rglob("*") if each.is_file()] == [file]
    copy = user.copy(name, project=True)
    assert (copy.read_text(), mode(copy)) == (before, permissions(0o600))
    assert user.result
    assert (user.result.backup, str(copy) in user.out) == (copy, True)


@pytest.mark.parametrize("system", [System.LINUX, System.MACOS])
@pytest.mark.posix  # places of Linux and macOS
def test_backups_of_projects_are_in_the_state_folder(system: System) -> None:
    known: PlatformDirsABC = {System.LINUX: Unix, System.MACOS: MacOS}[system]("linktime-mcp", appauthor=False)
    environment = Environment(system, os.environ, PurePosixPath("/project"))

    assert find(CLIENTS["cursor"], environment, project=True).backup.parents[1] == known.user_state_path


@pytest.mark.parametrize("project", [False, True])
@pytest.mark.parametrize("copy", ["{", b"\xff", '{"mcpServers": 3}'])
def test_unusable_backup_is_ignored_and_kept(tmp_path: Path, copy: str | bytes, *, project: bool) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    file = user.has("cursor", '{"mcpServers": {}}', project=project)
    user.install("cursor", project=project, yes=True)
    backup = user.copy("cursor", project=project)
    backup.write_bytes(content := copy.encode() if isinstance(copy, str) else copy)

    assert user.install("cursor", project=project, uninstall=True, yes=True) == 0

    assert (file.read_text(), backup.read_bytes()) == ('{"mcpServers": {}}', content)


def test_uninstall_backs_up_an_entry_without_a_backup(tmp_path: Path) -> None:
    user = User(tmp_path)
    file = user.has("cursor", THERE)
    file.chmod(0o644)

    assert user.install("cursor", uninstall=True, yes=True) == 0

    copy = user.copy("cursor")
    assert (copy.read_text(), mode(copy)) == (THERE, permissions(0o600))
    assert user.result
    assert (user.result.backup, str(copy) in user.out) == (copy, True)
    assert (file.read_text(), mode(file)) == ('{"mcpServers": {}}', 0o644)
    user.install("cursor", yes=True)
    assert copy.read_text() == '{"mcpServers": {}}'


@pytest.mark.posix  # modes of files
def test_file_with_a_key_becomes_private_and_is_noted(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    cursor, vscode, zed = (user.has(name, "{}") for name in ("cursor", "vscode", "zed"))
    for file in (cursor, vscode):
        file.chmod(0o644)
    zed.chmod(0o600)

    noted = {name: user.install(name, yes=True) or "permissions" in user.notes for name in ("cursor", "vscode", "zed")}

    assert noted == {"cursor": True, "vscode": False, "zed": False}
    assert [mode(file) for file in (cursor, vscode, zed)] == [0o600, 0o644, 0o600]


@pytest.mark.posix
@NEEDS_ROOT
def test_file_and_backup_keep_the_owner(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    file = user.has("cursor", "{}")
    os.chown(file, 1234, 2345)

    user.install("cursor", yes=True)

    owners = [(each.stat().st_uid, each.stat().st_gid) for each in (file, user.copy("cursor"))]
    assert owners == [(1234, 2345)] * 2
