"""The reading of a call's arguments: their spellings become LinkTime's own form before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from inspect import Parameter, signature
from itertools import islice
from typing import Any, Final, get_type_hints
from zoneinfo import ZoneInfo

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from ..errors import InvalidArguments
from ..message import camel
from ..sanitize.spelling import renamed, spelled
from ._days import needs_zone
from ._json import unsendable
from ._lists import is_blank
from ._marks import CLEARABLE, DATE, marks
from ._schema import object_schema
from ._validation_errors import described, listed
from .zones import zones_of

_MOST_NOTES: Final = 16  # values that were read otherwise, in one result
_LONGEST_NOTE: Final = 200  # characters of one such value


@dataclass(frozen=True, slots=True)
class Reading:
    """The arguments of one call as the server understands them.

    *values* are for the tool's function, by its Python names. *arguments* are the same by their names on the wire.
    *read_as* has the value of each argument that was written otherwise, and the name of each argument that was named
    otherwise. *absent* names the arguments that count as not given. *remarks* name the effects that the words of the
    call do not have.
    """

    values: Mapping[str, Any]
    arguments: Mapping[str, Any]
    read_as: Mapping[str, Any]
    absent: tuple[str, ...]
    remarks: tuple[str, ...]

    def remarked(self, remarks: Sequence[str]) -> Reading:
        """Return the reading with further *remarks*."""
        return replace(self, remarks=(*self.remarks, *remarks)) if remarks else self


class Parameters:
    """The parameters of *build*, the function of a tool."""

    def __init__(self, build: Callable[..., Any]) -> None:
        self._build = build

    @cached_property
    def schema(self) -> Mapping[str, Any]:
        """The JSON Schema of the arguments."""
        written = object_schema(
            {camel(name): hint for name, (hint, _) in self._fields.items()},
            [camel(name) for name, (_, default) in self._fields.items() if default is ...],
        )
        for name, (_, default) in self._fields.items():
            if default is not ... and default is not None:
                written["properties"][camel(name)]["default"] = default
        return written

    def read(self, arguments: Mapping[str, Any] | None, zone: ZoneInfo | None, context: Mapping[str, Any]) -> Reading:
        """Return the reading of *arguments*, with the account's *zone* if it is known, and the *context* of the checks.

        Raises:
            InvalidArguments: The message has every fault.
        """
        # 1. Limits that also protect pydantic: depth, size, and text that is not Unicode.
        named = self.named(arguments)
        present = {name: value for name, value in named.items() if not self._is_absent(name, value)}
        if faults := unsendable(present):
            raise InvalidArguments(listed(faults))
        # 2. The type of each argument. "from None", because pydantic's error contains the values.
        state = {"zones": zones_of(present, zone), "account": zone, "remarks": [], **context}
        try:
            model = self._model.model_validate(present, context=state)
        except ValidationError as error:
            raise InvalidArguments(described(error, self.schema)) from None
        values, present_names = dict(model), model.model_fields_set
        return Reading(
            values,
            read := {camel(name): values[name] for name in values if name in present_names},
            dict(islice(self._notes(arguments or {}, present, read), _MOST_NOTES)),
            tuple(name for name in named if name not in present),
            tuple(dict.fromkeys(state["remarks"])),
        )

    def named(self, arguments: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """Return the arguments by the names of the schema.

        Raises:
            InvalidArguments: An argument has two values, under two spellings of its name.
        """
        try:
            return renamed(arguments or {}, self.schema["properties"])
        except ValueError as fault:
            raise InvalidArguments(str(fault)) from None

    def has_date_of_zone(self, arguments: Mapping[str, Any]) -> bool:
        """Return whether one of the *arguments* is a date that depends on the zone, such as tomorrow."""
        texts = (arguments.get(name) for name in self._dates)
        return any(isinstance(text, str) and needs_zone(text) for text in texts)

    def _notes(
        self, arguments: Mapping[str, Any], present: Mapping[str, Any], read: Mapping[str, Any]
    ) -> Iterator[tuple[str, Any]]:
        """Yield the names and values that were read otherwise than they were written."""
        known = self.schema["properties"]
        yield from ((name, spelled(name, known)) for name in arguments if name not in known)
        for name, value in read.items():
            yield from _differences(name, present[name], value)

    def _is_absent(self, name: str, value: Any) -> bool:
        """Return whether an argument counts as not given.

        1. null, for every known argument.
        2. A text without a visible character, for an optional argument, unless that clears the field.
        """
        if value is None:
            return name in self.schema["properties"]
        return name in self._blank_if_absent and is_blank(value)

    @cached_property
    def _blank_if_absent(self) -> frozenset[str]:
        # A required text stays, so that its own check reports that it is empty.
        optional = {name: hint for name, (hint, default) in self._fields.items() if default is not ...}
        return frozenset(camel(name) for name, hint in optional.items() if CLEARABLE not in marks(hint))

    @cached_property
    def _dates(self) -> frozenset[str]:
        return frozenset(camel(name) for name, (hint, _) in self._fields.items() if DATE in marks(hint))

    @cached_property
    def _fields(self) -> dict[str, tuple[Any, Any]]:
        hints = get_type_hints(self._build, include_extras=True)
        parameters = signature(self._build).parameters.values()
        return {p.name: (hints[p.name], ... if p.default is Parameter.empty else p.default) for p in parameters}

    @cached_property
    def _model(self) -> type[BaseModel]:
        config = ConfigDict(extra="forbid", alias_generator=camel)
        fields: dict[str, Any] = self._fields
        return create_model(self._build.__name__, __config__=config, **fields)


def _differences(path: str, given: Any, read: Any) -> Iterator[tuple[str, Any]]:
    match given, read:
        case dict(), dict():
            for name, value in read.items():
                yield from _differences(f"{path}.{name}", given.get(name), value)
        case list(), list() if len(given) == len(read):
            for number, value in enumerate(read):
                yield from _differences(f"{path}[{number}]", given[number], value)
        case str(), dict() | list() if (parsed := _json(given)) is not None:
            yield from _differences(path, parsed, read)
        case _ if given != read and len(str(read)) <= _LONGEST_NOTE:
            yield path, read


def _json(text: str) -> Any:
    """Return the array or object in a JSON text, or None."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict | list) else None
