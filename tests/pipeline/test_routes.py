from __future__ import annotations

import ast
from pathlib import Path

import linktime
from linktime.pipeline import routes
from linktime.tools import TOOLS

from ..support.tool_requests import REQUESTS

PACKAGE = Path(linktime.__file__).parent
ROUTES = {value for name, value in vars(routes).items() if name.isupper()}


def literals(path: Path) -> list[str]:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def test_each_route_is_written_once() -> None:
    # The sandbox is the other side of the wire, and the demo watches that side.
    modules = [path for path in PACKAGE.rglob("*.py") if not {"sandbox", "demo"} & set(path.parts)]

    written = [text for path in modules for text in literals(path) if text in ROUTES]
    assert sorted(written) == sorted(ROUTES)


def test_each_route_is_of_a_tool() -> None:
    assert {TOOLS[expected.tool].request(expected.arguments).template for expected in REQUESTS} == ROUTES
