"""Asks the user before what can't be undone, in the way of the client's protocol; a model can't say yes for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any, Final, NamedTuple

import mcp_types
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from ..errors import Failure, InvalidArguments, NotConfirmed, Rejected, ShuttingDown
from ..loss import Loss
from ..message import Request, Send
from ..telemetry import hooks
from ..tools import TOOLS, Tool
from .calls import Context
from .results import as_object

_PATIENCE: Final = 300.0  # s; a person has to come, read and think
_MOST_OPEN: Final = 256  # questions that wait for a client's next call
_FIRST_VERSION: Final = "2025-06-18"  # that knows elicitation
_KEY: Final = "confirm"
# Not a boolean, which some clients show as a text field, nor an empty form, which some answer unseen. The first choice
# is selected beforehand in many; it does no harm.
_FORM: Final = {
    "type": "object",
    "properties": {"answer": {"type": "string", "title": "Do it?", "enum": ["no", "yes"]}},
    "required": ["answer"],
}
_CANT_ASK: Final = (
    "LINKTIME_CONFIRM asks the user before this, and this client can't ask; nothing was sent. Only the user can do it, "
    "in LinkTime itself, or change that setting in the configuration of the MCP client."
)
_NO: Final = {
    "accept": "the user's answer was not yes; nothing was sent.",
    "decline": "the user declined; nothing was sent. Don't call again unless the user asks for it.",
    "cancel": "the user left the question without an answer; nothing was sent.",
}
_NO_ANSWER: Final = "the client gave no answer of the user that can be read; nothing was sent."
_TOO_LATE: Final = f"the user gave no answer within {_PATIENCE / 60:.0f} minutes; nothing was sent."
_LEAVING: Final = "the server is leaving and the user had not answered; nothing was sent."


class _Open(NamedTuple):
    """A question that a client took away: seals of what it is about and of its gist, and how long an answer counts."""

    about: bytes
    gist: bytes
    until: float


class Confirm:
    """Has the user say yes to the loss in a call; *send* looks up what it is, in *deadline* seconds at most.

    The yes is for the question as the user read it: after it we look again, past the cache, and where the question
    would read otherwise by now, it is asked again. If that look fails, the yes stands.
    """

    def __init__(self, send: Send, *, clock: Callable[[], float], deadline: float, patience: float = _PATIENCE) -> None:
        self._send = send
        self._clock = clock
        self._deadline = deadline
        self._patience = patience
        self._open: dict[str, _Open] = {}
        self._asking: set[asyncio.Timeout] = set()
        self._left = False

    async def __call__(
        self, context: Context, tool: Tool, params: mcp_types.CallToolRequestParams
    ) -> mcp_types.InputRequiredResult | None:
        """Return once the user has said yes, or what the client has to ask before it calls again.

        Raises NotConfirmed, or why the call can't succeed whatever the user says.
        """
        if tool.loss is None:
            return None
        request = tool.request(params.arguments)
        if fault := tool.loss.fault(request):
            raise InvalidArguments(fault)
        if not _can_ask(context):
            hooks.confirmation("unsupported")
            raise NotConfirmed(_CANT_ASK)
        if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
            return await self._by_rounds(tool.loss, request, params)
        await self._by_elicitation(tool.loss, request, context)
        return None

    def leave(self) -> None:
        """End the questions that wait, since no answer can come any more, and ask nothing from now on."""
        self._left = True
        now = asyncio.get_running_loop().time()
        while self._asking:
            if not (limit := self._asking.pop()).expired():
                limit.reschedule(now)

    async def _by_elicitation(self, loss: Loss, request: Request, context: Context) -> None:
        asked, found = None, await self._look(loss, request)
        while (gist := loss.gist(request, found)) != asked:
            _heed(await self._elicit(context, loss.told(request, found)))
            asked, found = gist, await self._look(loss, request, fresh=True) or found

    async def _elicit(self, context: Context, question: str) -> mcp_types.ElicitResult:
        if self._left:
            raise ShuttingDown(_LEAVING)
        hooks.confirmation("asked")
        try:
            async with asyncio.timeout(self._patience) as limit:
                self._asking.add(limit)
                try:
                    return await context.session.elicit_form(question, _FORM, context.request_id)
                finally:
                    self._asking.discard(limit)
        except TimeoutError:
            raise (ShuttingDown(_LEAVING) if self._left else NotConfirmed(_TOO_LATE)) from None
        except (MCPError, ValidationError):
            raise NotConfirmed(_NO_ANSWER) from None

    async def _by_rounds(
        self, loss: Loss, request: Request, params: mcp_types.CallToolRequestParams
    ) -> mcp_types.InputRequiredResult | None:
        asked = self._taken(params.request_state, request)
        if asked is not None:
            _heed((params.input_responses or {}).get(_KEY))
        found = await self._look(loss, request, fresh=asked is not None)
        gist = _sealed(loss.gist(request, found))
        if asked is not None and (not found or gist == asked):
            return None
        hooks.confirmation("asked")
        form = mcp_types.ElicitRequestFormParams(message=loss.told(request, found), requested_schema=_FORM)
        return mcp_types.InputRequiredResult(
            input_requests={_KEY: mcp_types.ElicitRequest(params=form)}, request_state=self._opened(request, gist)
        )

    def _opened(self, request: Request, gist: bytes) -> str:
        """Keep a question for the client's next call; nobody can guess the name that it gets."""
        now = self._clock()
        self._open = {state: kept for state, kept in self._open.items() if now < kept.until}
        if len(self._open) == _MOST_OPEN:
            del self._open[next(iter(self._open))]
        state = token_urlsafe()
        self._open[state] = _Open(_about(request), gist, now + self._patience)
        return state

    def _taken(self, state: str | None, request: Request) -> bytes | None:
        """Take the gist of what was kept as *state*; None if it is not there, too old or another call's."""
        kept = self._open.pop(state or "", None)
        return kept.gist if kept and kept.about == _about(request) and self._clock() < kept.until else None

    async def _look(self, loss: Loss, request: Request, *, fresh: bool = False) -> dict[str, Any]:
        """Look what will be lost; what can't be read is empty, what isn't there is the answer."""
        look = TOOLS[loss.look].request(loss.arguments(request))
        look = replace(look.fresh() if fresh else look, deadline=self._clock() + self._deadline)
        try:
            found = (await self._send(look)).data
        except ShuttingDown:
            raise
        except Failure as failure:
            if isinstance(failure, Rejected) and failure.status == 404:
                raise
            return {}
        return {} if found is None else as_object(found)


def _about(request: Request) -> bytes:
    return _sealed(request.method, request.template, request.ident, request.query, request.body)


def _sealed(*parts: object) -> bytes:
    """Make of *parts* what tells them from all others, and takes no room."""
    return sha256(repr(parts).encode()).digest()


def _can_ask(context: Context) -> bool:
    """Whether the client shows forms; one that declares no mode does, since there was only one at first."""
    declared = context.session.client_capabilities
    asks = declared.elicitation if declared else None
    knows_forms = asks is not None and (asks.form is not None or asks.url is None)
    return knows_forms and context.protocol_version >= _FIRST_VERSION


def _heed(answer: object) -> None:
    """Go on if the user said yes in so many words."""
    match answer:
        case mcp_types.ElicitResult(action="accept", content={"answer": "yes"}):
            hooks.confirmation("confirmed")
        case mcp_types.ElicitResult(action=action):
            hooks.confirmation("declined")
            raise NotConfirmed(_NO[action])
        case _:
            raise NotConfirmed(_NO_ANSWER)
