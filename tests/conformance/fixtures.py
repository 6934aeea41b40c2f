"""The fixtures that the conformance suite asks for by name.

As many as possible are ordinary tools, prompts and resources, so that the suite tests the code that serves LinkTime:
the list of tools, the check of arguments, results, failures, progress, confirmations, prompts, resources, completions.
Only content that LinkTime does not have comes from the handlers in `extras.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any, Final, TypedDict

import mcp_types
from mcp_types.methods import SPEC_CLIENT_METHODS
from typing_extensions import Doc

from linktime.errors import Rejected
from linktime.message import Notes, Reply, Request, get, post
from linktime.pipeline.outcome.verification import Verification
from linktime.protocol.prompts import Argument, Prompt
from linktime.protocol.resources import Resource
from linktime.protocol.session import Upstream
from linktime.protocol.session.completions import Completions
from linktime.protocol.session.elicitation import Elicitation
from linktime.protocol.session.lookups import Lookups
from linktime.protocol.session.middleware import name_fields
from linktime.protocol.session.prompts import Prompts
from linktime.protocol.session.refusals import on_one_page
from linktime.protocol.session.resources import Resources
from linktime.protocol.session.sdk_server import Handler, Server
from linktime.protocol.session.skills import Skills
from linktime.protocol.session.tools import Tools
from linktime.telemetry import Middleware, Telemetry
from linktime.tools import TOOLS, Tool
from linktime.tools._tool import read, write
from linktime.tools.confirmation import Confirmation
from tests.conformance.extras import EXTRA_PROMPTS, EXTRA_RESOURCES, EXTRA_TOOLS, extended
from tests.support.sessions import upstream_of

_REPORTS: Final = 4  # of progress, before the slow answer
_TICK: Final = 0.02  # s between reports
_LONGEST: Final = 10.0  # s; for a call without reports


class Text(TypedDict, total=False):
    """An answer with a text."""

    text: Any


_CONFIRMED: Final = Confirmation("", lambda request, _: f"Please confirm {request.body!r}.")


def _asks(title: str) -> Callable[[Callable[..., Request]], Tool]:
    """Declare a tool that asks the user first."""
    return write(
        title,
        returns=Text,
        destructive=True,
        idempotent=True,
        verification=Verification((), "Nothing is written."),
        confirmation=_CONFIRMED,
    )


@read("Simple text", returns=Text)
def test_simple_text() -> Request:
    """Return a simple text."""
    return get("/text")


@read("Failure", returns=Text)
def test_error_handling() -> Request:
    """Fail."""
    return get("/error")


@read("Progress", returns=Text)
def test_tool_with_progress() -> Request:
    """Wait for budget, with reports."""
    return get("/slow")


@read("Logging", returns=Text)
def test_logging_tool() -> Request:
    """Log nothing to the client."""
    return get("/text")


@_asks("Question")
def test_elicitation(message: Annotated[str, Doc("The question.")]) -> Request:
    """Ask the user."""
    return post("/ask", message=message)


@_asks("State")
def test_input_required_result_request_state() -> Request:
    """Ask the user with a request state."""
    return post("/ask")


@_asks("Tampered state")
def test_input_required_result_tampered_state() -> Request:
    """Ask the user with a request state that the client will change."""
    return post("/ask")


@_asks("Question on a stream")
def test_streaming_elicitation() -> Request:
    """Ask the user without a request of the server."""
    return post("/ask")


@read("Content of a template", returns=Text)
def test_data(id: Annotated[str, Doc("The id.")]) -> Request:  # noqa: A002 - the name in the template
    """Return the data with an id."""
    return get("/data/{id}", id)


FIXTURES: Final = {
    tool.name: tool
    for tool in (
        test_simple_text,
        test_error_handling,
        test_tool_with_progress,
        test_logging_tool,
        test_elicitation,
        test_input_required_result_request_state,
        test_input_required_result_tampered_state,
        test_streaming_elicitation,
        test_data,
    )
}
PROMPTS: Final = {
    prompt.name: prompt
    for prompt in (
        Prompt("test_simple_prompt", "Simple", "A simple prompt.", "Always.", "Do it.", (), (), (), "End."),
        Prompt(
            "test_prompt_with_arguments",
            "Arguments",
            "A prompt with arguments.",
            "Always.",
            "Do it.",
            (Argument("arg1", "First."), Argument("arg2", "Second.")),
            (),
            (),
            "End.",
        ),
    )
}
RESOURCES: Final = [
    Resource("test://static-text", "static-text", "Text", "A text.", "test_simple_text"),
    Resource("test://template/{id}/data", "data", "Data", "Data with an id.", "test_data", lambda ident: {"id": ident}),
]


class Service:
    """A `Send` whose slow answer comes after some reports of progress, and not after some time."""

    def __init__(self) -> None:
        self._reports = 0
        self._enough = asyncio.Event()

    async def sleep(self, _: float) -> None:
        """Wait until the next report."""
        await asyncio.sleep(_TICK)
        self._reports += 1
        if self._reports > _REPORTS:
            self._enough.set()

    async def __call__(self, request: Request) -> Reply:
        """Answer, or raise."""
        if request.template == "/slow":
            with suppress(TimeoutError):
                async with asyncio.timeout(_LONGEST):
                    await self._enough.wait()
        return answer(request)


def answer(request: Request) -> Reply:
    """Answer as the service."""
    match request.template:
        case "/error":
            raise Rejected("validation_error", "this tool always fails.", status=400)
        case "/data/{id}":
            return Reply(200, {"id": request.ident, "text": f"Data for {request.ident}"}, Notes(cache="miss"))
    return Reply(200, {"text": "This is a simple text."}, Notes(cache="miss"))


def server() -> tuple[Server, Elicitation]:
    """Return the server with all fixtures, and the part that asks its user."""
    service = Service()
    upstream: Upstream = upstream_of(service, sleep=service.sleep, eta=lambda _: 1.0, cache_ttl=30.0)
    confirm, lookups = Elicitation(upstream), Lookups(upstream)
    tools = Tools(upstream, FIXTURES, {}, confirm)
    prompts, skills = Prompts(FIXTURES, lookups), Skills(TOOLS)
    prompts.offered |= PROMPTS
    resources = Resources(FIXTURES, tools, lookups, skills, cache_ttl=upstream.cache_ttl)
    resources.offered += RESOURCES
    handlers: dict[str, Handler] = {
        "tools/list": on_one_page(extended(tools.list, "tools", EXTRA_TOOLS)),
        "tools/call": _first(EXTRA_TOOLS, "name", tools.call),
        "prompts/list": on_one_page(extended(prompts.list, "prompts", EXTRA_PROMPTS)),
        "prompts/get": _first(EXTRA_PROMPTS, "name", prompts.get),
        "resources/list": on_one_page(extended(resources.list, "resources", EXTRA_RESOURCES)),
        "resources/templates/list": on_one_page(resources.templates),
        "resources/read": _first(EXTRA_RESOURCES, "uri", resources.read),
        "skills/list": on_one_page(skills.list),
        "skills/get": skills.get,
        "completion/complete": Completions(FIXTURES, prompts, resources, lookups),
    }
    traced = Middleware(Telemetry(), lambda _: None, SPEC_CLIENT_METHODS, {}, {}, lambda _: None)
    info = mcp_types.Implementation(name="linktime-fixtures", title="Fixtures", version="1")
    return Server(info, "Fixtures of the conformance suite.", handlers, [traced, name_fields]), confirm


def _first(extras: Any, field: str, otherwise: Handler) -> Handler:
    """Return a handler that prefers the *extras* by the *field* of its params."""

    async def handle(context: Any, params: Any) -> Any:
        extra = extras.get(getattr(params, field))
        return await extra.answer(context, params) if extra else await otherwise(context, params)

    return handle
