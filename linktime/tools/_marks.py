"""Marks: facts about an argument that stand beside its type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final, get_args, get_origin

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from ..message import camel
from ..sanitize.spelling import candidates, renamed, spelled

CLEARABLE: Final = object()
"""A text in an update: the empty text clears the field. Elsewhere it counts as not given."""

DATE: Final = object()
"""A date. An instant may stand for it, if that is on one date."""


def marks(hint: Any) -> tuple[Any, ...]:
    """Return the marks of an annotated type, or of the types in a union."""
    # get_args of an annotated type includes its marks, which have no arguments of their own.
    own = hint.__metadata__ if get_origin(hint) is Annotated else ()
    return (*own, *(mark for part in get_args(hint) for mark in marks(part)))


def remark(info: ValidationInfo, text: str) -> None:
    """Add *text* to the remarks of the answer, because the call does something else than its words."""
    (info.context or {}).setdefault("remarks", []).append(f"{camel(info.field_name or '')}: {text}")


@dataclass(frozen=True)
class AtMost:
    """A number that is lowered to *most* if it is larger, with a remark."""

    most: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_after_validator_function(self._lowered, handler(source))

    def _lowered(self, number: int, info: ValidationInfo) -> int:
        if number > self.most:
            remark(info, f"{number} was lowered to {self.most}, the maximum. Use page for the rest.")
        return min(number, self.most)


@dataclass(frozen=True)
class Choice:
    """A word of an enumeration, in any spelling.

    *names* are the known words of an enumeration that LinkTime may extend. Without them, the type is a Literal.
    """

    names: tuple[str, ...] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        read = partial(_word, self.names or get_args(source))
        return core_schema.no_info_before_validator_function(read, handler(source))


def _word(names: tuple[str, ...], value: Any) -> Any:
    """Return the word that *value* spells, or *value* itself if it spells none.

    Raises:
        ValueError: It is a part of known words. The message names them.
    """
    if not isinstance(value, str):
        return value
    if name := spelled(value, names):
        return name
    match candidates(value, names):
        case []:
            return value
        case [name]:
            raise ValueError(f"did you mean {name}?")
        case several:
            raise ValueError(f"can mean {' or '.join(several)}. Send one of them")


@dataclass(frozen=True)
class Fields:
    """An object whose fields may be named in any spelling, such as day_of_week for dayOfWeek."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(partial(_named, source.__annotations__), handler(source))


def _named(known: Mapping[str, Any], value: Any) -> Any:
    return renamed(value, known) if isinstance(value, dict) else value
