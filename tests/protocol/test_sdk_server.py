"""The replacement of the SDK's server beside the SDK's own."""

from __future__ import annotations

import ast
import inspect
from types import SimpleNamespace
from typing import Any

import pytest
from mcp.server import runner
from mcp.server.lowlevel import Server as TheirServer
from mcp_types import Implementation
from mcp_types.methods import CACHEABLE_METHODS

from linktime.protocol.session.sdk_server import RunnerServer, Server

HANDLERS = {
    "tools/list": "on_list_tools",
    "tools/call": "on_call_tool",
    "prompts/list": "on_list_prompts",
    "prompts/get": "on_get_prompt",
    "resources/list": "on_list_resources",
    "resources/templates/list": "on_list_resource_templates",
    "resources/read": "on_read_resource",
    "completion/complete": "on_completion",
}
METHODS = [*HANDLERS, "ping", "server/discover", "logging/setLevel"]
OFFERS = [[], ["tools/list"], ["prompts/list", "completion/complete"], ["resources/list"], [*HANDLERS]]


async def nothing(_: object, __: object) -> Any:
    """Never answer."""


def pair(offer: list[str]) -> tuple[Server, TheirServer[Any]]:
    options: Any = {HANDLERS[method]: nothing for method in offer}
    ours = Server(Implementation(name="n", title="T", version="1"), "Do this.", dict.fromkeys(offer, nothing))
    return ours, TheirServer("n", title="T", version="1", instructions="Do this.", **options)


@pytest.mark.parametrize("offer", OFFERS)
async def test_identity_is_that_of_the_sdks_server(offer: list[str]) -> None:
    ours, theirs = pair(offer)
    context: Any = SimpleNamespace(protocol_version="2026-07-28")
    discovered: list[Any] = []
    for server in (ours, theirs):
        entry: Any = server.get_request_handler("server/discover")
        discovered.append(await entry.handler(context, None))

    handshake = theirs.create_initialization_options()
    handshake.capabilities.extensions = None  # which says what an empty one says
    assert ours.create_initialization_options() == handshake
    assert ours.server_info_stamp == theirs.server_info_stamp
    assert discovered[0].model_copy(update={"meta": None}) == discovered[1]


@pytest.mark.parametrize("offer", OFFERS)
def test_methods_and_params_are_those_of_the_sdks_server(offer: list[str]) -> None:
    ours, theirs = pair(offer)

    for method in METHODS:
        mine, others = ours.get_request_handler(method), theirs.get_request_handler(method)
        assert (mine and mine.params_type) == (others and others.params_type), method
    assert ours.cache_hints.keys() <= CACHEABLE_METHODS


def test_protocol_has_every_name_that_the_runner_reads() -> None:
    source = ast.parse(inspect.getsource(runner))
    names = {node.attr for node in ast.walk(source) if isinstance(node, ast.Attribute) and is_server(node.value)}

    assert names == {name for name in vars(RunnerServer) if not name.startswith("_")}


def is_server(node: ast.expr) -> bool:
    """Return whether *node* is `server`, or an attribute of that name."""
    return (isinstance(node, ast.Name) and node.id == "server") or (
        isinstance(node, ast.Attribute) and node.attr == "server"
    )
