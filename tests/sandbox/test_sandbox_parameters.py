"""The sandbox knows each parameter and field that a tool sends, and refuses every other query parameter."""

from __future__ import annotations

from tests.support.sandbox_client import visitor
from tests.support.tool_requests import REQUESTS

REFUSED = (400, "validation_error")


async def test_each_query_parameter_of_a_tool_is_known() -> None:
    async with visitor() as maya:
        answers = [
            (each.tool, await maya.ask(each.method, each.path, params=each.query)) for each in REQUESTS if each.query
        ]

    assert [(tool, answer.data) for tool, answer in answers if answer.status == 400] == []


async def test_each_body_field_of_a_tool_is_read() -> None:
    # The sandbox drops a field that it does not know. A value of a wrong type shows that it reads the field.
    unread = []
    async with visitor() as maya:
        for each in REQUESTS:
            for name in each.body or {}:
                answer = await maya.ask(each.method, each.path, {**(each.body or {}), name: {"wrong": "type"}})
                if answer.status != 400 or name not in answer.data["error"]["message"]:
                    unread.append((each.tool, name, answer.status))

    assert unread == [], "add the field to the readers of this route in linktime/sandbox"


async def test_unknown_query_parameter_is_refused_by_each_route() -> None:
    async with visitor() as maya:
        for each in REQUESTS:
            answer = await maya.ask(each.method, each.path, each.body, params={**each.query, "unheard": "1"})

            assert answer.error == REFUSED, each.tool
            assert "unheard" in answer.data["error"]["message"]
