"""A tool: a function whose signature is the schema and whose docstring is the description."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from inspect import getsource
from typing import Any, Final
from zoneinfo import ZoneInfo

from ..errors import InvalidArguments
from ..message import Request, camel
from ..pipeline.outcome.verification import Verification
from ._reading import Parameters, Reading
from ._schema import answer_schema
from ._times import not_once
from .confirmation import Confirmation
from .dates import dates
from .guest_text import KINDS
from .lookup import Lookup
from .plan import Plan

_TO_READ: Final = 5.0  # s
_TO_CHECK: Final = 1.0  # s

Build = Callable[..., Request | Plan]
Rule = Callable[[Mapping[str, Any]], str | None]
"""A check over several arguments, by their Python names. It returns the error as text, or None."""

Remark = Callable[[Mapping[str, Any]], str | None]
"""Returns an effect that the words of a call do not have, or None."""


@dataclass(frozen=True, eq=False)
class Tool:
    """One tool. *build* makes its Request, or a Plan, *shape* is the type of its answer, and all *rules* must hold.

    A tool is *destructive* if existing data may be lost. It is *open_world* if the call, or its consequences, reach
    people or servers outside the account, such as a guest who gets an e-mail. The arguments named in *local* are times
    in the account's zone on the days from `date` to `to`. *lookup* finds the id of a row by another name.
    *confirmation* is the question before a loss, or before guests' data leaves the account. With *local_targets* that
    data may go to this machine. Every tool that writes has a *verification*, by which its outcome is read back. The
    answer has the *remarks* that apply.
    """

    # for the list of tools
    name: str
    title: str
    description: str  # for the model
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
    lookup: Lookup | None = None
    verification: Verification | None = None
    confirmation: Confirmation | None = None
    local_targets: bool = False
    remarks: tuple[Remark, ...] = ()

    @property
    def input_schema(self) -> Mapping[str, Any]:
        """The JSON Schema of the arguments."""
        return self._parameters.schema

    @cached_property
    def output_schema(self) -> Mapping[str, Any]:
        """The JSON Schema of an answer. It promises only what the session makes true."""
        return answer_schema(self.shape, guests=self.name in KINDS)

    def request(self, arguments: Mapping[str, Any] | None, zone: ZoneInfo | None = None) -> Request:
        """Check the arguments and return the first request of their plan. Raise InvalidArguments with every error."""
        return self.planned(self.read(arguments, zone)).first

    def planned(self, reading: Reading) -> Plan:
        """Return the requests of a call whose arguments were read."""
        return Plan.of(self.build(**reading.values)).verified(self.verification)

    def read(
        self, arguments: Mapping[str, Any] | None, zone: ZoneInfo | None = None, now: datetime | None = None
    ) -> Reading:
        """Return the arguments as the server understands them. Raise InvalidArguments with every error.

        *zone* is the account's, if it is known. It allows further checks, and better suggestions. With *zone* and the
        time *now*, a date may be today or tomorrow.
        """
        reading = self._parameters.read(arguments, zone, {"local_targets": self.local_targets, "now": now})
        # Rules over several arguments, and times that need the account's zone.
        values = reading.values
        if faults := [fault for rule in self.rules if (fault := rule(values))] or self._not_once(values, zone):
            raise InvalidArguments("; ".join(faults))
        remarks = [text for each in self.remarks if (text := each(values))]
        return reading.remarked(remarks + (_unchanged(reading) if some_change in self.rules else []))

    def zone_patience(self, arguments: Mapping[str, Any] | None) -> float:
        """Return for how many seconds these arguments are worth a wait for the account's zone.

        1. A date in words, or as an instant, can't be read without the zone.
        2. A time of day on that zone's clocks can be checked by it.
        """
        named = self._parameters.named(arguments)
        if self._parameters.has_date_of_zone(named):
            return _TO_READ
        return _TO_CHECK if any(camel(name) in named for name in self.local) else 0.0

    @cached_property
    def _parameters(self) -> Parameters:
        return Parameters(self.build)

    def _not_once(self, values: Mapping[str, Any], zone: ZoneInfo | None) -> list[str]:
        if zone is None:
            return []
        times = {name: values[name] for name in self.local if values[name]}
        days = dates(values["date"], values["to"]) if times else []
        faults = ((name, not_once(day, time, zone)) for name, time in times.items() for day in days)
        return [f"{camel(name)}: {fault}" for name, fault in faults if fault]


def read(title: str, *rules: Rule, returns: Any, open_world: bool = False) -> Callable[[Build], Tool]:
    """Declare a tool that only reads. It is *open_world* if its answer has text of guests."""
    return lambda build: Tool(
        build.__name__,
        title,
        _description(build),
        build,
        returns,
        rules,
        reads=True,
        destructive=False,
        idempotent=True,
        open_world=open_world,
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
    lookup: Lookup | None = None,
    confirmation: Confirmation | None = None,
    remarks: tuple[Remark, ...] = (),
) -> Callable[[Build], Tool]:
    """Declare a tool that changes the account."""
    return lambda build: Tool(
        build.__name__,
        title,
        _description(build),
        build,
        returns,
        rules,
        reads=False,
        destructive=destructive,
        idempotent=idempotent,
        open_world=open_world,
        local=local,
        lookup=lookup,
        verification=verification,
        confirmation=confirmation,
        remarks=remarks,
    )


def _unchanged(reading: Reading) -> list[str]:
    """Return the remark on arguments of an update that were null or blank, and change nothing."""
    names = ", ".join(reading.absent)
    return [f"{names}: null and blank values were ignored, and these fields stay as they are."] if names else []


def _description(build: Build) -> str:
    """Return the docstring as one line. PYTHONOPTIMIZE=2 removes it from the code, so it is read from the source."""
    text = build.__doc__
    if text is None:
        match compile(getsource(build), "", "exec", ast.PyCF_ONLY_AST, optimize=0):
            case ast.Module(body=[ast.FunctionDef() as definition]):
                text = ast.get_docstring(definition)
    return " ".join((text or "").split())


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
