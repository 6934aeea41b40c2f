"""JSON Schemas of the contract: their fields, and the fields that an answer lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

ROWS: Final = "data"
"""The field of an answer with the rows of a list. An answer may leave it out and be the bare list."""

_SAMPLE: Final = 5  # rows; all rows of a list have one shape


class Schemas:
    """Resolves the references of a *document*."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def resolved(self, value: Any) -> Any:
        """Return *value*, or the part of the document that it refers to."""
        while isinstance(value, Mapping) and "$ref" in value:
            target: Any = self._document
            for step in value["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            value = target
        return value

    def fields(self, schema: Schema) -> dict[str, Schema]:
        """Return the fields of an object by their names, those of its parts included. A free object has none."""
        return {name: field for part in self._parts(schema) for name, field in part.get("properties", {}).items()}

    def required(self, schema: Schema) -> list[str]:
        """Return the names of the fields that an object always has."""
        return [name for part in self._parts(schema) for name in part.get("required", ())]

    def items(self, schema: Schema) -> Schema:
        """Return the schema of a list's items. A list may also be bare where the schema puts it into an envelope."""
        items: Schema = next((part["items"] for part in self._parts(schema) if "items" in part), {})
        rows = self.fields(schema).get(ROWS)
        return items or (self.items(rows) if rows else {})

    def lacking(self, value: Any, schema: Schema, path: str = "") -> Iterator[str]:
        """Yield the path of each required field that *value* lacks, such as `data[].id`."""
        fields = self.fields(schema)
        match value:
            case list():
                for item in value[:_SAMPLE]:
                    yield from self.lacking(item, self.items(schema), f"{path or ROWS}[]")
            case {"data": dict(inner)} if ROWS not in fields and not path:
                yield from self.lacking(inner, schema)
            case dict() if fields or not self.items(schema):
                yield from (_joined(path, name) for name in self.required(schema) if name not in value)
                for name in fields.keys() & value.keys():
                    yield from self.lacking(value[name], fields[name], _joined(path, name))
            case _ if fields or self.items(schema):
                yield from () if value is None and path else self._all(schema, path)

    def _all(self, schema: Schema, path: str) -> Iterator[str]:
        """Yield the paths that are lacking if a value is of another type than its schema."""
        yield from [path] if path else self.required(schema)

    def _parts(self, schema: Schema) -> Iterator[Schema]:
        """Yield a schema, and the schemas that it is combined from."""
        schema = self.resolved(schema)
        yield schema
        for part in (*schema.get("allOf", ()), *schema.get("anyOf", ())):
            yield from self._parts(part)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
