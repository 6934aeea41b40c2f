"""The entry that the installer writes: the key, the settings, and the fields of the user."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from linktime.commands.clients import CLIENTS
from linktime.commands.install import Installation
from linktime.commands.install.config_file import PLACEHOLDER
from tests.support.installer_user import KEY, User, entry, mode, permissions, read

SCRIPT = Installation.current({}).script
PERMISSIONS = [] if sys.platform == "win32" else ["permissions"]

JSON_ENTRY = (
    '{"mcpServers": {"linktime": {"command": "/old/linktime-mcp", "args": ["serve"], "disabled": false,\n'
    '  "env": {"LINKTIME_READ_ONLY": "1", "LINKTIME_API_KEY": "lt_live_old"}}}}'
)
TOML_ENTRY = (
    '[mcp_servers.linktime]\ncommand = "/old/linktime-mcp" # ours\nargs = ["serve"]\nstartup_timeout_sec = 20\n\n'
    '[mcp_servers.linktime.env]\nLINKTIME_READ_ONLY = "1"\nLINKTIME_API_KEY = "lt_live_old"\n'
)


@pytest.mark.parametrize(
    ("name", "before", "others"),
    [("cursor", JSON_ENTRY, {"disabled": False}), ("codex", TOML_ENTRY, {"startup_timeout_sec": 20})],
)
@pytest.mark.parametrize("key", [KEY, ""])
def test_update_keeps_the_fields_that_the_user_added(
    tmp_path: Path, name: str, before: str, others: dict[str, Any], key: str
) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=key)
    file = user.has(name, before)

    assert user.install(name, yes=True) == 0

    env = {"LINKTIME_READ_ONLY": "1", "LINKTIME_API_KEY": key or "lt_live_old"}
    assert entry(CLIENTS[name], file) == {"command": SCRIPT, "env": env} | others
    assert user.notes == {"entry_updated", *(["key_replaced"] if key else []), *PERMISSIONS}
    assert "lt_live_old" not in user.out
    assert not user.questions


@pytest.mark.parametrize(
    "there",
    [
        '{"url": "https://x.example/mcp"}',
        "null",
        '"linktime-mcp"',
        '{"command": "x", "args": [{}], "env": null}',
        '{"command": "x", "args": null}',
    ],
)
def test_entry_of_another_kind_is_replaced(tmp_path: Path, there: str) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    file = user.has("cursor", f'{{"mcpServers": {{"linktime": {there}}}}}')

    assert user.install("cursor", yes=True) == 0

    assert entry(CLIENTS["cursor"], file) == {"command": SCRIPT, "env": {"LINKTIME_API_KEY": KEY}}


@pytest.mark.parametrize(
    "there",
    [
        '[mcp_servers.linktime]\nurl = "https://x.example/mcp"\n\n[mcp_servers.linktime.http_headers]\nA = "b"\n',
        '[mcp_servers]\nlinktime.url = "https://x.example/mcp"\n',
        'mcp_servers = { linktime = { url = "https://x.example/mcp" } }\n',
        "[mcp_servers]\nlinktime = 3\n",
        "[[mcp_servers.linktime]]\nurl = 1\n",
    ],
)
def test_codex_entry_of_another_kind_is_replaced(tmp_path: Path, there: str) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    file = user.has("codex", f"{there}\n[features]\na = true # mine\n")

    assert user.install("codex", yes=True) == 0

    document = read(CLIENTS["codex"], file)
    server = {"command": SCRIPT, "env": {"LINKTIME_API_KEY": KEY}}
    assert document == {"mcp_servers": {"linktime": server}, "features": {"a": True}}
    assert "[features]\na = true # mine\n" in file.read_text()


def test_file_with_nan_is_edited(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    file = user.has("codex", before := "a = nan\nb = [inf, 2026-12-01]\n")

    assert user.install("codex", yes=True) == 0

    assert file.read_text().startswith(before)
    assert entry(CLIENTS["codex"], file)["command"] == SCRIPT


def test_codex_keeps_the_variables_that_it_passes_on(tmp_path: Path) -> None:
    user = User(tmp_path)
    table = f"[mcp_servers.linktime]\ncommand = {json.dumps(SCRIPT)}\n"
    file = user.has("codex", f'{table}env_vars = ["A"] # mine\n', project=True)

    assert user.install("codex", project=True, yes=True) == 0

    assert file.read_text() == f'{table}env_vars = ["A", "LINKTIME_API_KEY"] # mine\n'
    assert user.install("codex", project=True, yes=True) == 0
    assert user.state == "unchanged"


def test_uninstall_keeps_an_input_that_another_server_uses(tmp_path: Path) -> None:
    user = User(tmp_path)
    file = user.has("vscode", '{"inputs": [{"id": "other"}], "servers": {}}')
    user.install("vscode", yes=True)
    document = read(CLIENTS["vscode"], file)
    assert [each["id"] for each in document["inputs"]] == ["other", "linktime-key"]
    document["servers"]["mine"] = {"command": "x", "env": {"KEY": "${input:linktime-key}"}}
    file.write_text(json.dumps(document))

    assert user.install("vscode", uninstall=True, yes=True) == 0

    del document["servers"]["linktime"]
    assert read(CLIENTS["vscode"], file) == document


def test_asks_for_an_unknown_key_and_never_shows_it(tmp_path: Path) -> None:
    user = User(tmp_path, answer="y", typed=f" {KEY} ")

    assert user.install("claude-desktop") == 0

    [for_key, for_change] = user.questions
    assert ("Claude Desktop" in for_key, "[y/N]" in for_change) == (True, True)
    assert entry(CLIENTS["claude-desktop"], user.file("claude-desktop"))["env"] == {"LINKTIME_API_KEY": KEY}
    assert KEY not in user.out + user.err
    assert '"LINKTIME_API_KEY": "lt_live_…"' in user.out
    assert user.state == "installed"
    assert f" {user.file('claude-desktop')}. " in user.out


@pytest.mark.parametrize("typed", ["", None])
def test_unknown_key_becomes_a_placeholder(tmp_path: Path, typed: str | None) -> None:
    user = User(tmp_path, answer="yes", typed=typed)

    assert user.install("zed") == 0

    assert entry(CLIENTS["zed"], user.file("zed"))["env"] == {"LINKTIME_API_KEY": PLACEHOLDER}
    assert "key_missing" in user.notes
    assert user.install("zed") == 0
    assert (user.state, user.notes) == ("unchanged", {"key_missing"})


@pytest.mark.parametrize("answer", ["", "n", "no", "maybe"])
def test_any_answer_but_yes_changes_nothing(tmp_path: Path, answer: str) -> None:
    user = User(tmp_path, answer=answer, LINKTIME_API_KEY=KEY)

    assert user.install("cursor") == 0

    assert user.state == "declined"
    assert not user.file("cursor").exists()


def test_copies_another_base_url(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY, LINKTIME_BASE_URL="http://lt.example", LINKTIME_ALLOW_HTTP="1")

    assert user.install("cursor", yes=True) == 0

    assert entry(CLIENTS["cursor"], user.file("cursor"))["env"] == {
        "LINKTIME_API_KEY": KEY,
        "LINKTIME_BASE_URL": "http://lt.example",
        "LINKTIME_ALLOW_HTTP": "1",
    }
    assert '"LINKTIME_BASE_URL": "http://lt.example"' in user.out


@pytest.mark.parametrize("name", CLIENTS)
def test_print_writes_no_file_and_shows_no_key(tmp_path: Path, name: str) -> None:
    user = User(tmp_path, answer="y", typed=KEY, LINKTIME_API_KEY=KEY)

    assert user.install(name, show=True) == 0

    user.has(name, user.out)
    env = entry(CLIENTS[name], user.file(name))["env"]
    asks = name == "vscode"
    assert env == {"LINKTIME_API_KEY": "${input:linktime-key}" if asks else PLACEHOLDER}
    assert (user.state, user.result.file if user.result else None) == ("printed", user.file(name))
    assert (str(user.file(name)) in user.err, PLACEHOLDER in user.err) == (True, not asks)
    assert user.questions == []


@pytest.mark.posix  # a symbolic link
def test_symbolic_link_to_the_file_stays(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir()
    file = user.file("cursor")
    file.parent.mkdir()
    file.symlink_to(dotfiles / "mcp.json")

    user.install("cursor", yes=True)
    assert file.is_symlink()
    assert entry(CLIENTS["cursor"], dotfiles / "mcp.json")["command"] == SCRIPT
    user.install("cursor", uninstall=True, yes=True)

    assert file.is_symlink()
    assert list(dotfiles.iterdir()) == []


def test_backup_never_has_an_entry_that_install_wrote(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    file = user.has("cursor", '{"first": 1}')
    backup = file.with_name("mcp.json.before-linktime")
    user.install("cursor", yes=True)
    user.environ["LINKTIME_API_KEY"] = f"{KEY}2"

    user.install("cursor", yes=True)

    assert entry(CLIENTS["cursor"], file)["env"] == {"LINKTIME_API_KEY": f"{KEY}2"}
    assert backup.read_text() == '{"first": 1}'
    user.install("cursor", uninstall=True, yes=True)
    file.write_text('{"second": 2}')
    user.install("cursor", yes=True)
    assert backup.read_text() == '{"second": 2}'


def test_earlier_entry_is_in_the_backup_and_goes_on_uninstall(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    file = user.has("cursor", JSON_ENTRY)
    user.install("cursor", yes=True)
    assert file.with_name("mcp.json.before-linktime").read_text() == JSON_ENTRY

    user.install("cursor", uninstall=True, yes=True)

    assert read(CLIENTS["cursor"], file) == {"mcpServers": {}}


@pytest.mark.parametrize(
    ("name", "off"), [("cursor", '"disabled": true'), ("codex", "enabled = false"), ("cursor", '"disabled": false')]
)
def test_switched_off_entry_stays_so_and_is_noted(tmp_path: Path, name: str, off: str) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    user.has(
        name,
        f'[mcp_servers.linktime]\ncommand = "x"\n{off}\n'
        if name == "codex"
        else f'{{"mcpServers": {{"linktime": {{"command": "x", {off}}}}}}}',
    )

    assert user.install(name, yes=True) == 0

    assert ("switched_off" in user.notes) == ('disabled": false' not in off)


PLACEHOLDERS = [
    "${LINKTIME_API_KEY}",
    '"lt_live_51f0c3d9"',
    "%LINKTIME_API_KEY%",
    "${input:x}",
    "<your key>",
    "lt_live_...",
]


@pytest.mark.parametrize("key", PLACEHOLDERS)
def test_placeholder_in_the_environment_is_not_written(tmp_path: Path, key: str) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=key)

    assert user.install("cursor", yes=True) == 0

    assert entry(CLIENTS["cursor"], user.file("cursor"))["env"] == {"LINKTIME_API_KEY": PLACEHOLDER}
    assert user.notes >= {"key_placeholder", "key_missing"}


@pytest.mark.parametrize("key", PLACEHOLDERS)
def test_typed_placeholder_is_refused(tmp_path: Path, key: str) -> None:
    user = User(tmp_path, answer="y", typed=key)

    assert (user.install("cursor"), user.reason) == (1, "invalid_key")
    assert not user.file("cursor").exists()


@pytest.mark.parametrize("name", ["claude-desktop", "zed"])
def test_reference_that_the_client_does_not_resolve_is_replaced(tmp_path: Path, name: str) -> None:
    user = User(tmp_path, answer="y", typed=KEY)
    there = {"command": "x", "env": {"LINKTIME_API_KEY": "${LINKTIME_API_KEY}"}}
    file = user.has(name, json.dumps({CLIENTS[name].servers: {"linktime": there}}))

    assert user.install(name) == 0

    assert entry(CLIENTS[name], file)["env"] == {"LINKTIME_API_KEY": KEY}
    assert mode(file) == permissions(0o600)


def test_reference_that_the_client_resolves_stays(tmp_path: Path) -> None:
    user = User(tmp_path, answer="y", typed=KEY)
    there = {"command": "x", "env": {"LINKTIME_API_KEY": "${env:MY_KEY}"}}
    file = user.has("cursor", json.dumps({"mcpServers": {"linktime": there}}))

    assert user.install("cursor") == 0

    assert entry(CLIENTS["cursor"], file)["env"] == {"LINKTIME_API_KEY": "${env:MY_KEY}"}
    assert len(user.questions) == 1


@pytest.mark.parametrize("typed", [None, "hello"])
def test_key_without_the_usual_prefix_is_noted(tmp_path: Path, typed: str | None) -> None:
    user = User(tmp_path, answer="y", typed=typed, LINKTIME_API_KEY="" if typed else "hello")

    assert user.install("cursor") == 0

    assert "key_unusual" in user.notes
    assert "hello" not in user.out + user.err


@pytest.mark.parametrize("project", [False, True])
def test_settings_of_the_shell_are_copied(tmp_path: Path, *, project: bool) -> None:
    settings = {"LINKTIME_READ_ONLY": "1", "LINKTIME_TOOLSETS": "meetings,contacts", "LINKTIME_CONFIRM": "true"}
    defaults = {"LINKTIME_WORKERS": "8", "LINKTIME_BASE_URL": "https://linktime.io", "LINKTIME_TIMEOUT": ""}
    user = User(tmp_path, LINKTIME_API_KEY=KEY, **settings, **defaults)

    assert user.install("cursor", project=project, yes=True) == 0

    env = entry(CLIENTS["cursor"], user.file("cursor", project=project))["env"]
    key = "${env:LINKTIME_API_KEY}" if project else KEY
    assert env == {"LINKTIME_API_KEY": key} | settings
    assert '"LINKTIME_TOOLSETS": "meetings,contacts"' in user.out


def test_url_with_a_password_is_not_copied(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY, LINKTIME_BUDGET="redis://:sesame@127.0.0.1")

    assert user.install("cursor", yes=True) == 0

    assert entry(CLIENTS["cursor"], user.file("cursor"))["env"] == {"LINKTIME_API_KEY": KEY}
    assert "budget_not_copied" in user.notes
    assert "sesame" not in user.out + user.file("cursor").read_text()


def test_yes_never_asks(tmp_path: Path) -> None:
    user = User(tmp_path, answer="n", typed=KEY)

    assert user.install("cursor", yes=True) == 0

    assert (user.questions, user.state) == ([], "installed")
    assert "key_missing" in user.notes
