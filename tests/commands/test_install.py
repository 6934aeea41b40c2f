"""The installer writes an entry for each client, which the client can start, and removes it."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from linktime.commands.clients import CLIENTS, Client, Format
from linktime.commands.install import Installation
from tests.support.installer_user import KEY, User, entry, mode, permissions, read
from tests.support.process import child

SCRIPT = Installation.current({}).script
PROJECTS = [name for name, client in CLIENTS.items() if client.project]
REFERENCES = {
    "claude-code": "${LINKTIME_API_KEY}",
    "cursor": "${env:LINKTIME_API_KEY}",
    "gemini-cli": "${LINKTIME_API_KEY}",
}

STRICT = (
    '{\n  "numStartups": 3,\n  "mcpServers": {\n    "x": {"command": "x", "env": {"TOKEN": "ghp_x"}}\n  },\n'
    '  "a": "ü"\n}'
)
LAX = (
    '\ufeff// mine\r\n{\r\n\t"theme": "dark", /* not light */\r\n\t"SERVERS": {\r\n'
    '\t\t// first\r\n\t\t"x": { "command": "x", }, // tail\r\n\t},\r\n\t"z": [1,2,],\r\n}\r\n// end'
)
TOML = '# mine\nmodel = "x"\n\n[mcp_servers.x] # first\ncommand = "x"\n\n# about features\n[features]\na = true\n'


def existing(client: Client) -> str:
    match client.format:
        case Format.JSON:
            return STRICT
        case Format.JSONC:
            return LAX.replace("SERVERS", client.servers)
        case _:
            return TOML


def environment(client: Client, server: dict[str, Any]) -> dict[str, str]:
    """Return the environment that the client gives the server: expanded, prompted and inherited variables."""
    env: dict[str, str] = dict(server.get("env", {}))
    passed = [*server.get("env_vars", []), *(["LINKTIME_API_KEY"] if client.inherits else [])]
    references = r"\$\{(env:)?LINKTIME_API_KEY\}|\$\{input:linktime-key\}"
    return dict.fromkeys(passed, KEY) | {name: re.sub(references, KEY, value) for name, value in env.items()}


async def tools_of(client: Client, server: dict[str, Any], home: Path) -> int:
    """Start the command of an entry in its own environment alone, and return the number of its tools."""
    env = {"HOME": str(home)} | environment(client, server)
    assert env["LINKTIME_API_KEY"] == KEY
    pairs = [f"{name}={value}" for name, value in env.items()]
    async with child("env", "-i", *pairs, server["command"], *server.get("args", [])) as started:
        await started.greet()
        return len((await started.result(started.ask("tools/list")))["tools"])


@pytest.mark.slow
async def test_each_client_starts_the_entry_of_a_user(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)

    assert [user.install(name, yes=True) for name in CLIENTS] == [0] * len(CLIENTS)

    entries = {name: entry(client, user.file(name)) for name, client in CLIENTS.items()}
    plain: dict[str, Any] = {"command": SCRIPT, "env": {"LINKTIME_API_KEY": KEY}}
    assert entries == dict.fromkeys(CLIENTS, plain) | {
        "claude-code": {"type": "stdio"} | plain,
        "vscode": {"type": "stdio", "command": SCRIPT, "env": {"LINKTIME_API_KEY": "${input:linktime-key}"}},
    }
    assert [mode(user.file(name)) for name in CLIENTS] == [permissions(0o600)] * len(CLIENTS)
    counts = await asyncio.gather(*(tools_of(CLIENTS[name], each, tmp_path) for name, each in entries.items()))
    assert counts == [32] * len(CLIENTS)


@pytest.mark.slow
async def test_each_client_starts_the_entry_of_a_project_without_key(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)

    assert [user.install(name, project=True, yes=True) for name in PROJECTS] == [0] * len(PROJECTS)

    files = {name: user.file(name, project=True) for name in PROJECTS}
    assert [name for name, file in files.items() if KEY in file.read_text()] == []
    entries = {name: entry(CLIENTS[name], file) for name, file in files.items()}
    assert {name: each.get("env") for name, each in entries.items()} == {
        **{name: {"LINKTIME_API_KEY": reference} for name, reference in REFERENCES.items()},
        "vscode": {"LINKTIME_API_KEY": "${input:linktime-key}"},
        "codex": None,
        "zed": None,
    }
    assert entries["codex"]["env_vars"] == ["LINKTIME_API_KEY"]
    counts = await asyncio.gather(*(tools_of(CLIENTS[name], each, tmp_path) for name, each in entries.items()))
    assert counts == [32] * len(PROJECTS)


@pytest.mark.parametrize(
    ("name", "project"), [*((name, False) for name in CLIENTS), *((name, True) for name in PROJECTS)]
)
def test_uninstall_restores_the_file_byte_for_byte(tmp_path: Path, name: str, *, project: bool) -> None:
    client = CLIENTS[name]
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    file = user.has(name, before := existing(client), project=project)
    file.chmod(0o640)

    assert user.install(name, project=project, yes=True) == 0
    written = file.read_bytes()
    after = read(client, file)
    assert user.install(name, project=project, yes=True) == 0
    assert user.state == "unchanged"
    assert (file.read_bytes(), mode(file)) == (written, permissions(0o600 if KEY in written.decode() else 0o640))
    backup = user.copy(name, project=project)
    assert (backup.read_bytes().decode(), mode(backup)) == (before, permissions(0o600))
    assert user.install(name, project=project, uninstall=True, yes=True) == 0

    assert file.read_bytes().decode() == before
    assert not backup.exists()
    del after[client.servers]["linktime"]
    after.pop("inputs", None)
    assert after == read(client, file)


@pytest.mark.parametrize("name", CLIENTS)
def test_uninstall_removes_a_file_that_install_created(tmp_path: Path, name: str) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    user.install(name, yes=True)
    assert user.file(name).exists()

    assert user.install(name, uninstall=True, yes=True) == 0

    assert list(user.file(name).parent.glob("*.json*")) == []
    assert user.install(name, uninstall=True, yes=True) == 0
    assert (user.state, user.result.file if user.result else None) == ("unchanged", user.file(name))


@pytest.mark.parametrize("name", CLIENTS)
def test_uninstall_keeps_later_changes_of_the_file(tmp_path: Path, name: str) -> None:
    client = CLIENTS[name]
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    file = user.has(name, existing(client))
    user.install(name, yes=True)
    text = file.read_bytes().decode()
    changed = text.replace('"x"', '"y"')
    assert changed != text
    file.write_bytes(changed.encode())

    assert user.install(name, uninstall=True, yes=True) == 0

    assert file.read_bytes().decode() == existing(client).replace('"x"', '"y"')
    assert user.result
    assert user.result.backup == user.copy(name)
    assert str(user.copy(name)) in user.out


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("claude-code", '{\n  "a": 1\n}', '{\n  "a": 2\n}'),
        ("claude-code", '{\n  "a": 1,\n  "mcpServers": {}\n}', '{\n  "a": 2,\n  "mcpServers": {}\n}'),
        ("vscode", '{\n\t"a": 1, // mine\n}', '{\n\t"a": 2, // mine\n}'),
        ("codex", "a = 1 # mine\n", "a = 2 # mine\n"),
        ("codex", "a = 1\n[mcp_servers] # mine\n", "a = 2\n[mcp_servers] # mine\n"),
    ],
)
def test_uninstall_keeps_an_empty_list_only_if_it_was_there(tmp_path: Path, name: str, before: str, after: str) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    file = user.has(name, before)
    user.install(name, yes=True)
    file.write_text(file.read_text().replace("1", "2", 1))

    assert user.install(name, uninstall=True, yes=True) == 0

    assert file.read_text() == after
