"""`linktime-mcp tools`: the tools by domain, or one tool with its arguments."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import orjson
from rich.console import Console
from rich.text import Text

from ..tools import DOMAINS, TOOLS, Tool
from .table import console, print_rows, print_text


def list_tools(tool: Tool | None, *, as_json: bool) -> None:
    """Print all tools, or the details of one *tool*."""
    if as_json:
        value: Any = _described(tool) if tool else [_described(each) for each in TOOLS.values()]
        sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")
    elif tool:
        _print_one(console(), tool)
    else:
        _print_all(console())


def _described(tool: Tool) -> Mapping[str, Any]:
    """Return a tool as an object, with the names of the protocol."""
    return {
        "name": tool.name,
        "title": tool.title,
        "toolset": next(domain for domain, tools in DOMAINS.items() if tool in tools),
        "effect": _effect(tool),
        "description": tool.description,
        "inputSchema": dict(tool.input_schema),
        "outputSchema": dict(tool.output_schema),
    }


def _print_all(out: Console) -> None:
    for domain, tools in DOMAINS.items():
        out.print(Text(domain, "bold"))
        print_rows(out, [(f"  {tool.name}", _effect(tool), _first_sentence(tool.description)) for tool in tools])
    out.print("\nlinktime-mcp tools NAME shows one tool, and linktime-mcp call NAME calls it.")


def _print_one(out: Console, tool: Tool) -> None:
    out.print(Text.assemble((tool.name, "bold"), f": {tool.title} ({_effect(tool)})"))
    print_text(out, tool.description, style="")
    out.print()
    schema = tool.input_schema
    required = schema.get("required", [])
    rows = [
        (name, _kind(each), "required" if name in required else "", str(each.get("description", "")))
        for name, each in schema["properties"].items()
    ]
    if rows:
        print_rows(out, rows, head=("argument", "type", "", "meaning"))
    words = "".join(f" {name}=…" for name in required)
    out.print(f"\nTo call it: linktime-mcp call {tool.name}{words}", soft_wrap=True)


def _effect(tool: Tool) -> str:
    return "reads" if tool.reads else "destructive" if tool.destructive else "writes"


def _first_sentence(text: str) -> str:
    first, stop, _ = text.partition(". ")
    return first + stop.strip()


def _kind(schema: Mapping[str, Any]) -> str:
    """Return the type of an argument in one word. Everything but a text is written as JSON."""
    kind = str(schema.get("type", "any"))
    return f"{kind} (JSON)" if kind in {"array", "object"} else kind
