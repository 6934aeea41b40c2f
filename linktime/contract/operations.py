"""The operations of the contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Final, Literal

import orjson

from .schemas import Schema, Schemas
from .spelling import METHODS, WIRE, Spelling

Evidence = Literal["documented", "example", "inferred"]

_ENVELOPED: Final = frozenset({"200", "201"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation by our names: *method* and *template*, the path under /api/v1.

    The service knows it as *wire_method* and *wire_template*. *query* maps our names of parameters to its names. *body*
    and *answer* are schemas. An operation that *may_be_absent* depends on a row, so its 404 is about that row.
    """

    name: str
    method: str
    template: str
    spelling: Spelling = field(repr=False)
    evidence: Evidence = "documented"
    # by the service's names
    wire_method: str = ""
    wire_template: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    # schemas by our names
    body: Schema = field(default_factory=dict)
    answer: Schema = field(default_factory=dict)
    may_be_absent: bool = True

    def read(self, data: Any) -> Any:
        """Return an answer with our names."""
        return self.spelling.from_wire(self.spelling.opened(data), self.answer) if self.spelling.differs else data

    def lacking(self, data: Any) -> str:
        """Return the required fields that an answer by our names lacks, joined by commas."""
        return ", ".join(dict.fromkeys(self.spelling.schemas.lacking(data, self.answer)))


class Contract:
    """An OpenAPI *document* by its operations. Without `x-wire` in it, all names are those of this program."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.written = document
        self.schemas = Schemas(document)
        self.spelling = Spelling(document, self.schemas)
        self.operations: Mapping[tuple[str, str], Operation] = {
            (operation.method, operation.template): operation for operation in self._read()
        }
        self._by_wire = {(each.wire_method, each.wire_template): each for each in self.operations.values()}

    @staticmethod
    @cache
    def shipped() -> Contract:
        """Return the contract of this version."""
        return Contract(orjson.loads(files(__package__).joinpath("openapi.json").read_bytes()))

    def changed(self, change: Mapping[str, Any], *path: str | int) -> Contract:
        """Return the contract with *change* merged into the object at *path*."""
        document: Any = deepcopy(self.written)
        target = document
        for step in path:
            target = target[step]
        target.update(change)
        return Contract(document)

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """The document in the service's spelling, which is also true for readers that do not know `x-wire`."""
        document: dict[str, Any] = self.spelling.document(dict(self.written))
        if envelope := self.spelling.envelope:
            for _, operation in _operations(document):
                _envelop(operation["responses"], envelope)
        return document

    def find(self, method: str, template: str) -> Operation:
        """Return an operation by our names. An unknown operation promises nothing."""
        return self.operations.get((method, template)) or Operation("", method, template, self.spelling)

    def at(self, method: str, template: str) -> Operation | None:
        """Return an operation by the service's names, or None."""
        return self._by_wire.get((method, template))

    def _read(self) -> Iterator[Operation]:
        for (method, template), operation in _operations(self.written):
            item = self.written["paths"][template]
            parameters = [self.schemas.resolved(each) for each in operation.get("parameters", ())]
            yield Operation(
                operation["operationId"],
                method.upper(),
                template,
                self.spelling,
                operation["x-evidence"],
                wire_method=operation.get(WIRE, method).upper(),
                wire_template=item.get(WIRE, template),
                query={each["name"]: self.spelling.wire(each["name"], each) for each in parameters if _is_query(each)},
                body=_schema(operation.get("requestBody", {})),
                answer=_schema(next(response for response in operation["responses"].values() if "content" in response)),
                may_be_absent="404" in operation["responses"],
            )


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    for template, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield (method, template), item[method]


def _is_query(parameter: Mapping[str, Any]) -> bool:
    return bool(parameter["in"] == "query")


def _schema(part: Mapping[str, Any]) -> Schema:
    schema: Schema = part.get("content", {}).get("application/json", {}).get("schema", {})
    return schema


def _envelop(responses: Mapping[str, Any], envelope: str) -> None:
    """Put the schemas of the successful *responses* into an envelope."""
    for status in _ENVELOPED & responses.keys():
        content = responses[status]["content"]["application/json"]
        content["schema"] = {"type": "object", "properties": {envelope: content["schema"]}, "required": [envelope]}
