"""The server span of each message, in the place of the SDK's own."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Final, Protocol, TypeVar

from opentelemetry.context import Context
from opentelemetry.trace import get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from .instruments import OPERATION
from .record import Here, Telemetry, here
from .redaction import redacted, shown_id
from .span import Place, Span, Value

_CALL: Final = "tools/call"
_OTHER: Final = "_OTHER"  # a method that the client made up; its text goes nowhere
_CLIENT_MISTAKES: Final = {-32700, -32600, -32601, -32602, -32002}
_LONGEST_STATE: Final = 512  # characters that a tracestate should not exceed
_W3C: Final = TraceContextTextMapPropagator()


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


class Messages:
    """A middleware of the SDK's server: a span and a measurement for every message.

    Only the names of *methods* and *tools* are told, never a client's own; each of *tools* comes with the names of its
    arguments, which are told with *arguments*. *code* finds the protocol's code in an exception.
    """

    def __init__(
        self,
        telemetry: Telemetry,
        methods: Collection[str],
        tools: Mapping[str, Collection[str]],
        code: Callable[[BaseException], int | None],
        *,
        arguments: bool = False,
    ) -> None:
        self._telemetry = telemetry
        self._methods = methods
        self._tools = tools
        self._code = code
        self._arguments = arguments

    async def __call__(self, message: M, call_next: Callable[[M], Awaitable[R]]) -> R:
        """Handle the message under its span."""
        span = self._begin(message)
        token = here.set(Here(self._telemetry, span))
        try:
            return await call_next(message)
        except BaseException as error:
            self._fail(span, error)
            raise
        finally:
            here.reset(token)
            self._telemetry.emit(span)
            self._telemetry.measure(OPERATION, span.seconds, span.attributes, span)

    def _begin(self, message: Message) -> Span:
        method = message.method if message.method in self._methods else _OTHER
        self._telemetry.session["mcp.protocol.version"] = message.protocol_version
        attributes: dict[str, Value] = {"mcp.method.name": method, **self._telemetry.session}
        if message.request_id is not None:
            attributes["jsonrpc.request.id"] = shown_id(str(message.request_id))
        name = method
        if method == _CALL:
            name = self._describe(message.params or {}, attributes)
        return self._telemetry.begin(name, "server", _parent(message.meta), attributes)

    def _describe(self, params: Mapping[str, Any], attributes: dict[str, Value]) -> str:
        attributes["gen_ai.operation.name"] = "execute_tool"
        tool, arguments = params.get("name"), params.get("arguments")
        if not isinstance(tool, str) or tool not in self._tools:
            return _CALL
        attributes["gen_ai.tool.name"] = tool
        if self._arguments and isinstance(arguments, Mapping):
            attributes["gen_ai.tool.call.arguments"] = redacted(arguments, self._tools[tool])
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

    https://modelcontextprotocol.io/seps/414-request-meta
    """
    told = {name: meta[name] for name in ("traceparent", "tracestate") if meta and isinstance(meta.get(name), str)}
    if "traceparent" not in told:
        return None
    place = get_current_span(_W3C.extract(told, Context())).get_span_context()
    if not place.is_valid:
        return None
    state = place.trace_state.to_header()
    return Place(
        place.trace_id,
        place.span_id,
        place.trace_flags.sampled,
        remote=True,
        state=state if len(state) <= _LONGEST_STATE else "",
    )
