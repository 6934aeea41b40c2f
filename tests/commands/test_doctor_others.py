"""The entries with other settings than the examined ones: the doctor checks each set of settings once."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from linktime.commands.doctor.other_entries import _MOST
from linktime.sandbox import Sandbox
from tests.support.doctor_user import doctor, examined, over, states, write

DEAD = "http://127.0.0.1:1"  # a privileged port
AREA = "other entries"


def entry(**settings: str) -> dict[str, Any]:
    return {"mcpServers": {"linktime": {"command": sys.executable, "args": ["-m", "linktime"], "env": settings}}}


async def test_broken_entry_of_a_second_client_is_a_fault(sandbox: Sandbox, tmp_path: Path) -> None:
    write(tmp_path, ".claude.json", entry(**over(sandbox)))
    dead = over(sandbox, LINKTIME_BASE_URL=DEAD)
    file = write(tmp_path, ".cursor/mcp.json", entry(**dead))

    status, out = await doctor(tmp_path, "--json", LINKTIME_API_KEY="", LINKTIME_BASE_URL="")

    [finding] = json.loads(out)[AREA]
    assert status == 1
    assert (finding["subject"], finding["state"], finding["code"]) == ("Cursor", "fault", "refused")
    assert dead["LINKTIME_BASE_URL"] in finding["seen"]
    assert file.name in finding["seen"]


async def test_equal_settings_are_checked_once(sandbox: Sandbox, tmp_path: Path) -> None:
    for name in (".claude.json", ".cursor/mcp.json", ".gemini/settings.json"):
        write(tmp_path, name, entry(**over(sandbox)))

    findings = await examined(tmp_path)

    assert AREA not in findings
    assert len(list(sandbox.requests)) == 1


async def test_entries_are_grouped_by_their_settings(sandbox: Sandbox, tmp_path: Path) -> None:
    write(tmp_path, ".claude.json", entry(**over(sandbox)))
    for name in (".cursor/mcp.json", ".gemini/settings.json"):
        write(tmp_path, name, entry(**over(sandbox, LINKTIME_RATE_LIMIT="many")))

    [finding] = (await examined(tmp_path))[AREA]

    assert states([finding]) == [("Cursor, Gemini CLI", "fault", "invalid")]
    assert "LINKTIME_RATE_LIMIT" in finding.message


async def test_good_settings_are_one_line(sandbox: Sandbox, tmp_path: Path) -> None:
    write(tmp_path, ".claude.json", entry(**over(sandbox)))
    write(tmp_path, ".cursor/mcp.json", entry(**over(sandbox, LINKTIME_READ_ONLY="1")))

    findings = await examined(tmp_path)

    assert states(findings[AREA]) == [("Cursor", "good", "works")]


async def test_entry_is_checked_beside_the_shell(sandbox: Sandbox, tmp_path: Path) -> None:
    write(tmp_path, ".cursor/mcp.json", entry(**over(sandbox, LINKTIME_API_KEY="lt_live_wrong_0000")))

    findings = await examined(tmp_path, **over(sandbox))

    assert states(findings[AREA]) == [("Cursor", "fault", "rejected")]


async def test_entry_that_starts_no_server_is_left_out(sandbox: Sandbox, tmp_path: Path) -> None:
    write(tmp_path, ".claude.json", entry(**over(sandbox)))
    write(tmp_path, ".gemini/settings.json", entry(LINKTIME_BASE_URL=DEAD))

    assert AREA not in await examined(tmp_path)


async def test_number_of_checks_is_bounded(sandbox: Sandbox, tmp_path: Path) -> None:
    projects = {str(n): entry(**over(sandbox, LINKTIME_QUEUE=str(n + 1))) for n in range(_MOST + 3)}
    write(tmp_path, ".claude.json", {"projects": projects})

    findings = (await examined(tmp_path, **over(sandbox)))[AREA]

    assert [each.code for each in findings] == ["works"] * _MOST + ["too_many"]
    assert "3 more" in findings[-1].message
