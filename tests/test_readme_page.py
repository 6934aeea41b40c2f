"""The page itself: its length, links, buttons, badges, tables and promises."""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from base64 import b64decode
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest

from linktime import __version__
from linktime.commands.clients import CLIENTS
from tests.support.process import child, environ
from tests.support.programs import run

ROOT: Final = Path(__file__).parent.parent
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING: Final = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PAGES: Final = (*ROOT.glob("*.md"), *(ROOT / "dashboards").glob("*.md"))
HERE: Final = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
LONGEST: Final = 250  # lines of the README
CODE: Final = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def snippet(client: str) -> Any:
    return json.loads(re.findall(rf"\*\*{client}\*\*.*?```json\n(.*?)```", README, re.MULTILINE | re.DOTALL)[0])


def link(client: str) -> tuple[str, dict[str, str]]:
    """Return the URL of a link without its query, and the query."""
    [url] = re.findall(rf"^\[{client}\]: (\S+)$", README, re.MULTILINE)
    assert f"][{client}]" in README
    return url.partition("?")[0], dict(parse_qsl(urlsplit(url).query, strict_parsing=True))


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", CODE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def targets(page: Path) -> list[str]:
    """Return the places inside this project to which a page links, or from which it takes a picture."""
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    places = re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"", text)
    return [place for pair in places if not (place := "".join(pair)).startswith(("https://", "http://"))]


def rows(header: str) -> list[list[str]]:
    table = README.split(f"{header}\n", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in row[1:-1].split(" | ")] for row in table.splitlines()[1:]]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    for target in targets(page):
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page

        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


def test_readme_is_short() -> None:
    assert len(README.splitlines()) <= LONGEST


def test_contents_have_every_section() -> None:
    [contents] = re.findall(r"^\*\*Contents:\*\*(.*?)\n\n", README, re.MULTILINE | re.DOTALL)
    sections = re.findall(r"^## (.+)$", README, re.MULTILINE)

    assert re.findall(r"\(#([\w-]+)\)", contents) == [
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in sections
    ]


def test_badges_are_true() -> None:
    badges = re.findall(r"!\[([^]]+)\]\(https://img\.shields\.io/badge/(\w+)-", README)
    oldest = PROJECT["requires-python"].removeprefix(">=")

    assert badges[:2] == [(f"Python {oldest} or newer", "python"), (PROJECT["license"], "license")]
    assert {kind for _, kind in badges[2:]} == {"Add_to"}


def test_every_client_has_a_row_with_its_command_and_log() -> None:
    listed = rows("| client | in a shell | one click, after step 2 | its log of the server |")

    assert [(title, command) for title, command, *_ in listed] == [
        (client.title, f"`linktime-mcp install {name}`") for name, client in CLIENTS.items()
    ]
    assert all(log for *_, log in listed)


def test_measured_numbers_are_those_of_contributing() -> None:
    for _, measured, _ in rows("| it … | measured | by |"):
        assert [each for each in re.findall(r"\d[\d,.]*\d|\d\d", measured) if each not in CONTRIBUTING] == []


def test_questions_are_those_of_the_demo() -> None:
    questions = re.findall(r"^- \*(.+)\*$", README.split("## What can I ask?", 1)[1].split("\n## ", 1)[0], re.MULTILINE)
    scenes = (ROOT / "linktime" / "commands" / "demo" / "conversations.py").read_text(encoding="utf-8")

    assert len(questions) == 8
    assert [each for each in questions if each not in scenes] == []


@pytest.mark.posix  # runs a shell
async def test_file_gets_the_log_of_any_client(tmp_path: Path) -> None:
    [args] = re.findall(r"`(\[\"-c\".*?\])`", README)

    async with child("sh", *json.loads(args), PATH=HERE, HOME=str(tmp_path), LINKTIME_API_KEY="lt_live_x") as server:
        assert (await server.greet())["serverInfo"]["version"] == __version__
        assert await server.close() == 0

    assert "LinkTime MCP server running" in (tmp_path / "linktime.log").read_text(encoding="utf-8")


async def test_sandbox_listens_on_the_address_in_the_readme() -> None:
    _, out = await run("linktime-mcp", "sandbox", "--help", env=environ(PATH=HERE))
    host, port, *_ = re.findall(r"\(default:\s+([\w.]+)\)", out)

    assert f"`http://{host}:{port}`" in README


def test_cursor_link_adds_the_snippet() -> None:
    place, query = link("cursor")
    [(name, server)] = snippet("Cursor")["mcpServers"].items()

    assert place == "https://cursor.com/en/install-mcp"
    assert query | {"config": json.loads(b64decode(query["config"], validate=True))} == {"name": name, "config": server}


def test_vs_code_link_adds_the_snippet() -> None:
    place, query = link("vscode")
    config = snippet("VS Code")
    [(name, server)] = config["servers"].items()

    assert place == "https://insiders.vscode.dev/redirect/mcp/install"
    assert query["name"] == name
    assert {key: json.loads(value) for key, value in query.items() if key != "name"} == {
        "inputs": config["inputs"],
        "config": server,
    }
