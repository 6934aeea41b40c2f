"""Which entries of the clients' files the doctor takes for ours."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.patient import KEY, doctor
from tests.test_doctor_clients import COPY, OURS, told, write


async def test_a_pipe_in_the_place_of_a_file_is_told_and_not_waited_for(tmp_path: Path) -> None:
    file = write(tmp_path, ".cursor/mcp.json", "")
    file.unlink()
    os.mkfifo(file)

    _, out = await doctor(tmp_path, LINKTIME_BASE_URL="nowhere")

    assert "Cursor  ~/.cursor/mcp.json can't be read: it is no regular file\n" in out


async def test_what_nobody_foresaw_in_a_file_hides_no_other(tmp_path: Path) -> None:
    broken = write(tmp_path, ".codex/config.toml", f"linktime{'.a' * 5000} = 1")
    write(tmp_path, ".claude.json", {"mcpServers": {"linktime": OURS}})

    findings = await told(tmp_path, LINKTIME_API_KEY=KEY)

    assert [(each.subject, each.state) for each in findings] == [("Claude Code", "good"), ("Codex", "fault")]
    assert findings[1].seen == f"{broken} can't be read: RecursionError"


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
async def test_an_entry_that_starts_us_is_ours_whatever_its_title_and_is_named(
    tmp_path: Path, entry: dict[str, Any]
) -> None:
    file = write(tmp_path, ".cursor/mcp.json", {"mcpServers": {"mine": entry}})

    findings = await told(tmp_path)

    cure = "Correct it there, or take it out. Run: linktime-mcp install cursor"
    assert {finding.subject for finding in findings} == {"Cursor"}
    assert all(finding.seen.startswith(f"{file} (mine): ") for finding in findings)
    assert {finding.cure for finding in findings} <= {cure, f"Set it there. {COPY}"}


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
async def test_a_server_of_others_is_not_taken_for_ours(tmp_path: Path, title: str, entry: dict[str, Any]) -> None:
    write(tmp_path, ".cursor/mcp.json", {"mcpServers": {title: entry}})

    assert [finding.subject for finding in await told(tmp_path)] == ["files"]
