"""The doctor checks the clients' files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from linktime.commands.doctor.clients import ANOTHER_KEY, ANY_CLIENT, check
from linktime.commands.doctor.entries import find
from linktime.commands.doctor.settings import NEW_KEY
from linktime.commands.locations import Environment, System
from linktime.sandbox import Sandbox
from tests.support.doctor_user import ENTRY, KEY, clients, doctor, over, states, write
from tests.support.sandbox_client import paths


async def cursor(home: Path, entry: dict[str, Any], **settings: str) -> list[tuple[str, str, str]]:
    """Write an entry of Cursor. Return the state, code and cure of each finding for a user with the key."""
    file = write(home, ".cursor/mcp.json", {"mcpServers": {"linktime": entry}})
    findings = await clients(home, **({"LINKTIME_API_KEY": KEY} | settings))
    assert {subject for subject, _, _ in states(findings)} == {"Cursor"}
    assert all(finding.message.startswith(str(file)) for finding in findings)
    return [(finding.state, finding.code, finding.cure) for finding in findings]


async def test_no_configuration_is_a_warning(tmp_path: Path) -> None:
    findings = await clients(tmp_path)

    assert states(findings) == [("files", "warning", "not_configured")]
    assert findings[0].cure == ANY_CLIENT


@pytest.mark.posix  # the places of Linux
async def test_every_file_that_starts_linktime_is_reported(tmp_path: Path) -> None:
    other = {"command": "/nowhere/else", "args": ["--serve"]}
    servers = {"mcpServers": {"other": other, "mine": ENTRY}}
    toml = f"""[mcp_servers.linktime]\ncommand = "{sys.executable}"\nenv_vars = ["LINKTIME_API_KEY"]\n"""
    jsonc = f"""{{ // the editor's
        "context_servers": {{ /* ours */ "linktime": {{"command": "{sys.executable}", "args": ["http://x",],}},}}, }}"""
    files = [
        ("Claude Code", f"{write(tmp_path, 'project/.mcp.json', servers)} (mine)"),
        (
            "Claude Code",
            f"{write(tmp_path, '.claude.json', {'projects': {'/src': servers, '/old': {'mcpServers': {}}}})} (mine)",
        ),
        ("VS Code", write(tmp_path, ".config/Code/User/mcp.json", {"servers": {"linktime": ENTRY}})),
        ("Codex", write(tmp_path, ".codex/config.toml", toml)),
        ("Zed", write(tmp_path, ".config/zed/settings.json", jsonc)),
    ]
    write(tmp_path, ".gemini/settings.json", {"mcpServers": {"other": other}, "about": ["linktime"]})
    write(tmp_path, ".codeium/windsurf/mcp_config.json", "broken, and without the name")

    findings = await clients(tmp_path, LINKTIME_API_KEY=KEY)

    assert states(findings) == [(title, "good", "starts") for title, _ in files]
    for finding, (_, file) in zip(findings, files, strict=True):
        assert finding.message.startswith(f"{file} ")
        assert finding.message.endswith(f" {sys.executable}")


@pytest.mark.parametrize(
    ("name", "title", "content", "reason"),
    [
        (".cursor/mcp.json", "Cursor", '{"mcpServers": {"linktime": {]}}', "(line 1)"),
        (".claude.json", "Claude Code", '{"linktime": {}, // ours\n}', "(line 1)"),
        (".codex/config.toml", "Codex", "[linktime", "(line 1)"),
        (".claude.json", "Claude Code", b'{"linktime": "\xfc"}', "UTF-8"),
    ],
)
async def test_unreadable_file_is_a_fault(
    tmp_path: Path, name: str, title: str, content: str | bytes, reason: str
) -> None:
    file = write(tmp_path, name, content)

    findings = await clients(tmp_path)

    assert states(findings) == [(title, "fault", "unreadable_file")]
    assert (str(file) in findings[0].message, reason in findings[0].message) == (True, True)


async def test_unreadable_file_comes_before_the_faults_that_follow(tmp_path: Path) -> None:
    write(tmp_path, ".cursor/mcp.json", '{"mcpServers": {"linktime": {]}}')

    _, out = await doctor(tmp_path)

    first = next(line for line in out.splitlines() if line.startswith("  fault"))
    assert str(Path("~/.cursor/mcp.json")) in first


async def test_folder_in_place_of_a_file_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / ".claude.json").mkdir()

    assert states(await clients(tmp_path)) == [("Claude Code", "fault", "unreadable_file")]


@pytest.mark.parametrize(
    ("name", "title", "content", "code"),
    [
        pytest.param(
            ".config/Claude/claude_desktop_config.json",
            "Claude Desktop",
            {"mcpServers": {"linktime": ENTRY}},
            True,
            marks=pytest.mark.posix,  # its place on Linux
        ),
        (".cursor/mcp.json", "Cursor", {"mcpServers": {"linktime": ENTRY}}, False),
    ],
)
async def test_byte_order_mark_is_a_fault_where_the_client_refuses_it(
    tmp_path: Path, name: str, title: str, content: Any, *, code: bool
) -> None:
    write(tmp_path, name, f"\ufeff{json.dumps(content)}")

    findings = await clients(tmp_path, LINKTIME_API_KEY=KEY)

    good, fault = (title, "good", "starts"), (title, "fault", "byte_order_mark")
    assert states(findings) == [good, *([fault] if code else [])]


@pytest.mark.parametrize("switch", [{"disabled": True}, {"enabled": False}])
async def test_switched_off_entry_is_a_warning(tmp_path: Path, switch: dict[str, bool]) -> None:
    [(state, code, cure)] = await cursor(tmp_path, ENTRY | switch)

    assert (state, code, "Cursor" in cure) == ("warning", "switched_off", True)


@pytest.mark.parametrize("switch", [{"disabled": False}, {"enabled": True}])
async def test_switched_on_entry_is_good(tmp_path: Path, switch: dict[str, bool]) -> None:
    assert await cursor(tmp_path, ENTRY | switch) == [("good", "starts", "")]


@pytest.mark.parametrize(
    ("entry", "state", "code"),
    [
        ({"command": str(Path("/nowhere/linktime-mcp").absolute())}, "fault", "command_missing"),
        ({"command": __file__}, "fault", "command_missing"),
        ({"command": "linktime-mcp-x"}, "warning", "command_not_on_path"),
        ({"command": None}, "warning", "no_command"),
        ({"command": {"path": "x", "env": {"LINKTIME_API_KEY": KEY}}}, "warning", "no_command"),
    ],
)
async def test_command_that_cannot_start(tmp_path: Path, entry: dict[str, Any], state: str, code: str) -> None:
    assert await cursor(tmp_path, ENTRY | entry) == [(state, code, "Run: linktime-mcp install cursor")]


@pytest.mark.parametrize(
    ("env", "state", "code", "cure"),
    [
        ({"LINKTIME_API_KEY": KEY}, "good", "starts", ""),
        ({"LINKTIME_API_KEY": "${env:LINKTIME_API_KEY}"}, "good", "starts", ""),
        ({"LINKTIME_API_KEY": "${env:LT_UNSET}"}, "fault", "reference_unset", "Set LT_UNSET in "),
        ({"LINKTIME_API_KEY": "${input:linktime-key}"}, "fault", "placeholder", NEW_KEY),
        ({"LINKTIME_API_KEY": "%LINKTIME_API_KEY%"}, "fault", "placeholder", NEW_KEY),
        ({"LINKTIME_API_KEY": f'"{KEY}"'}, "fault", "placeholder", NEW_KEY),
        ({"LINKTIME_API_KEY": "lt_live_..."}, "fault", "placeholder", NEW_KEY),
        ({"LINKTIME_API_KEY": ""}, "fault", "placeholder", NEW_KEY),
        ({"LINKTIME_API_KEY": "lt_live_another0one"}, "warning", "another_key", ANOTHER_KEY),
        ({}, "warning", "no_key", f"Set it there. {NEW_KEY}"),
        (None, "warning", "no_key", f"Set it there. {NEW_KEY}"),
    ],
)
async def test_key_of_an_entry(tmp_path: Path, env: dict[str, str] | None, state: str, code: str, cure: str) -> None:
    [finding] = await cursor(tmp_path, ENTRY | {"env": env})

    assert finding[:2] == (state, code)
    assert finding[2].startswith(cure)


@pytest.mark.slow
@pytest.mark.measured
@pytest.mark.parametrize(
    ("name", "servers", "reference"),
    [
        (".vscode/mcp.json", "servers", "${input:linktime-key}"),
        (".vscode/mcp.json", "servers", "${env:LT_KEY}"),
        (".cursor/mcp.json", "mcpServers", "${env:LT_KEY}"),
        (".mcp.json", "mcpServers", "${LT_KEY}"),
        (".mcp.json", "mcpServers", "${LT_UNSET:-KEY}"),
    ],
)
async def test_setup_with_a_reference_to_the_key_is_healthy(
    sandbox: Sandbox, tmp_path: Path, name: str, servers: str, reference: str
) -> None:
    env = {
        "LINKTIME_BASE_URL": sandbox.url,
        "LINKTIME_API_KEY": reference.replace("KEY}", f"{sandbox.key}}}", ":-" in reference),
    }
    write(tmp_path, name, {servers: {"linktime": ENTRY | {"env": env}}})

    status, out = await doctor(tmp_path, "--json", LT_KEY=sandbox.key)

    service = [(each["subject"], each["state"], each["code"]) for each in json.loads(out)["service"]]
    is_prompt = "input" in reference
    assert service[0] == ("connection", "good", "reachable")
    assert service[-1] == (("key", "warning", "skipped") if is_prompt else ("key", "good", "accepted"))
    assert paths(sandbox) == ([] if is_prompt else ["GET /me"])
    assert sandbox.key not in out
    assert status == 0


@pytest.mark.skipif(sys.platform == "win32", reason="the folders of macOS")
async def test_path_that_macos_protects_is_a_warning(tmp_path: Path) -> None:
    command = tmp_path / "Documents" / "venv" / "bin" / "linktime-mcp"
    write(tmp_path, ".cursor/mcp.json", {"mcpServers": {"linktime": ENTRY | {"command": str(command)}}})
    macos = Environment(System.MACOS, {"HOME": str(tmp_path), "LINKTIME_API_KEY": KEY}, tmp_path)

    [finding] = check(find(macos), SecretStr(KEY), macos)

    assert (finding.state, finding.code) == ("warning", "path_protected")


async def test_settings_of_the_client_with_the_key_are_examined(sandbox: Sandbox, tmp_path: Path) -> None:
    env = over(sandbox, LINKTIME_RATE_LIMIT="30", LINKTIME_WORKERS="many")
    write(tmp_path, ".cursor/mcp.json", {"mcpServers": {"linktime": ENTRY | {"env": env}}})

    status, out = await doctor(tmp_path, "--json", LINKTIME_RATE_LIMIT="40")

    report = json.loads(out)
    assert [(each["subject"], each["state"], each["code"]) for each in report["settings"]] == [
        ("LINKTIME_API_KEY", "good", "set"),
        ("LINKTIME_BASE_URL", "good", "set"),
        ("LINKTIME_RATE_LIMIT", "good", "set"),
        ("LINKTIME_TIMEOUT", "good", "set"),
        ("LINKTIME_WORKERS", "fault", "invalid"),
        ("LINKTIME_RATE_LIMIT", "warning", "overridden"),
        ("all others", "good", "defaults"),
    ]
    assert all(str(Path("~/.cursor/mcp.json")) in each["seen"] for each in report["settings"] if each["code"] == "set")
    assert [sandbox.url in report["settings"][1]["seen"], "30" in report["settings"][2]["seen"]] == [True, True]
    assert sandbox.key not in out
    assert paths(sandbox) == ["GET /me"]
    assert status == 1


async def test_command_is_redacted(tmp_path: Path) -> None:
    command = f"{tmp_path}/@acme/app KEY={KEY}\x1b sesame-51f0 other-51f0 ada@example.com"
    servers = {
        "linktime": {"command": command, "env": {"LINKTIME_API_KEY": "sesame-51f0"}},
        "other": ENTRY | {"env": {"LINKTIME_API_KEY": "other-51f0"}},
    }
    write(tmp_path, ".cursor/mcp.json", {"mcpServers": servers})

    _, out = await doctor(tmp_path, LINKTIME_BASE_URL="nowhere")

    assert f" {Path('~/.cursor/mcp.json')}: ~/@acme/app KEY=[key] [key] [key] [e-mail] " in out
