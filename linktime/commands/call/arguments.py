"""The words `name=value` of a command line as the arguments of a tool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from ...tools import TOOLS, Tool
from ...tools.suggest import suggest


class UsageError(Exception):
    """The command line is wrong. The text has the fix."""


def find_tool(name: str) -> Tool:
    """Return the tool of this name. Raises UsageError if there is none."""
    if name in TOOLS:
        return TOOLS[name]
    near = suggest(name, TOOLS)
    hint = f"Did you mean {near}?" if near else "Run linktime-mcp tools for the names."
    raise UsageError(f"There is no tool {name!r}. {hint}")


def parse(tool: Tool, words: Sequence[str]) -> dict[str, Any]:
    """Return the arguments in *words*. Raises UsageError for a word that is no argument of *tool*."""
    properties = tool.input_schema["properties"]
    arguments: dict[str, Any] = {}
    for word in words:
        name, sign, text = word.partition("=")
        if not sign:
            raise UsageError(f"{word!r} is not an argument. Write name=value, such as {next(iter(properties), 'a')}=…")
        if name not in properties:
            raise UsageError(_unknown(tool, name, properties))
        if name in arguments:
            raise UsageError(f'{name} occurs twice. Write a list as JSON, such as {name}=\'["a", "b"]\'.')
        arguments[name] = _value(text, properties[name])
    return arguments


def _unknown(tool: Tool, name: str, properties: Mapping[str, Any]) -> str:
    near = suggest(name, properties)
    hint = f"Did you mean {near}?" if near else f"Its arguments are: {', '.join(properties) or 'none'}."
    return f"{tool.name} has no argument {name!r}. {hint}"


def _value(text: str, schema: Mapping[str, Any]) -> Any:
    """Return a text as it is, and anything else as JSON. The tool checks a value that is no JSON."""
    if schema.get("type") == "string":
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
