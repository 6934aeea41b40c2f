"""What the doctor says of the files of clients."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from linktime.doctor.finding import Finding
from linktime.sandbox import Sandbox
from tests.patient import KEY, doctor, examined, over
from tests.visitor import paths

OURS = {"command": sys.executable, "args": ["-m", "linktime"], "env": {"LINKTIME_API_KEY": KEY}}
COPY = "Copy one from Settings → API Keys in LinkTime."
CORRECT = "Correct that: the client can't read it either."
MISTAKE = "Copy the right one if that is a mistake; each key has a budget of its own."


def write(home: Path, name: str, content: Any) -> Path:
    """Write a client's file: text as it is, anything else as JSON."""
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


async def told(home: Path, **settings: str) -> list[Finding]:
    """Examine without any service; return what is said of the clients."""
    findings = await examined(home, LINKTIME_BASE_URL="nowhere", **settings)
    return list(findings["clients"])


async def cursor(home: Path, **entry: Any) -> list[tuple[str, str, str]]:
    """Write an entry of Cursor's, and return what is said of it to somebody who has the key."""
    file = write(home, ".cursor/mcp.json", {"mcpServers": {"linktime": entry}})
    findings = await told(home, LINKTIME_API_KEY=KEY)
    assert {finding.subject for finding in findings} == {"Cursor"}
    return [(state, seen.replace(str(file), "FILE"), cure) for _, state, seen, cure in findings]


async def test_without_a_client_the_user_is_told_of_install(tmp_path: Path) -> None:
    assert await told(tmp_path) == [
        Finding("files", "warning", "none of a client mentions us", "Run: linktime-mcp install CLIENT")
    ]


async def test_every_file_that_starts_us_is_told_and_no_other(tmp_path: Path) -> None:
    other = {"command": "/nowhere/else", "args": ["--serve"]}
    servers = {"mcpServers": {"other": other, "mine": OURS}}
    toml = f"""[mcp_servers.linktime]\ncommand = "{sys.executable}"\nenv_vars = ["LINKTIME_API_KEY"]\n"""
    jsonc = f"""{{ // the editor's
        "context_servers": {{ /* ours */ "linktime": {{"command": "{sys.executable}", "args": ["http://x",],}},}}, }}"""
    files = [
        ("Claude Code", f"{write(tmp_path, 'project/.mcp.json', servers)} (mine)"),
        (
            "Claude Code",
            f"{write(tmp_path, '.claude.json', {'projects': {'/src': servers, '/old': {'mcpServers': {}}}})} (mine)",
        ),
        ("VS Code", write(tmp_path, ".config/Code/User/mcp.json", {"servers": {"linktime": OURS}})),
        ("Codex", write(tmp_path, ".codex/config.toml", toml)),
        ("Zed", write(tmp_path, ".config/zed/settings.json", jsonc)),
    ]
    write(tmp_path, ".gemini/settings.json", {"mcpServers": {"other": other}, "about": ["linktime"]})
    write(tmp_path, ".codeium/windsurf/mcp_config.json", "broken, but none of our business")

    assert await told(tmp_path, LINKTIME_API_KEY=KEY) == [
        Finding(title, "good", f"{file} starts {sys.executable}") for title, file in files
    ]


@pytest.mark.parametrize(
    ("name", "title", "content", "why"),
    [
        (
            ".cursor/mcp.json",
            "Cursor",
            '{"mcpServers": {"linktime": {]}}',
            "a name in double quotes is expected (line 1)",
        ),
        (
            ".claude.json",
            "Claude Code",
            '{"linktime": {}, // ours\n}',
            "Claude Code reads neither comments nor trailing commas (line 1)",
        ),
        (".codex/config.toml", "Codex", "[linktime", "Expected ']' at the end of a table declaration (line 1)"),
    ],
)
async def test_a_file_that_cannot_be_parsed_is_told_with_why(
    tmp_path: Path, name: str, title: str, content: str, why: str
) -> None:
    file = write(tmp_path, name, content)

    [finding] = await told(tmp_path)

    assert finding == Finding(title, "fault", f"{file} can't be read: {why}", CORRECT)


async def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    file = tmp_path / ".claude.json"
    file.mkdir()

    seen = f"{file} can't be read: it is no regular file"
    assert await told(tmp_path) == [Finding("Claude Code", "fault", seen, CORRECT)]


@pytest.mark.parametrize("switch", [{"disabled": True}, {"enabled": False}])
async def test_an_entry_that_is_switched_off_is_told(tmp_path: Path, switch: dict[str, bool]) -> None:
    cure = "Switch it on in Cursor, if you want it."
    assert await cursor(tmp_path, **OURS | switch) == [("warning", "FILE: it is switched off there", cure)]


@pytest.mark.parametrize("switch", [{"disabled": False}, {"enabled": True}])
async def test_an_entry_that_is_switched_on_is_good(tmp_path: Path, switch: dict[str, bool]) -> None:
    assert await cursor(tmp_path, **OURS | switch) == [("good", f"FILE starts {sys.executable}", "")]


async def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / ".claude.json"
    file.write_bytes(b'{"linktime": "\xfc"}')

    assert await told(tmp_path) == [Finding("Claude Code", "fault", f"{file} can't be read: it is not UTF-8", CORRECT)]


@pytest.mark.parametrize(
    ("entry", "state", "seen"),
    [
        ({"command": "/nowhere/linktime-mcp"}, "fault", "/nowhere/linktime-mcp is not there, or can't be executed"),
        ({"command": __file__}, "fault", f"{__file__} is not there, or can't be executed"),
        ({"command": "linktime-mcp-x"}, "warning", "linktime-mcp-x is not found on the PATH here"),
        ({"command": None}, "warning", "no command that we know how to read"),
        (
            {"command": {"path": "x", "env": {"LINKTIME_API_KEY": KEY}}},
            "warning",
            "no command that we know how to read",
        ),
    ],
)
async def test_a_command_that_cannot_be_started_is_told(
    tmp_path: Path, entry: dict[str, Any], state: str, seen: str
) -> None:
    assert await cursor(tmp_path, **OURS | entry) == [(state, f"FILE: {seen}", "Run: linktime-mcp install cursor")]


@pytest.mark.parametrize(
    ("env", "findings"),
    [
        ({"LINKTIME_API_KEY": "${env:LINKTIME_API_KEY}"}, []),
        ({"LINKTIME_API_KEY": "${input:linktime-key}"}, []),
        (
            {"LINKTIME_API_KEY": "lt_live_..."},
            [("fault", "FILE: LINKTIME_API_KEY is still the placeholder", COPY)],
        ),
        (
            {"LINKTIME_API_KEY": "lt_live_another0one"},
            [("warning", "FILE: LINKTIME_API_KEY is another one than the key used here", MISTAKE)],
        ),
        ({}, [("warning", "FILE: no LINKTIME_API_KEY in the env section", f"Set it there. {COPY}")]),
        (None, [("warning", "FILE: no LINKTIME_API_KEY in the env section", f"Set it there. {COPY}")]),
    ],
)
async def test_the_key_of_an_entry_is_told_without_showing_it(
    tmp_path: Path, env: dict[str, str] | None, findings: list[tuple[str, str, str]]
) -> None:
    good = [("good", f"FILE starts {sys.executable}", "")]

    assert await cursor(tmp_path, **OURS | {"env": env}) == (findings or good)


async def test_where_only_a_client_has_the_key_its_settings_are_examined(sandbox: Sandbox, tmp_path: Path) -> None:
    env = over(sandbox, LINKTIME_RATE_LIMIT="30", LINKTIME_WORKERS="many")
    write(tmp_path, ".cursor/mcp.json", {"mcpServers": {"linktime": OURS | {"env": env}}})

    status, out = await doctor(tmp_path, "--json", LINKTIME_RATE_LIMIT="40")

    found = json.loads(out)
    assert [(finding["subject"], finding["seen"]) for finding in found["settings"]] == [
        ("LINKTIME_API_KEY", "set, from ~/.cursor/mcp.json"),
        ("LINKTIME_BASE_URL", f"{sandbox.url}, from ~/.cursor/mcp.json"),
        ("LINKTIME_RATE_LIMIT", "30, from ~/.cursor/mcp.json"),
        ("LINKTIME_TIMEOUT", "2, from ~/.cursor/mcp.json"),
        ("LINKTIME_WORKERS", "must be a valid integer"),
        ("LINKTIME_RATE_LIMIT", "set aside in the environment"),
        ("all others", "have their defaults"),
    ]
    assert sandbox.key not in out
    assert paths(sandbox) == ["GET /me"]
    assert status == 1


async def test_a_command_is_shown_without_what_is_secret_or_unseen(tmp_path: Path) -> None:
    command = f"{tmp_path}/@acme/app KEY={KEY}\x1b sesame-51f0 other-51f0 ada@example.com"
    servers = {
        "linktime": {"command": command, "env": {"LINKTIME_API_KEY": "sesame-51f0"}},
        "other": OURS | {"env": {"LINKTIME_API_KEY": "other-51f0"}},
    }
    write(tmp_path, ".cursor/mcp.json", {"mcpServers": servers})

    _, out = await doctor(tmp_path, LINKTIME_BASE_URL="nowhere")

    shown = "~/@acme/app KEY=[key] [key] [key] [e-mail]"
    assert f"Cursor  ~/.cursor/mcp.json: {shown} is not there, or can't be executed" in out
