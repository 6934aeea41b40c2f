"""Arguments that clients add to calls by themselves, through the real program."""

from __future__ import annotations

from typing import Any

import pytest

from linktime.protocol.session.arguments import ADDITIONS, ENVELOPE, received
from linktime.sandbox import Sandbox
from linktime.tools import TOOLS
from tests.support.process import Child, child
from tests.support.sandbox_client import paths, visiting

IGNORED = "linktime/ignored"
NAMES = [*ADDITIONS, "_auth_auth_type", "_meta"]


async def called(server: Child, tool: str, **arguments: Any) -> dict[str, Any]:
    return await server.result(server.call(tool, **arguments))


def refused(result: dict[str, Any]) -> str:
    """Return the text of a result with the word invalid_arguments."""
    text: str = result["content"][0]["text"]
    assert result["isError"]
    assert text.startswith("invalid_arguments: ")
    return text


async def test_additions_are_set_aside_and_named(server: Child, sandbox: Sandbox) -> None:
    tools = ["get_me", "list_bookings"]
    results = {(tool, name): await called(server, tool, **{name: True}) for tool in tools for name in NAMES}

    assert [call for call, result in results.items() if result.get("isError")] == []
    assert [call for call, result in results.items() if result["_meta"][IGNORED] != [call[1]]] == []
    assert set(paths(sandbox)) == {"GET /me", "GET /bookings", "GET /settings"}


async def test_additions_reach_no_request(server: Child, sandbox: Sandbox) -> None:
    added = {"toolCallId": "call_1", "sessionId": "s", "chatInput": "hello", "action": "sendMessage"}
    contact = {"name": "Ada", "email": "ada@example.com"}

    result = await called(server, "create_contact", **contact, **added)

    async with visiting(sandbox) as visitor:
        [stored] = (await visitor.get("/contacts?search=ada@example.com"))["data"]
    assert result["_meta"][IGNORED] == list(added)
    assert stored["name"] == "Ada"
    assert not added.keys() & stored.keys()


async def test_call_without_additions_names_none(server: Child) -> None:
    assert IGNORED not in (await called(server, "list_bookings", limit=3))["_meta"]


async def test_refused_call_names_its_additions(server: Child) -> None:
    result = await called(server, "get_booking", task_progress="- [x] a")

    assert "bookingId" in refused(result)
    assert result["_meta"][IGNORED] == ["task_progress"]


async def test_tool_without_arguments_ignores_all(server: Child) -> None:
    tools = [name for name, tool in TOOLS.items() if not tool.input_schema["properties"]]
    results = {tool: await called(server, tool, random_string="x", limit=3) for tool in tools}

    assert [tool for tool, result in results.items() if result.get("isError")] == []
    assert {tuple(result["_meta"][IGNORED]) for result in results.values()} == {("random_string", "limit")}


async def test_names_of_additions_are_bounded(server: Child) -> None:
    result = await called(server, "get_me", **{"x" * 99: 1}, **{f"a{number}": 1 for number in range(40)})

    assert len(result["_meta"][IGNORED]) == 16
    assert max(map(len, result["_meta"][IGNORED])) == 64


def test_names_of_additions_are_valid_text() -> None:
    assert received({"\udfff": 1}, []) == ({}, ("?",))


def fault_of(name: str, refusal: str) -> str:
    """Return the part of a refusal that is about the argument *name*, without the name."""
    return refusal.partition(f"{name}: ")[2].partition(";")[0]


async def test_other_unknown_arguments_are_refused(server: Child, sandbox: Sandbox) -> None:
    hints = {"limits": "limit", "_limit": "limit", "__from": "from", "statuses": "status"}
    mistakes = {name: refused(await called(server, "list_bookings", **{name: 3})) for name in hints}
    others = {name: refused(await called(server, "list_bookings", **{name: "x"})) for name in ("order", "session_id")}

    assert [name for name, hint in hints.items() if hint not in fault_of(name, mistakes[name])] == []
    assert [name for name, text in others.items() if "from, to" not in fault_of(name, text)] == []
    assert paths(sandbox) == []


async def test_valid_json_in_an_envelope_is_opened(server: Child) -> None:
    raw = '{"limit": 3, "page": 1}'
    for envelope in ({"raw": raw, "len": len(raw)}, raw):
        result = await called(server, "list_bookings", **{ENVELOPE: envelope})

        assert len(result["structuredContent"]["data"]) == 3


async def test_invalid_json_in_an_envelope_is_named_as_such(server: Child, sandbox: Sandbox) -> None:
    broken = [{"raw": text} for text in ('{"limit": 3', "", "limit=3", "[" * 5000, "[]", "null")]
    for envelope in (*broken, {"raw": {"limit": 3}}, {}, None):
        text = refused(await called(server, "list_bookings", **{ENVELOPE: envelope}))

        assert "JSON" in text
        assert ENVELOPE not in text
    assert paths(sandbox) == []


async def test_mistake_inside_an_envelope_is_refused(server: Child) -> None:
    result = await called(server, "list_bookings", **{ENVELOPE: {"raw": '{"limits": 3}'}})

    assert "did you mean limit?" in refused(result)


async def test_envelope_without_a_key_is_unauthorized() -> None:
    async with child() as server:
        await server.greet()
        result = await called(server, "list_bookings", **{ENVELOPE: {"raw": "{"}})

    assert result["content"][0]["text"].startswith("unauthorized: ")


def test_no_tool_has_an_argument_that_clients_add() -> None:
    known = {argument for tool in TOOLS.values() for argument in tool.input_schema["properties"]}

    assert not known & {*ADDITIONS, ENVELOPE}
    assert all("https://" in source for source in ADDITIONS.values())


BLANK: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("list_bookings", {}, {"from": "", "to": "", "status": "", "page": "", "limit": ""}),
    ("list_bookings", {}, {"from": " ", "status": "\u200b"}),
    ("list_conversations", {}, {"channel": "", "from": ""}),
    ("list_call_history", {}, {"status": ""}),
    ("list_contacts", {}, {"search": ""}),
    ("list_availability_overrides", {}, {"from": "", "to": ""}),
    ("create_webhook", {"url": "https://x.example/in", "events": ["booking.created"]}, {"name": ""}),
    ("create_contact", {"name": "Ada", "email": "ada@example.com"}, {"phone": "", "company": "", "notes": ""}),
    ("update_settings", {"bufferBefore": 5}, {"timezone": "", "focusTimeEnabled": "", "focusTimeBlocks": ""}),
    ("create_availability_override", {"date": "2027-03-10"}, {"startTime": "", "endTime": "", "reason": ""}),
]


async def test_blank_text_counts_as_not_given(server: Child) -> None:
    results = [await called(server, tool, **arguments, **blank) for tool, arguments, blank in BLANK]

    assert [result for result in results if result.get("isError")] == []
    for tool, arguments, blank in BLANK:
        assert TOOLS[tool].request(arguments | blank) == TOOLS[tool].request(arguments)


def test_blank_zone_of_slots_counts_as_not_given() -> None:
    slots = {"eventTypeSlug": "intro-call", "from": "2027-03-01", "to": "2027-03-02"}

    assert TOOLS["check_availability"].request(slots | {"timezone": ""}) == TOOLS["check_availability"].request(slots)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("update_contact", {"contactId": "c1", "phone": "", "company": "", "notes": ""}),
        ("update_event_type", {"eventTypeId": "e1", "description": ""}),
    ],
)
def test_empty_text_clears_a_field_in_an_update(tool: str, arguments: dict[str, Any]) -> None:
    body = TOOLS[tool].request(arguments).body

    assert body is not None
    assert body.count(b'""') == len(arguments) - 1


async def test_unknown_tool_suggests_no_other_verb(server: Child) -> None:
    hints = {
        "list_booking": "list_bookings",
        "list-bookings": "list_bookings",
        "List_Bookings": "list_bookings",
        "udpate_contact": "update_contact",
        "create_contract": "create_contact",
        **dict.fromkeys(["delete_workflow", "update_workflow", "remove_contact", "delete_booking", "update_booking"]),
    }
    errors = {name: (await server.answer(server.call(name)))["error"] for name in hints}

    assert {error["code"] for error in errors.values()} == {-32602}
    assert {name: error["message"].partition("Did you mean ")[2] for name, error in errors.items()} == {
        name: f"{hint}?" if hint else "" for name, hint in hints.items()
    }
