"""The service's spelling of names: `x-wire` in the contract, if it differs from the names in this program."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from .schemas import Schema, Schemas

WIRE: Final = "x-wire"
METHODS: Final = ("get", "post", "put", "patch", "delete")


class Spelling:
    """Translates between our names and those of the service.

    `x-wire` at the root of *document* holds for all fields: their *case*, other names of single *fields*, and the
    *envelope*, one field around every answer. `x-wire` beside a path, a method, a parameter or a field is its name.
    Unless the document *differs* somewhere, all names are equal.
    """

    def __init__(self, document: Mapping[str, Any], schemas: Schemas) -> None:
        self.schemas = schemas
        self.differs = f'"{WIRE}":'.encode() in orjson.dumps(document)
        rules = document.get(WIRE, {})
        self._snake: bool = rules.get("case") == "snake_case"
        self._fields: Mapping[str, str] = rules.get("fields", {})
        self.envelope: str = rules.get("envelope", "")

    def wire(self, name: str, definition: Schema) -> str:
        """Return the service's name of a field or parameter."""
        own: str | None = definition.get(WIRE)
        return own or self._fields.get(name) or (snake(name) if self._snake else name)

    def to_wire(self, value: Any, schema: Schema) -> Any:
        """Return *value* with the service's names of the fields. Free objects stay as they are."""
        match value:
            case list():
                return [self.to_wire(item, self.schemas.items(schema)) for item in value]
            case dict() if fields := self.schemas.fields(schema):
                definitions = {name: fields.get(name, {}) for name in value}
                return {
                    self.wire(name, definition): self.to_wire(value[name], definition)
                    for name, definition in definitions.items()
                }
            case _:
                return value

    def from_wire(self, value: Any, schema: Schema) -> Any:
        """Return *value* with our names of the fields. An unknown field keeps its name, except for its case."""
        match value:
            case list():
                return [self.from_wire(item, self.schemas.items(schema)) for item in value]
            case dict() if fields := self.schemas.fields(schema):
                names = {self.wire(name, definition): name for name, definition in fields.items()}
                ours = {theirs: names.get(theirs) or (_camel(theirs) if self._snake else theirs) for theirs in value}
                return {name: self.from_wire(value[theirs], fields.get(name, {})) for theirs, name in ours.items()}
            case _:
                return value

    def opened(self, value: Any) -> Any:
        """Return an answer without the envelope."""
        return value[self.envelope] if isinstance(value, dict) and self.envelope in value else value

    def closed(self, value: Any) -> Any:
        """Return an answer in the envelope."""
        return {self.envelope: value} if self.envelope else value

    def document(self, part: Any, *, fields: bool = False) -> Any:
        """Return a part of the document in the service's spelling. In the *fields* of an object each key is a name."""
        match part:
            case list():
                return [self.document(item) for item in part]
            case dict() if fields:
                return {self.wire(name, field): self.document(field) for name, field in part.items()}
            case {"name": str(name), "in": "query"}:
                return {**self._rest(part), "name": self.wire(name, part)}
            case {"properties": dict(named)}:
                required = [self.wire(name, named.get(name, {})) for name in part.get("required", ())]
                whole = {**self._rest(part), "properties": self.document(named, fields=True)}
                return {**whole, "required": required} if required else whole
            case dict():
                return self._rest(part)
            case _:
                return part

    def _rest(self, part: dict[str, Any]) -> dict[str, Any]:
        """Return an object of the document without its own spelling, which is the name of a path or a method."""
        return {_key(name, value): self.document(value) for name, value in part.items() if name != WIRE}


def _key(name: str, value: Any) -> str:
    is_named = (name.startswith("/") or name in METHODS) and isinstance(value, dict)
    return str(value.get(WIRE, name)) if is_named else name


def snake(name: str) -> str:
    """Return a name in snake_case."""
    return re.sub("(?<=[a-z0-9])[A-Z]", lambda match: f"_{match[0].lower()}", name)


def _camel(name: str) -> str:
    return re.sub("(?<=[a-z0-9])_([a-z0-9])", lambda match: match[1].upper(), name)
