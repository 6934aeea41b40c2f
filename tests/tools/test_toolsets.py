"""The offered tools with LINKTIME_TOOLSETS and LINKTIME_READ_ONLY."""

from __future__ import annotations

import pytest

from linktime.config import Settings
from linktime.errors import ConfigError
from linktime.sandbox import Sandbox
from linktime.tools import DOMAINS, TOOLS, switched_off
from tests.support.process import child


def test_every_domain_is_a_toolset_and_named_in_the_error() -> None:
    for domain in DOMAINS:
        assert Settings.from_environ({"LINKTIME_TOOLSETS": domain}).toolsets == (domain,)

    with pytest.raises(ConfigError) as caught:
        Settings.from_environ({"LINKTIME_TOOLSETS": "meetings,calendar"})

    [line] = caught.value.faults
    assert line.startswith("LINKTIME_TOOLSETS: ")
    assert ", ".join(sorted({"all", *DOMAINS})) in line


@pytest.mark.parametrize("toolsets", [("all",), ("meetings", "all"), tuple(DOMAINS)])
def test_all_toolsets_hide_no_tool(toolsets: tuple[str, ...]) -> None:
    assert switched_off(toolsets, read_only=False) == {}


def test_read_only_wins_over_every_toolset() -> None:
    off = switched_off(("contacts",), read_only=True)

    assert set(TOOLS) - set(off) == {"list_contacts", "get_contact"}
    assert (off["create_contact"], off["get_me"]) == ("LINKTIME_READ_ONLY", "LINKTIME_TOOLSETS")


async def test_hidden_tool_is_not_listed_and_its_call_has_a_reason(sandbox: Sandbox) -> None:
    settings = {"LINKTIME_TOOLSETS": "Scheduling, contacts", "LINKTIME_READ_ONLY": "1"}
    async with child(LINKTIME_BASE_URL=sandbox.url, LINKTIME_API_KEY=sandbox.key, **settings) as server:
        await server.greet()
        listed = await server.result(server.ask("tools/list"))
        changing = await server.result(server.call("create_contact", name="Ada"))
        other = await server.result(server.call("get_me"))
        prompts = await server.result(server.ask("prompts/list"))
        unknown = await server.answer(server.call("create_contract"))

    assert [tool["name"] for tool in listed["tools"]] == [
        "list_event_types",
        "check_availability",
        "list_contacts",
        "get_contact",
    ]
    assert changing["isError"]
    assert changing["content"][0]["text"].startswith("switched_off: LINKTIME_READ_ONLY ")
    assert other["content"][0]["text"].startswith("switched_off: LINKTIME_TOOLSETS ")
    assert [prompt["name"] for prompt in prompts["prompts"]] == ["about_person"]
    assert unknown["error"]["code"] == -32602
    assert not sandbox.requests
