"""Fixtures with content or requests that LinkTime does not have: images, sounds, sampling, roots and other forms."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import mcp_types as types
from mcp.shared.exceptions import MCPError

from linktime.protocol.session.refusals import unknown_state
from linktime.protocol.session.sdk_server import Context, Handler

Answer = Callable[[Context, Any], Awaitable[Any]]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


_HEADER: Final = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
_PIXEL: Final = _chunk(b"IHDR", _HEADER) + _chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + _chunk(b"IEND", b"")
PNG: Final = base64.b64encode(b"\x89PNG\r\n\x1a\n" + _PIXEL).decode()
WAV: Final = base64.b64encode(
    b"RIFF" + struct.pack("<I4s4sIHHIIHH4sI", 36, b"WAVE", b"fmt ", 16, 1, 1, 8000, 8000, 1, 8, b"data", 0)
).decode()
_ANY_OBJECT: Final[dict[str, Any]] = {"type": "object", "properties": {}}
_STRING: Final = {"type": "string"}


@dataclass(frozen=True)
class Extra:
    """A fixture: its *answer*, and for the list its *schema* of arguments or its arguments."""

    answer: Answer
    schema: Mapping[str, Any] = field(default_factory=lambda: _ANY_OBJECT)
    arguments: tuple[str, ...] = ()


def text(words: str) -> types.TextContent:
    return types.TextContent(type="text", text=words)


def image() -> types.ImageContent:
    return types.ImageContent(type="image", data=PNG, mime_type="image/png")


def embedded(uri: str, mime: str, words: str) -> types.EmbeddedResource:
    content = types.TextResourceContents(uri=uri, mime_type=mime, text=words)
    return types.EmbeddedResource(type="resource", resource=content)


def form(message: str, **properties: Any) -> types.ElicitRequest:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return types.ElicitRequest(params=types.ElicitRequestFormParams(message=message, requested_schema=schema))


def sampling(words: str) -> types.CreateMessageRequest:
    message = types.SamplingMessage(role="user", content=text(words))
    return types.CreateMessageRequest(params=types.CreateMessageRequestParams(messages=[message], max_tokens=100))


def holding(*content: Any) -> Answer:
    """Return an answer with fixed content."""

    async def answer(_: Context, __: Any) -> Any:
        return types.CallToolResult(content=[*content])

    return answer


def messages(*content: Callable[[Mapping[str, str]], Any]) -> Answer:
    """Return a prompt with one message for each content, made from the arguments."""

    async def answer(_: Context, params: Any) -> Any:
        made = [types.PromptMessage(role="user", content=each(params.arguments or {})) for each in content]
        return types.GetPromptResult(messages=made)

    return answer


def asking(request: Callable[[Any], Any], result: type[Any]) -> Answer:
    """Return a tool that sends the client one *request*, the way of connections with a handshake."""

    async def answer(context: Context, params: Any) -> Any:
        reply = await context.session.send_request(request(params.arguments or {}), result)
        return types.CallToolResult(content=[text(reply.model_dump_json(by_alias=True, exclude_none=True))])

    return answer


def rounds(*steps: Mapping[str, Any], done: Callable[[], Any], keep_state: bool = False) -> Answer:
    """Return an answer after some rounds of input, the way of 2026-07-28. Each step has its requests by key."""

    async def answer(context: Context, params: Any) -> Any:
        place = _place(params.request_state, len(steps))
        if _covers(params.input_responses or {}, steps[place]):
            place += 1
        if place == len(steps):
            return done()
        asked = {key: each for key, each in steps[place].items() if _supported(context, each)}
        state = f"round-{place}" if keep_state else None
        return types.InputRequiredResult(input_requests=asked, request_state=state)

    return answer


def _place(state: str | None, count: int) -> int:
    known = {f"round-{place}": place for place in range(count)}
    if state is not None and state not in known:
        raise unknown_state()
    return known[state] if state else 0


def _covers(responses: Mapping[str, Any], requests: Mapping[str, Any]) -> bool:
    return all(getattr(responses.get(key), "action", "accept") == "accept" for key in requests) and bool(
        requests.keys() <= responses.keys()
    )


def _supported(context: Context, request: Any) -> bool:
    declared = context.session.client_capabilities
    names = {"elicitation/create": "elicitation", "sampling/createMessage": "sampling", "roots/list": "roots"}
    return declared is not None and getattr(declared, names[request.method]) is not None


async def missing_sampling(context: Context, _: Any) -> Any:
    """Refuse a client that does not declare sampling."""
    declared = context.session.client_capabilities
    if declared is not None and declared.sampling is not None:
        return types.CallToolResult(content=[text("The client can sample.")])
    required = types.ClientCapabilities(sampling=types.SamplingCapability())
    data = types.MissingRequiredClientCapabilityErrorData(required_capabilities=required)
    dumped = data.model_dump(by_alias=True, mode="json", exclude_none=True)
    raise MCPError(types.MISSING_REQUIRED_CLIENT_CAPABILITY, "The client cannot sample.", dumped)


def completed(words: str) -> Callable[[], Any]:
    return lambda: types.CallToolResult(content=[text(words)])


def prompted(words: str) -> Callable[[], Any]:
    message = types.PromptMessage(role="user", content=text(words))
    return lambda: types.GetPromptResult(messages=[message])


async def binary(_: Context, params: Any) -> Any:
    content = types.BlobResourceContents(uri=params.uri, mime_type="image/png", blob=PNG)
    return types.ReadResourceResult(contents=[content])


_CHOICES: Final = [{"const": f"value{number}", "title": f"Choice {number}"} for number in (1, 2, 3)]
_OPTIONS: Final = ["option1", "option2", "option3"]
_DEFAULTS: Final = {
    "name": {"type": "string", "default": "John Doe"},
    "age": {"type": "integer", "default": 30},
    "score": {"type": "number", "default": 95.5},
    "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    "verified": {"type": "boolean", "default": True},
}
_ENUMS: Final = {
    "untitledSingle": {"type": "string", "enum": _OPTIONS},
    "titledSingle": {"type": "string", "oneOf": _CHOICES},
    "legacyEnum": {"type": "string", "enum": ["opt1", "opt2"], "enumNames": ["Option One", "Option Two"]},
    "untitledMulti": {"type": "array", "items": {"type": "string", "enum": _OPTIONS}},
    "titledMulti": {"type": "array", "items": {"anyOf": _CHOICES}},
}
_NAME: Final = {"user_name": form("What is your name?", name=_STRING)}
_CAPITAL: Final = {"capital_question": sampling("What is the capital of France?")}
_ROOTS: Final[dict[str, Any]] = {"client_roots": types.ListRootsRequest()}
_SCHEMA_2020_12: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {"address": {"$anchor": "addressDef", "type": "object", "properties": {"city": _STRING}}},
    "properties": {"address": {"$ref": "#/$defs/address"}, "phone": _STRING, "email": _STRING},
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"required": ["address"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}

EXTRA_TOOLS: Final = {
    "test_image_content": Extra(holding(image())),
    "test_audio_content": Extra(holding(types.AudioContent(type="audio", data=WAV, mime_type="audio/wav"))),
    "test_embedded_resource": Extra(holding(embedded("test://embedded-resource", "text/plain", "Embedded."))),
    "test_multiple_content_types": Extra(
        holding(text("Several:"), image(), embedded("test://mixed-content-resource", "application/json", "{}"))
    ),
    "json_schema_2020_12_tool": Extra(holding(text("Valid.")), _SCHEMA_2020_12),
    "test_sampling": Extra(
        asking(lambda arguments: sampling(arguments.get("prompt", "")), types.CreateMessageResult),
        {"type": "object", "properties": {"prompt": _STRING}},
    ),
    "test_elicitation_sep1034_defaults": Extra(asking(lambda _: form("Defaults", **_DEFAULTS), types.ElicitResult)),
    "test_elicitation_sep1330_enums": Extra(asking(lambda _: form("Choices", **_ENUMS), types.ElicitResult)),
    "test_missing_capability": Extra(missing_sampling),
    "test_input_required_result_elicitation": Extra(rounds(_NAME, done=completed("Hello!"))),
    "test_input_required_result_sampling": Extra(rounds(_CAPITAL, done=completed("Paris."))),
    "test_input_required_result_list_roots": Extra(rounds(_ROOTS, done=completed("Roots."))),
    "test_input_required_result_multiple_inputs": Extra(
        rounds({**_NAME, **_CAPITAL, **_ROOTS}, done=completed("All."), keep_state=True)
    ),
    "test_input_required_result_multi_round": Extra(
        rounds(_NAME, {"color": form("Color?", color=_STRING)}, done=completed("Both."), keep_state=True)
    ),
    "test_input_required_result_capabilities": Extra(rounds({**_NAME, **_CAPITAL}, done=completed("Both."))),
}
EXTRA_PROMPTS: Final = {
    "test_prompt_with_image": Extra(messages(lambda _: image(), lambda _: text("Describe it."))),
    "test_prompt_with_embedded_resource": Extra(
        messages(lambda given: embedded(given["resourceUri"], "text/plain", "Text."), lambda _: text("Use it.")),
        arguments=("resourceUri",),
    ),
    "test_input_required_result_prompt": Extra(
        rounds({"user_context": form("Which context?", context=_STRING)}, done=prompted("Context."))
    ),
}
EXTRA_RESOURCES: Final = {"test://static-binary": Extra(binary)}


def extended(handler: Handler, kind: str, extras: Mapping[str, Extra]) -> Handler:
    """Return *handler* of a list, with the *extras* at the end."""
    made: dict[str, Callable[[str, Extra], Any]] = {
        "tools": lambda name, extra: types.Tool(name=name, description=name, input_schema=dict(extra.schema)),
        "prompts": lambda name, extra: types.Prompt(
            name=name, description=name, arguments=[types.PromptArgument(name=each) for each in extra.arguments]
        ),
        "resources": lambda name, _: types.Resource(uri=name, name=name, description=name, mime_type="image/png"),
    }

    async def handle(context: Context, params: Any) -> Any:
        listed = await handler(context, params)
        return listed.model_copy(
            update={kind: [*getattr(listed, kind), *(made[kind](*each) for each in extras.items())]}
        )

    return handle
