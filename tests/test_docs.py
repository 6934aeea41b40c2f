from __future__ import annotations

import json
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from linktime.config import Settings
from linktime.pipeline.local.annotate import localized
from linktime.protocol.prompts import PROMPTS
from linktime.protocol.resources import RESOURCES
from linktime.tools import DOMAINS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = README + (ROOT / "dashboards" / "REFERENCE.md").read_text(encoding="utf-8")
TITLES = {"event_types": "Event management"}


def rows(header: str) -> list[list[str]]:
    table = PAGES.split(f"{header}\n", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in row[1:-1].split(" | ")] for row in table.splitlines()[1:]]


def test_readme_lists_every_tool_under_its_domain() -> None:
    listed = {domain: re.findall(r"`(\w+)`", tools) for domain, tools in rows("| domain | tools |")}

    assert listed == {
        TITLES.get(domain, domain.capitalize()): [tool.name for tool in tools] for domain, tools in DOMAINS.items()
    }


def test_readme_has_every_prompt_and_resource() -> None:
    assert rows("| prompt | takes | purpose |") == [
        [
            f"`{prompt.name}`",
            ", ".join(f"`{each.name}`" if each.required else f"(`{each.name}`)" for each in prompt.arguments),
            prompt.description,
        ]
        for prompt in PROMPTS.values()
    ]
    assert [each.uri for each in RESOURCES if f"`{each.uri}`" not in PAGES] == []


def test_readme_has_a_row_for_every_setting() -> None:
    listed = rows("| variable | default | meaning |")

    assert listed == [
        [f"`{field.alias}`", "" if field.default is None else f"`{_as_text(field.default)}`", field.description]
        for field in Settings.model_fields.values()
    ]


def test_readme_shows_the_times_of_an_answer() -> None:
    documented = {
        field.strip("`"): time.strip("`")
        for field, time in rows("| field | of a meeting in New York, with a guest in London |")
    }
    meeting = {"startTime": documented["startTime"], "inviteeTimezone": "Europe/London"}

    assert localized(meeting, ZoneInfo("America/New_York")) == meeting | documented


def _as_text(default: object) -> str:
    match default:
        case bool():
            return str(int(default))
        case tuple():
            return ",".join(default)
        case _:
            return str(default)


@pytest.mark.parametrize("snippet", re.findall(r"```json\n(.*?)```", README, re.DOTALL))
def test_every_client_snippet_starts_the_program_with_the_key(snippet: str) -> None:
    config = json.loads(snippet)
    servers = config.get("mcpServers") or config["servers"]
    references = {f"${{input:{entry['id']}}}" for entry in config.get("inputs", [])}

    assert servers["linktime"]["command"] == "linktime-mcp"
    assert servers["linktime"]["env"]["LINKTIME_API_KEY"] in {"lt_live_..."} | references
