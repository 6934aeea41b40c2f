"""The server span of each message. It replaces the span of the MCP SDK."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from .hooks import Operation
from .instruments import Value
from .recorder import Telemetry
from .redaction import redacted, shown_id, shown_request_id

_OTHER: Final = "_OTHER"  # an unknown method; its text is the client's
_CLIENT_MISTAKES: Final = {-32700, -32600, -32601, -32602, -32002}
_PROPAGATOR: Final = TraceContextTextMapPropagator()


@dataclass(frozen=True, slots=True)
class Middleware:
    """A middleware of the MCP SDK's server. It records a span and a measurement for every message.

    *code* returns the protocol's error code of an exception. Spans have only known names, because a client's own words
    are private: *methods*, *tools* and their arguments, *prompts*, and the template and the id of a *resource*.
    """

    telemetry: Telemetry
    code: Callable[[BaseException], int | None] = lambda _: None
    methods: Collection[str] = ()
    tools: Mapping[str, Collection[str]] = field(default_factory=dict)
    prompts: Collection[str] = ()
    resource: Callable[[str], tuple[str, str] | None] = lambda _: None

    async def __call__(self, ctx: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
        """Handle one message, whose context *ctx* is the MCP SDK's, under its span."""
        operation = self._operation(ctx)
        token = attach(operation.context())
        try:
            return await call_next(ctx)
        except BaseException as error:
            self._fail(operation, error)
            raise
        finally:
            detach(token)
            operation.end()

    def _operation(self, ctx: Any) -> Operation:
        method = ctx.method if ctx.method in self.methods else _OTHER
        self.telemetry.session["mcp.protocol.version"] = ctx.protocol_version
        attributes: dict[str, Value] = {"mcp.method.name": method, **self.telemetry.session}
        if ctx.request_id is not None:
            attributes["jsonrpc.request.id"] = shown_request_id(str(ctx.request_id))
        target = self._target(method, ctx.params or {}, attributes)
        # A malformed parent counts as none: https://modelcontextprotocol.io/seps/414-request-meta
        carrier = {name: value for name in _PROPAGATOR.fields if isinstance(value := (ctx.meta or {}).get(name), str)}
        parent = _PROPAGATOR.extract(carrier, Context())
        return Operation(self.telemetry, f"{method} {target}".rstrip(), parent, attributes)

    def _target(self, method: str, params: Mapping[str, Any], attributes: dict[str, Value]) -> str:
        """Describe what the message is about in *attributes*. Return its name, or ""."""
        if method == "tools/call":
            attributes["gen_ai.operation.name"] = "execute_tool"
        match method, params:
            case "tools/call", {"name": str(tool)} if tool in self.tools:
                attributes["gen_ai.tool.name"] = tool
                arguments = params.get("arguments")
                if self.telemetry.arguments and isinstance(arguments, Mapping):
                    attributes["gen_ai.tool.call.arguments"] = redacted(arguments, self.tools[tool])
                return tool
            case "prompts/get", {"name": str(prompt)} if prompt in self.prompts:
                attributes["gen_ai.prompt.name"] = prompt
                return prompt
            case "resources/read", {"uri": str(uri)} if match := self.resource(uri):
                attributes["mcp.resource.uri"] = match[0].replace("{id}", shown_id(match[1]))
        return ""

    def _fail(self, operation: Operation, error: BaseException) -> None:
        if isinstance(error, CancelledError):  # by the client, or at the end of the session
            operation.attributes["linktime.outcome"] = "cancelled"
            return
        if (code := self.code(error)) is not None:
            operation.attributes["rpc.response.status_code"] = str(code)
        if code not in _CLIENT_MISTAKES:
            operation.attributes["error.type"] = type(error).__qualname__ if code is None else str(code)
