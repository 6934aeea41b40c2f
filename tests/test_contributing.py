"""The tables of CONTRIBUTING.md name files that exist, every client that adds arguments, and every endpoint."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from linktime.protocol.session.arguments import ADDITIONS
from linktime.tools import TOOLS
from tests.support.tool_requests import REQUESTS

ROOT = Path(__file__).parent.parent
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
HEADER = "| what comes | from | what the server does | where, and its test |\n| --- | --- | --- | --- |\n"
TABLE = CONTRIBUTING.split(HEADER)[1].split("\n\n")[0]
ROWS = [[cell.strip() for cell in row[1:-1].split(" | ")] for row in TABLE.splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_row_names_existing_files_and_a_test(row: list[str]) -> None:
    files = re.findall(r"`([\w./]+\.py)`", row[-1])
    tests = {path.name for path in (ROOT / "tests").rglob("test_*.py")}

    assert len(row) == 4
    assert [name for name in files if not (name in tests or (ROOT / "linktime" / name).is_file())] == []
    assert any(name.startswith("test_") for name in files)


def test_every_client_that_adds_arguments_is_named() -> None:
    assert {source.partition(":")[0] for source in ADDITIONS.values()} <= set(
        re.findall(r"Gemini CLI|Cline|n8n|CrewAI", TABLE)
    )


def test_every_endpoint_is_named_beside_its_tool() -> None:
    rows = [row.split(" | ") for row in CONTRIBUTING.splitlines() if re.match(r"\| `(GET|POST|PUT|PATCH|DELETE) ", row)]
    named = [(set(re.findall(r"`([A-Z]+ /\S+)`", row[0])), set(re.findall(r"`(\w+)`", row[1]))) for row in rows]

    for expected in REQUESTS:
        tool = TOOLS[expected.tool]
        request = tool.request(expected.arguments)
        assert any(
            f"{request.method} {request.template}" in endpoints and tool.name in tools for endpoints, tools in named
        )
    assert {name for _, tools in named for name in tools} == set(TOOLS)


def test_quick_round_is_a_part_of_the_whole_one() -> None:
    quick, whole = ((ROOT / ".ci" / name).read_text(encoding="utf-8").splitlines() for name in ("check", "run"))
    commands = quick[quick.index("") + 1 :]

    assert [command for command in commands[:-1] if command not in map(str.strip, whole)] == []
    assert commands[-1] == 'pytest -m "not slow"'


def test_recipes_name_existing_tests() -> None:
    recipes = CONTRIBUTING.split("## To add a parameter\n", 1)[1].split("\n## ", 1)[0]
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))

    named = re.findall(r"`(test_\w+)`", recipes)
    assert len(named) == 3
    assert [name for name in named if f"def {name}(" not in tests] == []
