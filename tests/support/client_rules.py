"""The rules by which clients are known to refuse a list of tools, each with its source."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Listed = Mapping[str, Any]
Faults = Iterator[str]

_UNIONS: Final = {"anyOf", "oneOf", "allOf", "not", "if", "enum"}
_REFERENCES: Final = {"$ref", "$defs", "definitions"}
_GEMINI: Final = frozenset(
    {
        "type",
        "format",
        "title",
        "description",
        "nullable",
        "default",
        "items",
        "minItems",
        "maxItems",
        "enum",
        "properties",
        "required",
        "minProperties",
        "maxProperties",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "pattern",
        "example",
        "anyOf",
        "propertyOrdering",
        "additionalProperties",
    }
)
_KEY: Final = re.compile(r"[\w.-]{1,64}", re.ASCII)
_STRICT: Final = frozenset(
    {
        "allOf",
        "oneOf",
        "not",
        "dependentRequired",
        "dependentSchemas",
        "if",
        "then",
        "else",
        "patternProperties",
        "unevaluatedProperties",
        "propertyNames",
        "unevaluatedItems",
        "contains",
        "minContains",
        "maxContains",
        "uniqueItems",
    }
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: *faults* finds violations in a list of tools, *source* documents it, *bad* violates it."""

    name: str
    source: str
    faults: Callable[[Sequence[Listed]], Faults]
    bad: Sequence[Listed]


def parts(schema: Any, place: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield a schema and its subschemas, each with its path."""
    if isinstance(schema, Mapping):
        yield place, schema
        for name, inner in (schema.get("properties") or {}).items():
            yield from parts(inner, f"{place}.{name}")
        yield from parts(schema.get("items"), f"{place}[]")
        for keyword in ("anyOf", "oneOf", "allOf"):
            for inner in schema.get(keyword, ()):
                yield from parts(inner, f"{place}|")


def _each_part(refused: Callable[[Mapping[str, Any]], Any]) -> Callable[[Sequence[Listed]], Faults]:
    return lambda tools: (
        f"{tool['name']}{place}" for tool in tools for place, part in parts(tool["inputSchema"]) if refused(part)
    )


def _each_tool(refused: Callable[[Listed], Any]) -> Callable[[Sequence[Listed]], Faults]:
    return lambda tools: (tool["name"] for tool in tools if refused(tool))


def _at_most(number: int) -> Callable[[Sequence[Listed]], Faults]:
    return lambda tools: (f"{len(tools)} tools" for _ in tools[number : number + 1])


def tool(schema: Mapping[str, Any] | None = None, name: str = "look", **more: Any) -> Listed:
    """Return an invented tool with one argument of this schema."""
    arguments = {"type": "object", "properties": {"argument": schema or {"type": "string"}}}
    return {"name": name, "description": "Look.", "inputSchema": arguments} | more


def _untyped_array(part: Mapping[str, Any]) -> bool:
    return part.get("type") == "array" and "type" not in (part.get("items") or {})


def _odd_enum(part: Mapping[str, Any]) -> bool:
    return "enum" in part and (part.get("type") != "string" or not all(isinstance(e, str) and e for e in part["enum"]))


def _odd_format(part: Mapping[str, Any]) -> bool:
    return part.get("type") == "string" and part.get("format", "date-time") not in {"enum", "date-time"}


RULES: Final = (
    Rule(
        "Gemini reads a subset of OpenAPI 3.0",
        "ai.google.dev/api/caching#Schema",
        _each_part(lambda part: part.keys() - _GEMINI),
        [tool({"type": "string", "const": "a"})],
    ),
    Rule(
        "Gemini refuses references",
        "google-gemini/gemini-cli #13326",
        _each_part(lambda part: part.keys() & _REFERENCES),
        [tool({"$ref": "#/$defs/A"})],
    ),
    Rule(
        "Gemini refuses a union inside an array, and a nullable one",
        "sbroenne/mcp-server-excel #672, t8y2/dbx #6233",
        _each_part(lambda part: "anyOf" in part or isinstance(part.get("type"), list)),
        [tool({"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "null"}]}})],
    ),
    Rule(
        "Gemini takes enumerations of strings alone, and not the empty one",
        "ai.google.dev/api/caching#Schema",
        _each_part(_odd_enum),
        [tool({"type": "integer", "enum": [1, 2]})],
    ),
    Rule(
        "Gemini knows two formats of strings",
        "google-gemini/gemini-cli: only 'enum' and 'date-time' are supported for STRING type",
        _each_part(_odd_format),
        [tool({"type": "string", "format": "email"})],
    ),
    Rule(
        "An array has a type for its items",
        "microsoft/vscode-copilot-release: array type must have items",
        _each_part(_untyped_array),
        [tool({"type": "array"})],
    ),
    Rule(
        "Every argument has one type",
        "arben-adm/mcp-sequential-thinking #12, github/copilot-cli #4301",
        _each_part(lambda part: not isinstance(part.get("type"), str)),
        [tool({"description": "anything"})],
    ),
    Rule(
        "Arguments are an object, and no union",
        "docs.anthropic.com: input_schema does not support oneOf, allOf, or anyOf at the top level",
        _each_tool(lambda one: one["inputSchema"].get("type") != "object" or one["inputSchema"].keys() & _UNIONS),
        [{**tool(), "inputSchema": {"type": "object", "oneOf": []}}],
    ),
    Rule(
        "OpenAI's strict mode doesn't know these keywords",
        "platform.openai.com/docs/guides/structured-outputs",
        _each_part(lambda part: part.keys() & _STRICT),
        [tool({"type": "array", "items": {"type": "string"}, "uniqueItems": True})],
    ),
    Rule(
        "OpenAI's strict mode wants closed objects",
        "platform.openai.com/docs/guides/structured-outputs",
        _each_part(lambda part: part.get("type") == "object" and part.get("additionalProperties") is not False),
        [tool()],
    ),
    Rule(
        "OpenAI reads 1,024 characters of a description",
        "platform.openai.com/docs/api-reference",
        _each_tool(lambda one: not 0 < len(one["description"]) <= 1024),
        [tool(description="x" * 1025)],
    ),
    Rule(
        "A name has letters, digits, _ and -, and 64 with the prefix that Claude Code gives it",
        "docs.anthropic.com: tools.name; platform.openai.com: function.name",
        _each_tool(lambda one: not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_-]{0,63}", f"mcp__linktime__{one['name']}")),
        [tool(name="x" * 50)],
    ),
    Rule(
        "Cursor leaves out names that have more than 60 characters with the server's",
        "forum.cursor.com: combined server and tool name length exceeds 60",
        _each_tool(lambda one: len(f"linktime:{one['name']}") > 60),
        [tool(name="x" * 52)],
    ),
    Rule(
        "Anthropic takes arguments by names of 64 letters, digits and signs",
        "docs.anthropic.com: property keys should match pattern",
        _each_part(lambda part: [n for n in part.get("properties", ()) if not _KEY.fullmatch(n)]),
        [{**tool(), "inputSchema": {"type": "object", "properties": {"für": {"type": "string"}}}}],
    ),
    Rule(
        "Cursor sends the first 40 tools",
        "anyproto/anytype-mcp #5, bun913/mcp-testrail #6",
        _at_most(40),
        [tool(name=f"look_{number}") for number in range(41)],
    ),
    Rule(
        "Windsurf takes 50 tools, VS Code 128",
        "Zhwt/go-mcp-mysql #3, microsoft/vscode-copilot-release #9375",
        _at_most(50),
        [tool(name=f"look_{number}") for number in range(51)],
    ),
)
