"""A tool: a function whose signature is the schema and whose docstring is the description."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from inspect import Parameter, getsource, signature
from typing import Annotated, Any, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from ..errors import InvalidArguments
from ..message import Request, camel
from ..pipeline.outcome.verification import Verification
from ._fields import CLEARABLE, is_blank, unsendable
from ._schema import answer_schema, object_schema
from ._times import not_once, zones_of
from ._validation_errors import described, listed
from .confirmations import Confirmation

Build = Callable[..., Request]
Rule = Callable[[Mapping[str, Any]], str | None]
"""A check over several arguments, by their Python names. It returns the error as text, or None."""


@dataclass(frozen=True, eq=False)
class Tool:
    """One tool. *build* makes its Request, *shape* is the type of its answer, and every one of *rules* must hold.

    A tool is *destructive* if existing data may be lost. It is *open_world* if the call, or its consequences, reach
    people or servers outside the account, such as a guest who gets an e-mail. The arguments named in *local* are times
    in the account's zone on the day of the argument `date`. *confirmation* is the question before a loss, or before
    guests' data leaves the account. With *local_targets* that data may go to this machine. Every tool that writes has a
    *verification*, by which its outcome is read back.
    """

    # for the list of tools
    title: str
    build: Build
    shape: Any
    rules: tuple[Rule, ...]
    # hints, as MCP defines them
    reads: bool
    destructive: bool
    idempotent: bool
    open_world: bool
    # extra steps before a call
    local: tuple[str, ...] = ()
    verification: Verification | None = None
    confirmation: Confirmation | None = None
    local_targets: bool = False

    @property
    def name(self) -> str:
        """The name in `tools/list` and `tools/call`."""
        return self.build.__name__

    @property
    def description(self) -> str:
        """The description for the model."""
        return " ".join((self.build.__doc__ or _docstring(self.build)).split())

    @cached_property
    def input_schema(self) -> Mapping[str, Any]:
        """The JSON Schema of the arguments."""
        written = object_schema(
            {camel(name): hint for name, (hint, _) in self._fields.items()},
            [camel(name) for name, (_, default) in self._fields.items() if default is ...],
        )
        for name, (_, default) in self._fields.items():
            if default is not ... and default is not None:
                written["properties"][camel(name)]["default"] = default
        return written

    @cached_property
    def output_schema(self) -> Mapping[str, Any]:
        """The JSON Schema of an answer. It promises only what the session makes true."""
        return answer_schema(self.shape)

    def request(self, arguments: Mapping[str, Any] | None, zone: ZoneInfo | None = None) -> Request:
        """Check the arguments and return the request. Raise InvalidArguments with every error.

        *zone* is the account's, if it is known. It allows further checks, and better suggestions.
        """
        # 1. Limits that also protect pydantic: depth, size, and text that is not Unicode.
        present = {name: value for name, value in (arguments or {}).items() if not self._is_absent(name, value)}
        if faults := unsendable(present):
            raise InvalidArguments(listed(faults))
        # 2. The type of each argument. "from None", because pydantic's error contains the values.
        try:
            context = {"zones": zones_of(present, zone), "local_targets": self.local_targets}
            values = dict(self._model.model_validate(present, context=context))
        except ValidationError as error:
            raise InvalidArguments(described(error, self.input_schema)) from None
        # 3. Rules over several arguments, and times that need the account's zone.
        if faults := [fault for rule in self.rules if (fault := rule(values))] or self._not_once(values, zone):
            raise InvalidArguments("; ".join(faults))
        return replace(self.build(**values), verification=self.verification)

    def needs_zone(self, arguments: Mapping[str, Any] | None) -> bool:
        """Return whether the account's zone decides if these arguments are valid."""
        return any(camel(name) in (arguments or {}) for name in self.local)

    def _is_absent(self, name: str, value: Any) -> bool:
        """Return whether an argument counts as not given.

        1. null, for every known argument.
        2. A text without a visible character, for an optional argument, unless that clears the field.
        """
        if value is None:
            return name in self.input_schema["properties"]
        return name in self._blank_if_absent and is_blank(value)

    @cached_property
    def _blank_if_absent(self) -> frozenset[str]:
        # A required text stays, so that its own check reports that it is empty.
        optional = {name: hint for name, (hint, default) in self._fields.items() if default is not ...}
        return frozenset(camel(name) for name, hint in optional.items() if CLEARABLE not in _marks(hint))

    def _not_once(self, values: Mapping[str, Any], zone: ZoneInfo | None) -> list[str]:
        if zone is None:
            return []
        errors = {name: not_once(values["date"], values[name], zone) for name in self.local if values[name]}
        return [f"{camel(name)}: {error}" for name, error in errors.items() if error]

    @cached_property
    def _fields(self) -> dict[str, tuple[Any, Any]]:
        hints = get_type_hints(self.build, include_extras=True)
        parameters = signature(self.build).parameters.values()
        return {p.name: (hints[p.name], ... if p.default is Parameter.empty else p.default) for p in parameters}

    @cached_property
    def _model(self) -> type[BaseModel]:
        config = ConfigDict(extra="forbid", alias_generator=camel)
        fields: dict[str, Any] = self._fields
        return create_model(self.name, __config__=config, **fields)


def read(title: str, *rules: Rule, returns: Any, open_world: bool = False) -> Callable[[Build], Tool]:
    """Declare a tool that only reads. It is *open_world* if its answer has text of guests."""
    return lambda build: Tool(
        title, build, returns, rules, reads=True, destructive=False, idempotent=True, open_world=open_world
    )


def write(
    title: str,
    *rules: Rule,
    returns: Any,
    destructive: bool,
    idempotent: bool,
    verification: Verification,
    open_world: bool = False,
    local: tuple[str, ...] = (),
    confirmation: Confirmation | None = None,
) -> Callable[[Build], Tool]:
    """Declare a tool that changes the account."""
    return lambda build: Tool(
        title,
        build,
        returns,
        rules,
        reads=False,
        destructive=destructive,
        idempotent=idempotent,
        open_world=open_world,
        local=local,
        verification=verification,
        confirmation=confirmation,
    )


def _marks(hint: Any) -> tuple[Any, ...]:
    """Return the marks of an annotated type, or of the types in a union."""
    # get_args of an annotated type includes its marks, which have no arguments of their own.
    own = hint.__metadata__ if get_origin(hint) is Annotated else ()
    return (*own, *(mark for part in get_args(hint) for mark in _marks(part)))


def _docstring(function: Callable[..., Any]) -> str:
    """Return the docstring from the source, since PYTHONOPTIMIZE=2 removes it from the code."""
    definition = ast.parse(getsource(function)).body[0]
    return ast.get_docstring(definition) or "" if isinstance(definition, ast.FunctionDef) else ""


def in_order(values: Mapping[str, Any]) -> str | None:
    """Return an error if the first day is after the last."""
    first, last = values.get("from_"), values.get("to")
    return f"from: {first} is after to, {last}" if first and last and first > last else None


def some_change(values: Mapping[str, Any]) -> str | None:
    """Return an error if an update changes nothing."""
    # The id names the object. Every other field is a change.
    fields = {name: value for name, value in values.items() if not name.endswith("_id")}
    if all(value is None for value in fields.values()):
        return f"nothing to update: give at least one of {', '.join(map(camel, fields))}"
    return None
