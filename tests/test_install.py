from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from linktime.clients import CLIENTS, Client, Format
from linktime.config import NOT_A_KEY
from linktime.install import Installation, Terminal
from linktime.install.disk import chosen, write
from tests.child import child
from tests.desk import KEY, User, entry, mode, read

SCRIPT = Installation.found({}).script
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
    """Make the environment that the client gives the server: what it expands, asks for and passes on itself."""
    env: dict[str, str] = dict(server.get("env", {}))
    passed = [*server.get("env_vars", []), *(["LINKTIME_API_KEY"] if client.inherits else [])]
    references = r"\$\{(env:)?LINKTIME_API_KEY\}|\$\{input:linktime-key\}"
    return dict.fromkeys(passed, KEY) | {name: re.sub(references, KEY, value) for name, value in env.items()}


async def tools_of(client: Client, server: dict[str, Any], home: Path) -> int:
    """Start what an entry says with nothing but its own environment, and count the tools it lists."""
    env = {"HOME": str(home)} | environment(client, server)
    assert env["LINKTIME_API_KEY"] == KEY
    pairs = [f"{name}={value}" for name, value in env.items()]
    async with child("env", "-i", *pairs, server["command"], *server.get("args", [])) as started:
        await started.greet()
        return len((await started.result(started.ask("tools/list")))["tools"])


async def test_each_client_starts_what_is_written_for_a_user(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)

    assert [user.install(name, yes=True) for name in CLIENTS] == [0] * len(CLIENTS)

    entries = {name: entry(client, user.file(name)) for name, client in CLIENTS.items()}
    plain: dict[str, Any] = {"command": SCRIPT, "env": {"LINKTIME_API_KEY": KEY}}
    assert entries == dict.fromkeys(CLIENTS, plain) | {
        "claude-code": {"type": "stdio"} | plain,
        "vscode": {"type": "stdio", "command": SCRIPT, "env": {"LINKTIME_API_KEY": "${input:linktime-key}"}},
    }
    assert [mode(user.file(name)) for name in CLIENTS] == [0o600] * len(CLIENTS)
    counts = await asyncio.gather(*(tools_of(CLIENTS[name], each, tmp_path) for name, each in entries.items()))
    assert counts == [32] * len(CLIENTS)


async def test_each_client_starts_what_is_written_for_a_project_and_no_key_is_in_it(tmp_path: Path) -> None:
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
def test_what_is_in_a_file_stays_and_comes_back_byte_for_byte(tmp_path: Path, name: str, *, project: bool) -> None:
    client = CLIENTS[name]
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    file = user.has(name, before := existing(client), project=project)
    file.chmod(0o640)

    assert user.install(name, project=project, yes=True) == 0
    written = file.read_bytes()
    after = read(client, file)
    assert user.install(name, project=project, yes=True) == 0
    assert user.out.endswith("there is nothing to do.\n")
    assert (file.read_bytes(), mode(file)) == (written, 0o600 if KEY in written.decode() else 0o640)
    backup = user.copy(name, project=project)
    assert (backup.read_bytes().decode(), mode(backup)) == (before, 0o600)
    assert user.install(name, project=project, uninstall=True, yes=True) == 0

    assert file.read_bytes().decode() == before
    assert not backup.exists()
    del after[client.servers]["linktime"]
    after.pop("inputs", None)
    assert after == read(client, file)


@pytest.mark.parametrize("name", CLIENTS)
def test_a_file_that_was_made_for_us_alone_goes_away_with_us(tmp_path: Path, name: str) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    user.install(name, yes=True)
    assert user.file(name).exists()

    assert user.install(name, uninstall=True, yes=True) == 0

    assert list(user.file(name).parent.glob("*.json*")) == []
    assert user.install(name, uninstall=True, yes=True) == 0
    assert user.out == f"{CLIENTS[name].title} has no linktime in {user.file(name)}; there is nothing to do.\n"


@pytest.mark.parametrize("name", CLIENTS)
def test_what_others_wrote_meanwhile_stays_when_we_go(tmp_path: Path, name: str) -> None:
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
    assert f"What the file was before is in {file}.before-linktime\n" in user.out


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
def test_an_empty_list_stays_only_if_it_was_there_before_us(tmp_path: Path, name: str, before: str, after: str) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    file = user.has(name, before)
    user.install(name, yes=True)
    file.write_text(file.read_text().replace("1", "2", 1))

    assert user.install(name, uninstall=True, yes=True) == 0

    assert file.read_text() == after


JSON_ENTRY = (
    '{"mcpServers": {"linktime": {"command": "/old/linktime-mcp", "args": ["serve"], "disabled": false,\n'
    '  "env": {"LINKTIME_READ_ONLY": "1", "LINKTIME_API_KEY": "lt_live_old"}}}}'
)
TOML_ENTRY = (
    '[mcp_servers.linktime]\ncommand = "/old/linktime-mcp" # ours\nargs = ["serve"]\nstartup_timeout_sec = 20\n\n'
    '[mcp_servers.linktime.env]\nLINKTIME_READ_ONLY = "1"\nLINKTIME_API_KEY = "lt_live_old"\n'
)


@pytest.mark.parametrize(
    ("name", "before", "kept"),
    [("cursor", JSON_ENTRY, {"disabled": False}), ("codex", TOML_ENTRY, {"startup_timeout_sec": 20})],
)
@pytest.mark.parametrize("key", [KEY, ""])
def test_what_the_user_added_to_our_entry_stays(
    tmp_path: Path, name: str, before: str, kept: dict[str, Any], key: str
) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=key)
    file = user.has(name, before)

    assert user.install(name, yes=True) == 0

    env = {"LINKTIME_READ_ONLY": "1", "LINKTIME_API_KEY": key or "lt_live_old"}
    assert entry(CLIENTS[name], file) == {"command": SCRIPT, "env": env} | kept
    assert "- linktime is there already: what we write is replaced, and what you added stays\n" in user.out
    assert ("- the key is replaced, too\n" in user.out) == bool(key)
    assert "lt_live_old" not in user.out
    assert not user.asked


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
def test_an_entry_of_another_kind_is_replaced(tmp_path: Path, there: str) -> None:
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
def test_an_entry_of_another_kind_is_replaced_in_codex_too(tmp_path: Path, there: str) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    file = user.has("codex", f"{there}\n[features]\na = true # mine\n")

    assert user.install("codex", yes=True) == 0

    document = read(CLIENTS["codex"], file)
    server = {"command": SCRIPT, "env": {"LINKTIME_API_KEY": KEY}}
    assert document == {"mcp_servers": {"linktime": server}, "features": {"a": True}}
    assert "[features]\na = true # mine\n" in file.read_text()


def test_a_file_with_what_is_no_number_is_changed_like_any_other(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    file = user.has("codex", before := "a = nan\nb = [inf, 2026-12-01]\n")

    assert user.install("codex", yes=True) == 0

    assert file.read_text().startswith(before)
    assert entry(CLIENTS["codex"], file)["command"] == SCRIPT


def test_the_variables_that_codex_passes_on_already_stay(tmp_path: Path) -> None:
    user = User(tmp_path)
    file = user.has("codex", f'[mcp_servers.linktime]\ncommand = "{SCRIPT}"\nenv_vars = ["A"] # mine\n', project=True)

    assert user.install("codex", project=True, yes=True) == 0

    text = f'[mcp_servers.linktime]\ncommand = "{SCRIPT}"\nenv_vars = ["A", "LINKTIME_API_KEY"] # mine\n'
    assert file.read_text() == text
    assert user.install("codex", project=True, yes=True) == 0
    assert user.out.endswith("there is nothing to do.\n")


def test_what_vs_code_asks_for_stays_while_another_server_needs_it(tmp_path: Path) -> None:
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


def test_the_key_is_asked_for_where_none_is_known_and_never_shown(tmp_path: Path) -> None:
    user = User(tmp_path, answer="y", typed=f" {KEY} ")

    assert user.install("claude-desktop") == 0

    assert user.asked == [
        "LinkTime API key for Claude Desktop (not shown; empty to write it yourself): ",
        "Write this? [y/N] ",
    ]
    assert entry(CLIENTS["claude-desktop"], user.file("claude-desktop"))["env"] == {"LINKTIME_API_KEY": KEY}
    assert KEY not in user.out + user.err
    assert '"LINKTIME_API_KEY": "lt_live_…"' in user.out
    assert user.out.endswith(
        "Claude Desktop has linktime now. Restart it; if it doesn't come up, ask `linktime-mcp doctor`.\n"
    )


@pytest.mark.parametrize("typed", ["", None])
def test_without_a_key_its_place_is_held_and_the_user_told(tmp_path: Path, typed: str | None) -> None:
    user = User(tmp_path, answer="yes", typed=typed)

    assert user.install("zed") == 0

    assert entry(CLIENTS["zed"], user.file("zed"))["env"] == {"LINKTIME_API_KEY": "lt_live_..."}
    told = "no key is known: put yours in place of lt_live_..., or set LINKTIME_API_KEY and run this again"
    assert f"- {told}\n" in user.out
    assert user.install("zed") == 0
    assert user.out == f"- {told}\nZed has linktime already in {user.file('zed')}; there is nothing to do.\n"


@pytest.mark.parametrize("answer", ["", "n", "no", "maybe"])
def test_whoever_does_not_say_yes_changes_nothing(tmp_path: Path, answer: str) -> None:
    user = User(tmp_path, answer=answer, LINKTIME_API_KEY=KEY)

    assert user.install("cursor") == 0

    assert user.out.endswith("Nothing was changed.\n")
    assert not user.file("cursor").exists()


def test_another_base_url_is_taken_along(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY, LINKTIME_BASE_URL="http://lt.example", LINKTIME_ALLOW_HTTP="1")

    assert user.install("cursor", yes=True) == 0

    assert entry(CLIENTS["cursor"], user.file("cursor"))["env"] == {
        "LINKTIME_API_KEY": KEY,
        "LINKTIME_BASE_URL": "http://lt.example",
        "LINKTIME_ALLOW_HTTP": "1",
    }
    assert '"LINKTIME_BASE_URL": "http://lt.example"' in user.out


@pytest.mark.parametrize("name", CLIENTS)
def test_printing_touches_nothing_and_shows_no_key(tmp_path: Path, name: str) -> None:
    user = User(tmp_path, answer="y", typed=KEY, LINKTIME_API_KEY=KEY)

    assert user.install(name, show=True) == 0

    user.has(name, user.out)
    env = entry(CLIENTS[name], user.file(name))["env"]
    asks = name == "vscode"
    assert env == {"LINKTIME_API_KEY": "${input:linktime-key}" if asks else "lt_live_..."}
    assert user.err == ("" if asks else "Put your key in place of lt_live_...\n")
    assert user.asked == []


def test_a_link_goes_on_pointing_where_it_points(tmp_path: Path) -> None:
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


def test_a_backup_of_a_file_without_us_is_never_replaced_by_one_with_us(tmp_path: Path) -> None:
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


def test_an_entry_that_was_there_before_us_is_kept_and_goes_with_us(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    file = user.has("cursor", JSON_ENTRY)
    user.install("cursor", yes=True)
    assert file.with_name("mcp.json.before-linktime").read_text() == JSON_ENTRY

    user.install("cursor", uninstall=True, yes=True)

    assert read(CLIENTS["cursor"], file) == {"mcpServers": {}}


@pytest.mark.parametrize(
    ("name", "off"), [("cursor", '"disabled": true'), ("codex", "enabled = false"), ("cursor", '"disabled": false')]
)
def test_an_entry_that_is_switched_off_stays_so_and_the_user_is_told(tmp_path: Path, name: str, off: str) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    user.has(
        name,
        f'[mcp_servers.linktime]\ncommand = "x"\n{off}\n'
        if name == "codex"
        else f'{{"mcpServers": {{"linktime": {{"command": "x", {off}}}}}}}',
    )

    assert user.install(name, yes=True) == 0

    title = CLIENTS[name].title
    told = f"- linktime is switched off there, and stays so: switch it on in {title}\n"
    assert (told in user.out) == ('disabled": false' not in off)


def test_of_several_files_the_one_that_its_client_uses_is_chosen(tmp_path: Path) -> None:
    packaged, classic = tmp_path / "packaged" / "config.json", tmp_path / "classic" / "config.json"

    assert chosen([packaged, classic]) == classic
    packaged.parent.mkdir()
    assert chosen([packaged, classic]) == packaged
    classic.parent.mkdir()
    classic.touch()
    assert chosen([packaged, classic]) == classic
    packaged.touch()
    assert chosen([packaged, classic]) == packaged


ALONE = NOT_A_KEY

REFUSED = [
    ("cursor", "{\n  // mine\n  a: 1\n}", ":3:3: a name in double quotes is expected"),
    ("cursor", "[]", ":1:1: an object is expected"),
    ("cursor", '{\n  "mcpServers": []\n}', ":2:17: an object is expected"),
    ("vscode", '{"inputs": {}}', ":1:12: a list is expected"),
    ("claude-code", '{\n  "a": 1 // mine\n}', ":2:10: Claude Code reads neither comments nor trailing commas"),
    ("claude-desktop", '\ufeff{"a": 1/**/}', ":1:8: Claude Desktop reads neither comments nor trailing commas"),
    ("codex", "a = 1\nb = \n", ":2:5: Invalid value"),
    ("codex", "mcp_servers = 3\n", ":1:1: mcp_servers is to be a table"),
    ("codex", "a = " + "[" * 9999, ":1:1: it can't be read: maximum recursion depth exceeded"),
    ("cursor", '{"a": ' + "1" * 9999, ":1:1: it can't be read: Exceeds the limit"),
    ("cursor", b'{"a": "\xe4"}', " is not UTF-8 (at byte 8)"),
    ("cursor", "{}".encode("utf-16"), " is not UTF-8 (at byte 1)"),
]


@pytest.mark.parametrize(("name", "content", "reason"), REFUSED)
def test_a_file_that_its_client_could_not_read_is_refused_with_the_place(
    tmp_path: Path, name: str, content: str | bytes, reason: str
) -> None:
    user = User(tmp_path, answer="y", typed=KEY)
    file = user.has(name, content)
    before = file.read_bytes()

    assert user.install(name) == 1

    assert user.err.startswith(f"linktime-mcp: {file}{reason}")
    assert user.err.endswith("; nothing was changed\n")
    assert file.read_bytes() == before
    assert [each for each in file.parent.iterdir() if each.is_file()] == [file]


def test_an_entry_that_is_there_twice_is_left_alone(tmp_path: Path) -> None:
    user = User(tmp_path)
    twice = '{"mcpServers": {"linktime": {"command": "a"}, "linktime": {"command": "b"}}}'
    file = user.has("cursor", twice)

    assert user.install("cursor", uninstall=True, yes=True) == 1

    assert user.err == (
        f"linktime-mcp: {file}:1:1: it is laid out in a way that can't be changed safely; nothing was changed\n"
    )
    assert file.read_text() == twice


@pytest.mark.parametrize("header", ["[[mcp_servers.linktime.args]]", "[mcp_servers.linktime.args.b]"])
def test_a_table_in_the_place_of_our_list_is_replaced(tmp_path: Path, header: str) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    user.installation = user.installation._replace(script=None)
    file = user.has("codex", f'[mcp_servers.linktime]\ncommand = "x"\n{header}\na = 1\n')

    assert user.install("codex", yes=True) == 0

    assert entry(CLIENTS["codex"], file)["args"] == ["-m", "linktime"]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    user.file("cursor").mkdir(parents=True)
    user.file("zed").parent.mkdir(parents=True)
    os.mkfifo(user.file("zed"))
    user.file("claude-code").symlink_to("/dev/zero")
    (tmp_path / ".codeium").write_text("")

    irregular = dict.fromkeys(("cursor", "zed", "claude-code"), "it is no regular file")
    for name, fault in (irregular | {"windsurf": "Not a directory"}).items():
        assert user.install(name, yes=True) == 1
        assert user.err == f"linktime-mcp: {user.file(name)}: {fault}; nothing was changed\n"


def test_a_folder_that_cannot_be_written_is_refused_and_nothing_is_left_there(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    file = user.file("cursor")
    file.parent.mkdir()
    file.symlink_to("/proc/self/mcp.json")

    assert user.install("cursor", yes=True) == 1

    assert user.err.startswith("linktime-mcp: /proc/")
    assert user.err.endswith("; nothing was changed\n")
    assert list(file.parent.iterdir()) == [file]


def test_what_can_only_half_be_written_is_not_there_at_all(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(IsADirectoryError):
        write(tmp_path / "folder", b"x")

    assert [each.name for each in tmp_path.iterdir()] == ["folder"]


def test_a_file_that_changes_while_the_user_thinks_is_left_alone(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    file = user.has("claude-code", "{}")

    def changes(question: str) -> str:
        file.write_text('{"numStartups": 2}')
        return "y"

    user.terminal = Terminal(changes, changes)

    assert user.install("claude-code") == 1

    assert (
        user.err
        == f"linktime-mcp: {file} was changed by somebody else meanwhile, so nothing was done; run this again\n"
    )
    assert list(tmp_path.glob(".claude*")) == [file]
    assert file.read_text() == '{"numStartups": 2}'


@pytest.mark.parametrize(
    ("name", "options", "environ", "refusal"),
    [
        ("windsurf", {"project": True}, {}, (2, "Windsurf has no file for a project; leave out --project")),
        ("cursed", {}, {}, (2, f"cursed is none of the clients: {', '.join(CLIENTS)}")),
        ("cursor", {}, {"HOME": ""}, (1, "HOME is not set, so the file of Cursor can't be found")),
        (
            "cursor",
            {},
            {"LINKTIME_API_KEY": "lt live"},
            (
                2,
                f"LINKTIME_API_KEY: {ALONE}",
            ),
        ),
        ("cursor", {}, {}, (1, "there is no terminal to ask on, so nothing was changed; --yes does it without asking")),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(
    tmp_path: Path, name: str, options: dict[str, bool], environ: dict[str, str], refusal: tuple[int, str]
) -> None:
    user = User(tmp_path, **environ)

    assert (user.install(name, **options), user.err) == (refusal[0], f"linktime-mcp: {refusal[1]}\n")
    assert list(tmp_path.iterdir()) == [user.project]


def test_a_key_that_can_be_none_is_refused(tmp_path: Path) -> None:
    user = User(tmp_path, answer="y", typed="lt live secret")

    assert user.install("cursor") == 1

    assert NOT_A_KEY in user.err
    assert "secret" not in user.out + user.err


def test_what_is_typed_and_no_text_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    def secret(question: str) -> str:
        return b"\xff".decode()

    user = User(tmp_path, answer="y")
    user.terminal = Terminal(secret, secret)

    assert user.install("cursor") == 1
    assert user.err == "linktime-mcp: the key that was typed is not UTF-8; nothing was changed\n"
    user.environ["LINKTIME_API_KEY"] = KEY
    assert user.install("cursor") == 0
    assert user.out.endswith("Nothing was changed.\n")


def test_a_command_whose_name_is_no_text_is_refused(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    user.installation = user.installation._replace(script=os.fsdecode(b"/opt/\xff/linktime-mcp"))

    assert user.install("cursor", yes=True) == 1

    assert user.err.endswith(
        ": the command's name is not UTF-8, which no client's file can hold; install it elsewhere\n"
    )
    assert not user.file("cursor").exists()


def test_an_installation_that_will_be_gone_is_not_written_anywhere(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    user.installation = user.installation._replace(prefix="/home/ada/.cache/uv/archive-v0/ACrx-5OMv00v6TMx/", uv=None)

    assert user.install("cursor", yes=True) == 1

    assert user.err == (
        "linktime-mcp: this installation is a temporary one; install it to stay, with `uv tool install`, and run "
        "`linktime-mcp install` again\n"
    )
