"""The server span of each message, in the place of the SDK's own."""

from __future__ import annotations

import re
from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from .instruments import OPERATION
from .record import Here, Telemetry, here
from .redaction import redacted, shown_id, shown_request_id
from .span import Place, Span, Value

_CALL: Final = "tools/call"
_OTHER: Final = "_OTHER"  # a method that the client made up; its text goes nowhere
_CLIENT_MISTAKES: Final = {-32700, -32600, -32601, -32602, -32002}
_LONGEST_STATE: Final = 512  # characters that a tracestate should not exceed
_TRACEPARENT: Final = re.compile(  # versions after 00 may have further fields
    r"(?!ff|00.{54}.)[0-9a-f]{2}-(?P<trace>(?!0{32})[0-9a-f]{32})-(?P<span>(?!0{16})[0-9a-f]{16})"
    r"-(?P<flags>[0-9a-f]{2})(-.*)?"
)


class Message(Protocol):
    """What is read of the SDK's context of a message."""

    @property
    def method(self) -> str: ...  # noqa: D102
    @property
    def params(self) -> Mapping[str, Any] | None: ...  # noqa: D102
    @property
    def meta(self) -> Mapping[str, Any] | None: ...  # noqa: D102
    @property
    def request_id(self) -> str | int | None: ...  # noqa: D102
    @property
    def protocol_version(self) -> str: ...  # noqa: D102


M = TypeVar("M", bound=Message)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Names:
    """What may be named, since a client's own words never are: *tools* come with the names of their arguments.

    *resource* finds the template that an address belongs to, and the id in it.
    """

    methods: Collection[str]
    tools: Mapping[str, Collection[str]] = field(default_factory=dict)
    prompts: Collection[str] = ()
    resource: Callable[[str], tuple[str, str] | None] = lambda _: None


class Messages:
    """A middleware of the SDK's server: a span and a measurement for every message.

    *names* are those that are told. *code* finds the protocol's code in an exception.
    """

    def __init__(self, telemetry: Telemetry, names: Names, code: Callable[[BaseException], int | None]) -> None:
        self._telemetry = telemetry
        self._names = names
        self._code = code

    async def __call__(self, ctx: M, call_next: Callable[[M], Awaitable[R]]) -> R:
        """Handle one message under its span."""
        span = self._begin(ctx)
        token = here.set(Here(self._telemetry, span))
        try:
            return await call_next(ctx)
        except BaseException as error:
            self._fail(span, error)
            raise
        finally:
            here.reset(token)
            self._telemetry.emit(span)
            self._telemetry.measure(OPERATION, span.seconds, span.attributes, span)

    def _begin(self, message: Message) -> Span:
        method = message.method if message.method in self._names.methods else _OTHER
        self._telemetry.session["mcp.protocol.version"] = message.protocol_version
        attributes: dict[str, Value] = {"mcp.method.name": method, **self._telemetry.session}
        if message.request_id is not None:
            attributes["jsonrpc.request.id"] = shown_request_id(str(message.request_id))
        name = self._describe(method, message.params or {}, attributes)
        return self._telemetry.begin(name, "server", _parent(message.meta), attributes)

    def _describe(self, method: str, params: Mapping[str, Any], attributes: dict[str, Value]) -> str:
        match method, params:
            case "tools/call", _:
                return self._describe_call(params, attributes)
            case "prompts/get", {"name": str(prompt)} if prompt in self._names.prompts:
                attributes["gen_ai.prompt.name"] = prompt
                return f"{method} {prompt}"
            case "resources/read", {"uri": str(uri)} if found := self._names.resource(uri):
                template, ident = found
                attributes["mcp.resource.uri"] = template.replace("{id}", shown_id(ident))
        return method

    def _describe_call(self, params: Mapping[str, Any], attributes: dict[str, Value]) -> str:
        attributes["gen_ai.operation.name"] = "execute_tool"
        tool, arguments = params.get("name"), params.get("arguments")
        if not isinstance(tool, str) or tool not in self._names.tools:
            return _CALL
        attributes["gen_ai.tool.name"] = tool
        if self._telemetry.arguments and isinstance(arguments, Mapping):
            attributes["gen_ai.tool.call.arguments"] = redacted(arguments, self._names.tools[tool])
        return f"{_CALL} {tool}"

    def _fail(self, span: Span, error: BaseException) -> None:
        if isinstance(error, CancelledError):  # the client's wish, or the end of the session
            span.attributes["linktime.outcome"] = "cancelled"
            return
        code = self._code(error)
        if code is not None:
            span.attributes["rpc.response.status_code"] = str(code)
        if code not in _CLIENT_MISTAKES:
            span.fail(type(error).__qualname__ if code is None else str(code))


def _parent(meta: Mapping[str, Any] | None) -> Place | None:
    """Read the place in the client's trace; what is malformed counts as none.

    https://modelcontextprotocol.io/seps/414-request-meta and https://www.w3.org/TR/trace-context/
    """
    told = meta.get("traceparent") if meta else None
    found = _TRACEPARENT.fullmatch(told) if isinstance(told, str) else None
    if meta is None or found is None:
        return None
    state = meta.get("tracestate")
    return Place(
        int(found["trace"], 16),
        int(found["span"], 16),
        sampled=bool(int(found["flags"], 16) & 1),
        remote=True,
        state=state if isinstance(state, str) and len(state) <= _LONGEST_STATE else "",
    )
