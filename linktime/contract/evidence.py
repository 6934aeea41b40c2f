"""The evidence for each part of the contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple, get_args

from .operations import Contract, Evidence
from .schemas import Schema

KINDS: Final[tuple[Evidence, ...]] = get_args(Evidence)
WHATS: Final = ("operation", "parameter", "field")


class Guess(NamedTuple):
    """One part of the contract. *name* is `GET /calls`, `GET /calls?status` or `Call.direction`.

    Every part is a guess unless its *evidence* is a document.
    """

    what: Literal["operation", "parameter", "field"]
    name: str
    evidence: Evidence


def guesses(contract: Contract) -> Iterator[Guess]:
    """Yield all operations, their parameters and bodies, and the fields of all answers."""
    for operation in contract.operations.values():
        endpoint = f"{operation.method} {operation.template}"
        yield Guess("operation", endpoint, operation.evidence)
        item = contract.written["paths"][operation.template][operation.method.lower()]
        for each in map(contract.schemas.resolved, item.get("parameters", ())):
            yield Guess("parameter", f"{endpoint}?{each['name']}", each["x-evidence"])
        for name, field in contract.schemas.fields(operation.body).items():
            yield Guess("parameter", f"{endpoint}#{name}", field["x-evidence"])
    for name, schema in contract.written["components"]["schemas"].items():
        yield from _fields(name, schema)


def _fields(name: str, schema: Schema) -> Iterator[Guess]:
    """Yield the fields of a schema, and of the objects inside it, but not those of schemas with a name of their own."""
    for part in (schema, *schema.get("allOf", ())):
        for field, definition in part.get("properties", {}).items():
            yield Guess("field", f"{name}.{field}", definition["x-evidence"])
            yield from _fields(f"{name}.{field}", definition)


def table(contract: Contract) -> dict[str, list[int]]:
    """Return for each kind of part how many have which evidence."""
    counted: dict[str, Any] = {what: [0] * len(KINDS) for what in WHATS}
    for guess in guesses(contract):
        counted[guess.what][KINDS.index(guess.evidence)] += 1
    return counted
