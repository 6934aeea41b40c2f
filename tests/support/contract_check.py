"""Checks requests and answers against the contract, as a reader of its OpenAPI document does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator

from linktime.contract import Contract

CONTRACT: Final = Contract.shipped()
DOCUMENT: Final = CONTRACT.document


def operation_of(method: str, path: str) -> tuple[str, Mapping[str, Any]]:
    """Return the template and the operation of a request under /api/v1. Fixed segments win over ids."""
    for template in sorted(DOCUMENT["paths"], key=lambda template: template.count("{")):
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and method.lower() in DOCUMENT["paths"][template]:
            return template, DOCUMENT["paths"][template][method.lower()]
    raise AssertionError(f"{method} {path} is not an operation of the contract")


def request_faults(method: str, path: str, query: Mapping[str, str], body: Any) -> list[str]:
    """Return how a request differs from the contract: its names, its types, and what it lacks."""
    template, operation = operation_of(method, path)
    parameters = [CONTRACT.schemas.resolved(each) for each in operation.get("parameters", ())]
    known = {each["name"]: each for each in parameters if each["in"] == "query"}
    faults = [f"query {name}" for name in query if name not in known]
    faults += [
        f"query {name} is required" for name, each in known.items() if each.get("required") and name not in query
    ]
    for name, value in query.items():
        schema = known.get(name, {}).get("schema", {})
        faults += _faults(int(value) if schema.get("type") == "integer" else value, schema)
    operation_body = CONTRACT.find(method, template).body
    if body is not None:
        faults += [f"body {name}" for name in _unknown(body, operation_body)]
        faults += _faults(body, operation_body)
    return faults


def answer_faults(method: str, path: str, status: int, data: Any) -> list[str]:
    """Return how an answer differs from the contract. Its fields must all be known, for the sandbox invents none."""
    _, operation = operation_of(method, path)
    responses = operation["responses"]
    if str(status) not in responses:
        return [f"status {status}"]
    response = CONTRACT.schemas.resolved(responses[str(status)])
    schema = response["content"]["application/json"]["schema"]
    return [*(f"field {name}" for name in _unknown(data, schema)), *_faults(data, schema)]


def _faults(value: Any, schema: Mapping[str, Any]) -> list[str]:
    validator = Draft202012Validator({**schema, "components": DOCUMENT["components"]})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def _unknown(value: Any, schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the fields that the contract does not name, at any depth. A free object may have any."""
    fields = CONTRACT.schemas.fields(schema)
    if isinstance(value, list):
        for item in value:
            yield from _unknown(item, CONTRACT.schemas.items(schema))
    elif isinstance(value, dict) and fields:
        yield from (name for name in value if name not in fields)
        for name in value.keys() & fields.keys():
            yield from _unknown(value[name], fields[name])
