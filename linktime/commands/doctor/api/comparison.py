"""Compares answers with the contract. The result has names and types only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from ....contract import Contract, Operation
from ....contract.evidence import guesses
from ....contract.schemas import Schema
from .kinds import kind, kinds, words
from .names import Difference, component, folded, is_of_a_read, names, shown
from .probes import Answered

_ABSENT: Final = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}
_MALFORMED: Final = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
_STRUCTURES: Final = {"array", "object"}


class Comparison:
    """The parts of the contract that are confirmed, different, or not seen.

    *new* has the fields that the contract lacks. *envelope* is the one field around the answers, if there is one.
    """

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.guesses = {guess.name: guess for guess in guesses(contract) if is_of_a_read(contract, guess)}
        # results, by the names of the guesses
        self.confirmed: set[str] = set()
        self.different: dict[str, Difference] = {}
        self.new: dict[str, str] = {}
        # facts about the whole service
        self.envelope = ""
        self.limits: tuple[str, ...] = ()
        self.problems: dict[str, str] = {}
        self.requests = 0

    @property
    def not_seen(self) -> list[str]:
        """The parts of which nothing is known after the comparison."""
        return [name for name in self.guesses if name not in self.confirmed and name not in self.different]

    def add(self, answer: Answered) -> None:
        """Compare one answer.

        1. The request for a row that cannot exist shows the error envelope.
        2. There was no answer, so nothing is known.
        3. 404 and 405 say that there is no such endpoint. The row of an id was in a list just before.
        4. Another refusal of a request is about its parameters, unless it is about the key, the plan or a fault.
        5. A success confirms the operation, and shows its fields.
        """
        operation, endpoint = answer.operation, f"GET {answer.operation.template}"
        if answer.status is None:
            self.problems[endpoint] = answer.problem
            return
        self.requests += 1
        self.limits = self.limits or answer.limits
        if answer.missing_row:
            self._error(answer)
        elif answer.status in _ABSENT:
            self._differ(endpoint, f"no such endpoint ({answer.status})")
        elif answer.status // 100 != 2:
            self._refused(operation, answer, endpoint)
        else:
            self.confirmed.add(endpoint)
            self._success(operation, answer, endpoint)

    def _success(self, operation: Operation, answer: Answered, endpoint: str) -> None:
        data = self._opened(answer.data, operation.answer)
        self._walk([data], operation.answer, component(operation.answer))
        # A parameter is confirmed if the endpoint needs it, or if the answer repeats its value.
        ours = operation.spelling.from_wire(data, operation.answer)
        page = ours.get("pagination") if isinstance(ours, dict) else None
        echoes = {**(ours if isinstance(ours, dict) else {}), **(page if isinstance(page, dict) else {})}
        needed = self._required(operation)
        for name, value in answer.query.items():
            if name in needed or str(echoes.get(name)) == value:
                self.confirmed.add(f"{endpoint}?{name}")
        if "{id}" in operation.template:
            self.confirmed.add(f"{endpoint}?id")

    def _refused(self, operation: Operation, answer: Answered, endpoint: str) -> None:
        """Note a refusal. The error may name the parameter that the service knows instead."""
        if answer.status not in _MALFORMED:
            self.problems[endpoint] = f"refused ({answer.status})"
            return
        hints = [name for name in names(answer.data) if name not in operation.query.values()]
        words = f"; the error names {', '.join(hints)}" if hints else ""
        self._differ(endpoint, f"the parameters are refused ({answer.status}){words}", hints=hints)

    def _required(self, operation: Operation) -> set[str]:
        """Return the parameters without which the operation fails."""
        item = self.contract.written["paths"][operation.template]["get"]
        parameters = map(self.contract.schemas.resolved, item.get("parameters", ()))
        return {each["name"] for each in parameters if each.get("required")}

    def _error(self, answer: Answered) -> None:
        """Compare the answer to the request for a missing row with the error envelope."""
        self._walk([answer.data], {"$ref": "#/components/schemas/Error"}, "Error")
        match answer.data:
            case {"error": {"code": "not_found"}} if answer.status == HTTPStatus.NOT_FOUND:
                return
            case {"error": {"code": str()}}:
                self._differ("Error.error.code", f"a missing row has the status {answer.status} and another code")
            case _ if answer.status in _ABSENT and "Error.error" not in self.different:
                self._differ("Error.error", "absent" if isinstance(answer.data, dict) else "no JSON object")
            case _:
                self.problems["a missing row"] = f"the status is {answer.status}"

    def _opened(self, data: Any, schema: Schema) -> Any:
        """Return an answer without its envelope, and note an envelope that the contract does not have."""
        data = self.contract.spelling.opened(data)
        if not isinstance(data, dict) or len(data) != 1 or self._known(data, schema):
            return data
        [(name, inner)] = data.items()
        if name == self.envelope or (isinstance(inner, dict) and self._known(inner, schema)):
            self.envelope = shown(name)
            return inner
        return data

    def _known(self, data: Mapping[str, Any], schema: Schema) -> bool:
        """Return whether an object has a field of the schema, in any case."""
        known = {folded(self.contract.spelling.wire(*each)) for each in self.contract.schemas.fields(schema).items()}
        return bool(known & {folded(name) for name in data})

    def _walk(self, values: list[Any], schema: Schema, name: str) -> None:
        """Compare objects of one schema with it. *name* is the schema's, as in the names of guesses."""
        fields = self.contract.schemas.fields(schema)
        objects = [value for value in values if isinstance(value, dict)]
        if not fields or not objects:
            if fields and any(isinstance(value, list) for value in values):
                self._bare(values, fields, name)
            return
        found = {key for each in objects for key in each}
        wires = {ours: self.contract.spelling.wire(ours, field) for ours, field in fields.items()}
        unknown = found - set(wires.values())
        for ours, (owner, field) in self._owned(schema, name).items():
            wire = wires[ours] if wires[ours] in found else self._other(ours, field, unknown, objects)
            seen = [each[wire] for each in objects if wire in each]
            self._compare(f"{owner}.{ours}", wires[ours], wire, field, seen)
            unknown.discard(wire)
        for key in sorted(unknown):
            seen_kinds = sorted({kind(each[key]) for each in objects if key in each})
            self.new[f"{name}.{shown(key)}"] = " or ".join(seen_kinds)

    def _bare(self, values: list[Any], fields: Mapping[str, Schema], name: str) -> None:
        """Compare bare lists, where the contract has an envelope."""
        self._differ(f"{name}.data", "the list is bare")
        rows = [row for value in values if isinstance(value, list) for row in value]
        items = self.contract.schemas.items(fields.get("data", {}))
        self._walk(rows, items, component(items))

    def _compare(self, name: str, expected: str, wire: str, field: Schema, seen: list[Any]) -> None:
        """Compare one field with its values. *wire* is its name in the answer, empty if it is absent."""
        resolved = self.contract.schemas.resolved(field)
        if not wire:
            return
        allowed = kinds(resolved)
        met = {kind(value) for value in seen}
        if wrong := met - allowed - ({"null"} if "anyOf" in resolved else set()) if allowed else set():
            self._differ(name, f"{' or '.join(sorted(wrong))}, not {words(allowed)}")
        elif wire != expected:
            self._differ(name, f"is written {shown(wire)}", shown(wire))
        else:
            self.confirmed.add(name)
        nested = field.get("items") and [row for value in seen if isinstance(value, list) for row in value]
        inner = field["items"] if nested else field
        self._walk(nested or seen, inner, component(inner) or name)

    def _other(self, ours: str, field: Schema, unknown: set[str], objects: list[dict[str, Any]]) -> str:
        """Return the name under which a field may be hidden, or an empty text.

        1. The same words in another case.
        2. The one unknown list, or the one unknown object that shares fields with it.
        """
        if same := [key for key in unknown if folded(key) == folded(ours)]:
            return same[0]
        wanted = kinds(self.contract.schemas.resolved(field)) & _STRUCTURES
        like = [
            key
            for key in unknown
            if {kind(each.get(key)) for each in objects} <= wanted
            and all(isinstance(each[key], list) or self._known(each[key], field) for each in objects if key in each)
        ]
        return like[0] if wanted and len(like) == 1 else ""

    def _owned(self, schema: Schema, name: str) -> dict[str, tuple[str, Schema]]:
        """Return the fields of a schema, each with the name of the part that declares it."""
        resolved = self.contract.schemas.resolved(schema)
        owned: dict[str, tuple[str, Schema]] = {}
        for part in (*resolved.get("allOf", ()), *resolved.get("anyOf", ())):
            owned |= self._owned(part, component(part) or name)
        return owned | {ours: (name, field) for ours, field in resolved.get("properties", {}).items()}

    def _differ(self, name: str, how: str, wire: str = "", hints: Sequence[str] = ()) -> None:
        self.confirmed.discard(name)
        if name in self.guesses:
            self.different[name] = Difference(self.guesses[name], how, wire, hints)
