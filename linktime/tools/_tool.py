"""What a tool is: a function whose signature is the schema, whose docstring is the description."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from inspect import Parameter, signature
from typing import Any, get_type_hints
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from ..errors import InvalidArguments
from ..loss import Loss
from ..message import Request, camel
from ._faults import listed, told
from ._fields import unsendable
from ._schema import answer_schema, object_schema
from ._times import not_once, zones_of

Build = Callable[..., Request]
Rule = Callable[[Mapping[str, Any]], str | None]
"""A check over several arguments, by their Python names: the fault in words, or None."""


@dataclass(frozen=True, eq=False)
class Tool:
    """One tool: *build* makes its Request, *shape* is what comes back, and every one of *rules* must hold.

    It is *destructive* if something that stood before may be lost, and *open_world* if the call, or what it sets
    going, reaches somebody outside the account: a guest who is written to, a server that is called. Arguments named
    in *local* are times on the account's clocks on the day of another, `date`. *loss* is what can't be undone.
    """

    title: str
    build: Build
    shape: Any
    rules: tuple[Rule, ...]
    reads: bool
    destructive: bool
    idempotent: bool
    open_world: bool
    local: tuple[str, ...] = ()
    loss: Loss | None = None

    @property
    def name(self) -> str:
        """The name that the model calls."""
        return self.build.__name__

    @property
    def description(self) -> str:
        """What the model reads of it."""
        return " ".join((self.build.__doc__ or "").split())

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
        """Check the arguments and build the request, or raise InvalidArguments with every fault found.

        *zone* is the account's, if it is known: with it more faults are found, and better told.
        """
        known = self.input_schema["properties"]
        given = {name: value for name, value in (arguments or {}).items() if value is not None or name not in known}
        if faults := unsendable(given):
            raise InvalidArguments(listed(faults))
        try:
            values = dict(self._model.model_validate(given, context={"zones": zones_of(given, zone)}))
        except ValidationError as error:
            raise InvalidArguments(told(error, self.input_schema)) from None
        if faults := [fault for rule in self.rules if (fault := rule(values))] or self._off_the_clock(values, zone):
            raise InvalidArguments("; ".join(faults))
        return self.build(**values)

    def needs_zone(self, arguments: Mapping[str, Any] | None) -> bool:
        """Whether the account's zone decides if these arguments are right."""
        return any(camel(name) in (arguments or {}) for name in self.local)

    def _off_the_clock(self, values: Mapping[str, Any], zone: ZoneInfo | None) -> list[str]:
        if zone is None:
            return []
        told = {name: not_once(values["date"], values[name], zone) for name in self.local if values[name]}
        return [f"{camel(name)}: {fault}" for name, fault in told.items() if fault]

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


def read(title: str, *rules: Rule, returns: Any) -> Callable[[Build], Tool]:
    """Declare a tool that only looks."""
    return lambda build: Tool(
        title, build, returns, rules, reads=True, destructive=False, idempotent=True, open_world=False
    )


def write(
    title: str,
    *rules: Rule,
    returns: Any,
    destructive: bool,
    idempotent: bool,
    open_world: bool = False,
    local: tuple[str, ...] = (),
    loss: Loss | None = None,
) -> Callable[[Build], Tool]:
    """Declare a tool that changes something."""
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
        loss=loss,
    )


def in_order(given: Mapping[str, Any]) -> str | None:
    """Refuse a span whose first day is after its last."""
    first, last = given.get("from_"), given.get("to")
    return f"from: {first} is after to, {last}" if first and last and first > last else None


def some_change(given: Mapping[str, Any]) -> str | None:
    """Refuse an update that says which, but not what."""
    fields = {name: value for name, value in given.items() if not name.endswith("_id")}
    if all(value is None for value in fields.values()):
        return f"nothing to update: give at least one of {', '.join(map(camel, fields))}"
    return None
