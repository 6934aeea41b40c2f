"""Sessions whose user confirms irreversible changes, and the services behind them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import ElicitResult, ErrorData, TextContent

from linktime.message import Reply, Request, Send
from linktime.protocol.session import Session
from linktime.protocol.session.elicitation import Elicitation
from linktime.tools import TOOLS
from tests.support.sdk_client import connected
from tests.support.sessions import upstream_of

ERAS = ["legacy", "auto", "2026-07-28"]
BOUND = 10.0  # s
YES: Final = ElicitResult(action="accept", content={"answer": "yes"})
QUOTED: Final = re.compile("“(.*?)”")
HOOK: Final = {"id": "w1", "name": "CRM", "url": "https://crm.example/in"}

each_era = pytest.mark.parametrize("mode", ERAS)
User = Callable[[Any, Any], Awaitable[ElicitResult]]


def answering(*answers: ElicitResult, questions: list[str] | None = None) -> User:
    """Return a user who gives *answers* in turn and repeats the last one. *questions* receives the questions."""
    left = list(answers)

    async def answer(_: Any, params: Any) -> ElicitResult:
        if questions is not None:
            questions.append(params.message)
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


class Service:
    """A `Send` that gives *answers* to reads in turn and repeats the last one. It records the writes."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.lookups = 0
        self.writes: list[Request] = []

    async def __call__(self, request: Request) -> Reply:
        """Answer, or raise an answer that is an exception."""
        if not request.is_read:
            self.writes.append(request)
            return Reply(200, {"success": True})
        self.lookups += 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return Reply(200, answer)


def session(send: Send, *, clock: Callable[[], float] = lambda: 1000.0, patience: float = 300.0) -> Session:
    linktime = upstream_of(send, clock=clock)
    return Session(linktime, TOOLS, confirm=Elicitation(linktime, patience=patience))


async def call(
    under_test: Session, mode: str, user: User | None, tool: str = "delete_webhook", **arguments: Any
) -> Any:
    options = {"mode": mode, "elicitation_callback": user}
    async with asyncio.timeout(BOUND), connected(under_test.server, **options) as client:
        return await client.call_tool(tool, arguments or {"webhookId": "w1"})


async def refusal(under_test: Session, mode: str, user: User | None) -> ErrorData:
    """Return the error of the protocol that answers `delete_webhook`."""
    options = {"mode": mode, "elicitation_callback": user}
    async with asyncio.timeout(BOUND), connected(under_test.server, **options) as client:
        with pytest.raises(MCPError) as refused:
            await client.call_tool("delete_webhook", {"webhookId": "w1"})
    return refused.value.error


def text(result: Any) -> str:
    [block] = result.content
    assert isinstance(block, TextContent)
    return block.text
