"""Which entries of the clients' files start linktime."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from linktime.commands.doctor.settings import NEW_KEY
from tests.support.doctor_user import ENTRY, KEY, clients, states, write


@pytest.mark.posix  # a named pipe
async def test_pipe_in_place_of_a_file_does_not_block(tmp_path: Path) -> None:
    file = write(tmp_path, ".cursor/mcp.json", "")
    file.unlink()
    os.mkfifo(file)

    assert states(await clients(tmp_path)) == [("Cursor", "fault", "unreadable_file")]


async def test_unexpected_content_hides_no_other_file(tmp_path: Path) -> None:
    broken = write(tmp_path, ".codex/config.toml", f"linktime{'.a' * 995} = 1")  # Python 3.14 reads 1000
    write(tmp_path, ".claude.json", {"mcpServers": {"linktime": ENTRY}})

    findings = await clients(tmp_path, LINKTIME_API_KEY=KEY)

    assert states(findings) == [("Claude Code", "good", "starts"), ("Codex", "fault", "unreadable_file")]
    assert (str(broken) in findings[1].message, "RecursionError" in findings[1].message) == (True, True)


@pytest.mark.parametrize(
    "entry",
    [
        {"command": "/opt/bin/linktime-mcp"},
        {"command": r"C:\Tools\linktime-mcp.exe"},
        {"command": "uvx", "args": ["linktime-mcp"]},
        {"command": "uvx", "args": ["linktime-mcp@latest", "serve"]},
        {"command": "uv", "args": ["tool", "run", "--from", "linktime_mcp[redis]==1.2", "x"]},
        {"command": "pipx", "args": ["run", "--spec=linktime-mcp>=1", "x"]},
        {"command": "uvx", "args": ["--from", "linktime-mcp @ git+https://git.test/x@1", "x"]},
        {"command": "python3", "args": ["-m", "linktime"]},
    ],
)
async def test_entry_that_starts_linktime_is_found_by_its_command(tmp_path: Path, entry: dict[str, Any]) -> None:
    file = write(tmp_path, ".cursor/mcp.json", {"mcpServers": {"mine": entry}})

    findings = await clients(tmp_path)

    install = "Run: linktime-mcp install cursor"
    assert {finding.subject for finding in findings} == {"Cursor"}
    assert all(finding.message.startswith(f"{file} (mine): ") for finding in findings)
    assert all(finding.cure.endswith((install, NEW_KEY)) for finding in findings)


@pytest.mark.parametrize(
    ("title", "entry"),
    [
        ("files", {"command": "npx", "args": ["server-filesystem", "/home/u/linktime-web", "/home/u/linktime-mcp"]}),
        ("linktime-web", {"command": "/opt/linktime-web/serve"}),
        ("notes", {"command": "notes", "args": ["--about", "linktime", "-m", "linktimes"]}),
        ("notes", {"command": "notes", "args": "linktime-mcp"}),
        ("notes", {"command": "notes", "env": {"TOPIC": "linktime"}, "args": [{"x": "linktime-mcp"}]}),
    ],
)
async def test_other_server_is_not_linktime(tmp_path: Path, title: str, entry: dict[str, Any]) -> None:
    write(tmp_path, ".cursor/mcp.json", {"mcpServers": {title: entry}})

    assert [finding.subject for finding in await clients(tmp_path)] == ["files"]
