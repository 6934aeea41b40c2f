"""Names in the contract and in answers, and the parts of the contract that differ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from ....contract import Contract
from ....contract.evidence import Guess
from ....contract.schemas import Schema

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")  # of a field; another key may be a value
_HIDDEN: Final = "[name]"
_COMPOUND: Final = re.compile(r"\b[a-z]{2,20}(?:[A-Z][a-z]{1,20}|_[a-z]{1,20}){1,3}\b")
_LONGEST_ERROR: Final = 300  # characters


class Difference(NamedTuple):
    """One part of the contract that differs, and how it does.

    *wire* is its spelling at the service, if that is certain. *hints* are names of parameters that the service knows.
    """

    guess: Guess
    how: str
    wire: str = ""
    hints: Sequence[str] = ()


def is_of_a_read(contract: Contract, guess: Guess) -> bool:
    """Return whether a part belongs to a read: its operation, a parameter of it, or a field of its answer."""
    if guess.what != "field":
        return guess.name.startswith("GET ")
    reads = [each.answer for each in contract.operations.values() if each.method == "GET"]
    return guess.name.partition(".")[0] in {"Error"}.union(*(_components(contract, answer) for answer in reads))


def _components(contract: Contract, schema: Schema) -> set[str]:
    """Return the names of all components that a schema consists of."""
    resolved = contract.schemas.resolved(schema)
    parts = (*resolved.get("allOf", ()), *resolved.get("anyOf", ()), *resolved.get("properties", {}).values())
    items = [resolved["items"]] if "items" in resolved else []
    return {component(schema)}.union(*(_components(contract, part) for part in (*parts, *items)))


def component(schema: Schema) -> str:
    """Return the name of the component that a schema refers to."""
    reference = schema.get("$ref", "")
    return str(reference).rpartition("/")[2]


def shown(name: str) -> str:
    """Return the name of a field, unless it may be a value, such as an id or an e-mail address."""
    return name if _NAME.fullmatch(name) and sum(map(str.isdigit, name)) < 4 else _HIDDEN


def folded(name: str) -> str:
    """Return a name without its case and its signs, to compare spellings."""
    return name.replace("_", "").replace("-", "").lower()


def names(data: Any) -> list[str]:
    """Return the names of fields that the text of an error mentions: words in camelCase or snake_case."""
    match data:
        case {"error": {"message": str(text)}} | {"message": str(text)} | {"error": str(text)}:
            return list(dict.fromkeys(_COMPOUND.findall(text[:_LONGEST_ERROR])))
        case _:
            return []
