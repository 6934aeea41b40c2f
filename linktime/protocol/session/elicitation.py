"""Elicitation: the user confirms an irreversible or outward call through the client. A model can't confirm for them."""

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

from ...errors import Failure, InvalidArguments, NeedsUser, NotConfirmed, Rejected, ShuttingDown
from ...message import Request, Send
from ...sanitize import plain
from ...telemetry import hooks
from ...tools import TOOLS, Tool
from ...tools.confirmations import Confirmation, Details
from .calls import Context
from .memory import Memory
from .results import as_object

_PATIENCE: Final = 300.0  # s; a person has to come, read and think
_MOST_OPEN: Final = 256  # questions that wait for a client's next call
_FIRST_VERSION: Final = "2025-06-18"  # of the protocol, with elicitation
_KEY: Final = "confirm"
# Not a boolean, which some clients show as a text field, nor an empty form, which some answer unseen. Many clients
# preselect the first choice, which does no harm.
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


class _Open(NamedTuple):
    """A pending confirmation: digests of the request and of the question's gist, and the time when it expires."""

    about: bytes
    gist: bytes
    until: float


class Elicitation:
    """Asks the user to confirm irreversible and outward calls, all of them or only those to an address of a guest.

    *send* carries the lookups, each within *deadline* seconds. *always* is LINKTIME_CONFIRM. The *memory* has the
    addresses that guests wrote. It is None without LINKTIME_GUARD.

    The user confirms exactly the text of the question. After a yes the details are read again, past the cache. If the
    text would now differ, the user is asked again. If that lookup fails, the yes counts.
    """

    def __init__(
        self,
        send: Send,
        *,
        clock: Callable[[], float],
        deadline: float,
        patience: float = _PATIENCE,
        memory: Memory | None = None,
        always: bool = True,
    ) -> None:
        self._send = send
        self._clock = clock
        self._deadline = deadline
        self._patience = patience
        self._memory = memory
        self._always = always
        self._open: dict[str, _Open] = {}  # by the state that the client brings back, oldest first
        self._asking: set[asyncio.Timeout] = set()  # of the questions in flight
        self._left = False

    async def __call__(
        self, context: Context, tool: Tool, params: mcp_types.CallToolRequestParams
    ) -> mcp_types.InputRequiredResult | None:
        """Return None once the user has confirmed the call, or the question that the client has to ask first.

        Raises NotConfirmed or NeedsUser, or another Failure if the call can't succeed in any case.
        """
        confirmation = tool.confirmation
        if confirmation is None or not (self._always or confirmation.is_outward):
            return None
        request = tool.request(params.arguments)
        source = self._source(confirmation, request)
        if not (source or (self._always and confirmation.needed(request))):
            return None
        if fault := confirmation.fault(request):
            raise InvalidArguments(fault)
        if not _can_ask(context):
            hooks.confirmation("unsupported")
            raise NeedsUser(NEEDS_USER.format(source)) if source else NotConfirmed(CANT_ASK)
        if source:
            confirmation = confirmation.warning(WARNING.format(source))
        if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
            return await self._by_rounds(confirmation, request, params)
        await self._by_request(confirmation, request, context)
        return None

    def remember(self, tool: Tool, data: Any) -> None:
        """Keep the addresses that guests wrote in the answer of *tool*."""
        if self._memory is not None:
            self._memory.read(tool.name, data)

    def _source(self, confirmation: Confirmation, request: Request) -> str:
        """Return the item in which a guest wrote the target of *request*; an empty text if no guest did."""
        if self._memory is None or confirmation.targets is None:
            return ""
        source = self._memory.source_of(confirmation.targets(request))
        return plain(source) if source else ""

    def leave(self) -> None:
        """End the questions in flight, since no answer can come any more, and ask no further questions."""
        self._left = True
        now = asyncio.get_running_loop().time()
        while self._asking:
            if not (limit := self._asking.pop()).expired():
                limit.reschedule(now)

    async def _by_request(self, confirmation: Confirmation, request: Request, context: Context) -> None:
        """Ask by a request to the client, on connections with a handshake."""
        confirmed, details = None, await self._details(confirmation, request)
        while (gist := confirmation.gist(request, details)) != confirmed:
            _check(await self._elicit(context, confirmation.question(request, details)))
            confirmed, details = gist, await self._details(confirmation, request, fresh=True) or details

    async def _elicit(self, context: Context, question: str) -> mcp_types.ElicitResult:
        if self._left:
            raise ShuttingDown(LEAVING)
        hooks.confirmation("asked")
        try:
            async with asyncio.timeout(self._patience) as limit:
                self._asking.add(limit)
                try:
                    return await context.session.elicit_form(question, _FORM, context.request_id)
                finally:
                    self._asking.discard(limit)
        except TimeoutError:
            raise (ShuttingDown(LEAVING) if self._left else NotConfirmed(TOO_LATE)) from None
        except (MCPError, ValidationError):
            raise NotConfirmed(NO_ANSWER) from None

    async def _by_rounds(
        self, confirmation: Confirmation, request: Request, params: mcp_types.CallToolRequestParams
    ) -> mcp_types.InputRequiredResult | None:
        """Ask by a result, after which the client calls again: the way of 2026-07-28."""
        confirmed = self._taken(params.request_state, request)
        if confirmed is not None:
            _check((params.input_responses or {}).get(_KEY))
        details = await self._details(confirmation, request, fresh=confirmed is not None)
        gist = _digest(confirmation.gist(request, details))
        if confirmed is not None and (not details or gist == confirmed):
            return None
        hooks.confirmation("asked")
        question = confirmation.question(request, details)
        form = mcp_types.ElicitRequestFormParams(message=question, requested_schema=_FORM)
        return mcp_types.InputRequiredResult(
            input_requests={_KEY: mcp_types.ElicitRequest(params=form)}, request_state=self._opened(request, gist)
        )

    def _opened(self, request: Request, gist: bytes) -> str:
        """Keep a pending confirmation for the client's next call. Return its unguessable name."""
        now = self._clock()
        self._open = {state: pending for state, pending in self._open.items() if now < pending.until}
        if len(self._open) == _MOST_OPEN:
            del self._open[next(iter(self._open))]
        state = token_urlsafe()
        self._open[state] = _Open(_about(request), gist, now + self._patience)
        return state

    def _taken(self, state: str | None, request: Request) -> bytes | None:
        """Remove a pending confirmation and return its gist; None if it is missing, late or another call's."""
        pending = self._open.pop(state or "", None)
        valid = pending and pending.about == _about(request) and self._clock() < pending.until
        return pending.gist if pending and valid else None

    async def _details(self, confirmation: Confirmation, request: Request, *, fresh: bool = False) -> Details:
        """Return the details of the data that would be lost; empty if they can't be read.

        Raises Rejected if the data does not exist, or if the request has nothing left to do.
        """
        if not confirmation.lookup:
            return {}
        lookup = TOOLS[confirmation.lookup].request(confirmation.arguments(request))
        lookup = replace(lookup.fresh() if fresh else lookup, deadline=self._clock() + self._deadline)
        details = await self._read(lookup)
        if (done := confirmation.done(details)) and not fresh:  # an answer from the cache may be out of date
            return await self._details(confirmation, request, fresh=True)
        if done:
            raise Rejected("conflict", done, status=409)
        return details

    async def _read(self, lookup: Request) -> dict[str, Any]:
        try:
            data = (await self._send(lookup)).data
        except ShuttingDown:
            raise
        except Failure as failure:
            if isinstance(failure, Rejected) and failure.status == 404:
                raise
            return {}
        return {} if data is None else as_object(data)


def _about(request: Request) -> bytes:
    return _digest(request.method, request.template, request.ident, request.query, request.body)


def _digest(*parts: object) -> bytes:
    """Return a fixed-size digest of *parts*."""
    return sha256(repr(parts).encode()).digest()


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
