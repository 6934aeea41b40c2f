"""The table "What others send us" of CONTRIBUTING.md names files that exist, and every client in our tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from linktime.protocol.session.arguments import ADDITIONS

ROOT = Path(__file__).parent.parent
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
HEADER = "| what comes | from | what the server does | where, and its test |\n| --- | --- | --- | --- |\n"
TABLE = CONTRIBUTING.split(HEADER)[1].split("\n\n")[0]
ROWS = [[cell.strip() for cell in row[1:-1].split(" | ")] for row in TABLE.splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_row_names_existing_files_and_a_test(row: list[str]) -> None:
    files = re.findall(r"`([\w./]+\.py)`", row[-1])
    places = [ROOT / "tests" / name if name.startswith("test_") else ROOT / "linktime" / name for name in files]

    assert len(row) == 4
    assert [place for place in places if not place.is_file()] == []
    assert any(name.startswith("test_") for name in files)


def test_every_client_that_adds_arguments_is_named() -> None:
    assert {source.partition(":")[0] for source in ADDITIONS.values()} <= set(
        re.findall(r"Gemini CLI|Cline|n8n|CrewAI", TABLE)
    )
