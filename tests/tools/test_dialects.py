"""The tool list on the wire against the rules by which clients refuse one."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.support.client_rules import RULES, Rule, parts
from tests.support.process import Child

OPEN: Final = ["create_workflow.actions[].config"]  # its fields depend on the action and are not documented


@pytest.fixture
async def listed(server: Child) -> list[dict[str, Any]]:
    """Return the tools of the real program."""
    tools: list[dict[str, Any]] = (await server.result(server.ask("tools/list")))["tools"]
    return tools


async def test_tool_list_breaks_no_client_rule_but_one_open_object(listed: list[dict[str, Any]]) -> None:
    assert len(listed) == 32
    broken = {rule.name: faults for rule in RULES if (faults := list(rule.faults(listed)))}
    assert broken == {"OpenAI's strict mode wants closed objects": OPEN}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rule_finds_its_bad_example(rule: Rule) -> None:
    assert list(rule.faults(rule.bad))


def test_every_part_of_a_schema_is_visited() -> None:
    schema = {"properties": {"a": {"items": {"anyOf": [{"type": "null"}]}}}}

    assert [place for place, _ in parts(schema)] == ["", ".a", ".a[]", ".a[]|"]
