"""Elicitation: the user confirms an irreversible or outward call through the client. A model can't confirm it.

It is one file, because both ways to ask share the form, the texts and the checks of an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

import mcp_types
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from ...errors import InvalidArguments, NeedsUser, NotConfirmed, ShuttingDown
from ...message import Request
from ...sanitize import plain
from ...telemetry import hooks
from ...tools import Tool
from ...tools.confirmation import Confirmation
from ...tools.guest_text import GuestText
from .losses import Losses
from .memory import Memory
from .pending import PendingQuestions, digest
from .refusals import missing_forms
from .sdk_server import Context
from .upstream import Upstream

_PATIENCE: Final = 300.0  # s; a person has to come, read and think
_FIRST_VERSION: Final = "2025-06-18"  # of the protocol, with elicitation
_KEY: Final = "confirm"
# Some clients show a boolean as a text field, and some answer an empty form without the user. Many preselect the first
# choice, so that is the harmless one.
_FORM: Final = {
    "type": "object",
    "properties": {"answer": {"type": "string", "title": "Do it?", "enum": ["no", "yes"]}},
    "required": ["answer"],
}
CANT_ASK: Final = (
    "LINKTIME_CONFIRM requires the user's confirmation, and this client cannot ask for it. Nothing was sent. The user "
    "can do this in LinkTime, or change that setting in the configuration of the MCP client."
)
NEEDS_USER: Final = (
    "a guest wrote the target of this call, in {}. Only the user can approve it, and this client cannot ask. Nothing "
    "was sent. Do not call again. Report this to the user, who can do it in LinkTime."
)
WARNING: Final = "A guest wrote this address, in {}. Answer no unless you know it."
NO: Final = {
    "accept": "the user's answer was not yes. Nothing was sent.",
    "decline": "the user declined. Nothing was sent. Do not call again unless the user asks for it.",
    "cancel": "the user dismissed the question. Nothing was sent.",
}
NO_ANSWER: Final = "the client returned no valid answer of the user. Nothing was sent."
TOO_LATE: Final = f"the user did not answer within {_PATIENCE / 60:.0f} minutes. Nothing was sent."
LEAVING: Final = "the server is shutting down, and the user had not answered. Nothing was sent."


class Elicitation:
    """Asks the user to confirm calls. *upstream* carries the lookups.

    With *always*, which is LINKTIME_CONFIRM, this asks before every call with a confirmation. Otherwise it asks only
    before a call to an address that a guest wrote. The *memory* has these addresses. It is None without LINKTIME_GUARD.

    The user confirms exactly the text of the question. After a yes the details are read again, past the cache. If the
    text would now differ, the user is asked again. If that lookup fails, the yes counts.

    The state of a question, which ends after *patience* seconds:

    | | a connection with a handshake | 2026-07-28 |
    | --- | --- | --- |
    | not asked | no entry | no entry |
    | asked | the call waits, with a limit in `_in_flight` | the call has ended, with an entry in `_pending` |
    | confirmed | the call goes on | the client's next call takes the entry and goes on |
    | after `leave` | NotConfirmed becomes ShuttingDown | the entry stays, and no call comes |
    """

    def __init__(
        self, upstream: Upstream, *, patience: float = _PATIENCE, memory: Memory | None = None, always: bool = True
    ) -> None:
        self._upstream = upstream
        self._memory = memory
        self._always = always
        self._patience = patience  # s
        self._losses = Losses(upstream, self.remember)
        # 2026-07-28: the questions that wait for the client's next call
        self._pending = PendingQuestions(upstream.clock, patience)
        # with a handshake: the time limits of the questions in flight, and whether the server is shutting down
        self._in_flight: set[asyncio.Timeout] = set()
        self._is_leaving = False

    async def __call__(
        self, context: Context, tool: Tool, params: mcp_types.CallToolRequestParams
    ) -> mcp_types.InputRequiredResult | None:
        """Return None once the user has confirmed the call, or the question that the client has to ask first.

        Raises:
            NotConfirmed: The user did not agree, or could not be asked.
            NeedsUser: A guest wrote the target, and the user could not be asked.
            MCPError: On 2026-07-28, the client can't ask, or the request state is not of this call.
            Failure: The call can't succeed in any case.
        """
        # 1. No question: the call loses nothing, or goes to no address of a guest.
        # 2. No question is possible: the request can't be shown whole, or the client can't ask.
        # 3. A client of 2026-07-28 gets the question as a result and calls again.
        # 4. Any other client gets the question as a request.
        confirmation = tool.confirmation
        if confirmation is None or not (self._always or confirmation.is_outward):
            return None
        request = tool.request(params.arguments)
        source = self._source(confirmation, request)
        if not source and not (self._always and confirmation.needed(request)):
            return None
        if fault := confirmation.fault(request):
            raise InvalidArguments(fault)
        if not _can_ask(context):
            hooks.confirmation("unsupported")
            failure = NeedsUser(NEEDS_USER.format(source)) if source else NotConfirmed(CANT_ASK)
            raise missing_forms(failure) if context.protocol_version in MODERN_PROTOCOL_VERSIONS else failure
        if source:
            confirmation = confirmation.warning(WARNING.format(source))
        if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
            return await self._by_rounds(confirmation, request, params)
        await self._by_request(confirmation, request, context)
        return None

    def remember(self, texts: Iterable[GuestText]) -> None:
        """Keep the addresses in the *texts* of guests."""
        if self._memory is not None:
            self._memory.read(texts)

    def _source(self, confirmation: Confirmation, request: Request) -> str:
        """Return the item in which a guest wrote the target of *request*. Return an empty text if no guest did."""
        if self._memory is None or confirmation.targets is None:
            return ""
        source = self._memory.source_of(confirmation.targets(request))
        return plain(source) if source else ""

    def leave(self) -> None:
        """End the questions in flight, since no answer can come any more, and ask no further questions."""
        self._is_leaving = True
        now = asyncio.get_running_loop().time()
        while self._in_flight:
            if not (limit := self._in_flight.pop()).expired():
                limit.reschedule(now)

    async def _by_request(self, confirmation: Confirmation, request: Request, context: Context) -> None:
        """Ask by a request to the client, on connections with a handshake."""
        # The loop ends once the user has confirmed the text that the latest details give.
        confirmed, details = None, await self._losses(confirmation, request)
        while (gist := confirmation.gist(request, details)) != confirmed:
            _check(await self._elicit(context, confirmation.question(request, details)))
            confirmed, details = gist, await self._losses(confirmation, request, fresh=True) or details

    async def _elicit(self, context: Context, question: str) -> mcp_types.ElicitResult:
        if self._is_leaving:
            raise ShuttingDown(LEAVING)
        hooks.confirmation("asked")
        try:
            async with asyncio.timeout(self._patience) as limit:
                self._in_flight.add(limit)
                try:
                    return await context.session.elicit_form(question, _FORM, context.request_id)
                finally:
                    self._in_flight.discard(limit)
        except TimeoutError:
            raise (ShuttingDown(LEAVING) if self._is_leaving else NotConfirmed(TOO_LATE)) from None
        except (MCPError, ValidationError):
            raise NotConfirmed(NO_ANSWER) from None

    async def _by_rounds(
        self, confirmation: Confirmation, request: Request, params: mcp_types.CallToolRequestParams
    ) -> mcp_types.InputRequiredResult | None:
        """Ask by a result, after which the client calls again: the way of 2026-07-28."""
        confirmed = self._pending.take(params.request_state, request) if params.request_state else None
        if confirmed is not None:
            _check((params.input_responses or {}).get(_KEY))
        details = await self._losses(confirmation, request, fresh=confirmed is not None)
        gist = confirmation.gist(request, details)
        # If the second lookup fails, the text can't be compared, and the user's yes counts.
        unread = bool(confirmation.lookup) and not details
        if confirmed is not None and (unread or digest(gist) == confirmed):
            return None
        hooks.confirmation("asked")
        question = confirmation.question(request, details)
        form = mcp_types.ElicitRequestFormParams(message=question, requested_schema=_FORM)
        return mcp_types.InputRequiredResult(
            input_requests={_KEY: mcp_types.ElicitRequest(params=form)}, request_state=self._pending.add(request, gist)
        )


def _can_ask(context: Context) -> bool:
    """Return whether the client shows forms. A client that declares no mode does, since there was only one at first."""
    declared = context.session.client_capabilities
    asks = declared.elicitation if declared else None
    knows_forms = asks is not None and (asks.form is not None or asks.url is None)
    return knows_forms and context.protocol_version >= _FIRST_VERSION


def _check(answer: object) -> None:
    """Raise NotConfirmed unless the user chose yes."""
    match answer:
        case mcp_types.ElicitResult(action="accept", content={"answer": "yes"}):
            hooks.confirmation("confirmed")
        case mcp_types.ElicitResult(action=action):
            hooks.confirmation("declined")
            raise NotConfirmed(NO[action])
        case _:
            raise NotConfirmed(NO_ANSWER)
