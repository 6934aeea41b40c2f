"""A budget as JSON, which is how it is stored."""

from __future__ import annotations

from functools import cache

import orjson
from pydantic import TypeAdapter, ValidationError

from .rules import Budget


class Malformed(Exception):
    """The text is not a budget."""


def dump(budget: Budget) -> str:
    """Return *budget* as JSON."""
    return orjson.dumps(budget).decode()


def load(text: str | bytes) -> Budget:
    """Return the budget in *text*. Raises Malformed."""
    try:
        return _adapter().validate_json(text, strict=True)
    except (ValidationError, TypeError):
        raise Malformed from None


def format_of(text: str) -> object:
    """Return the format of the budget in *text*, None if that cannot be seen."""
    try:
        return orjson.loads(text)["format"]
    except (ValueError, TypeError, KeyError):
        return None


def prepare() -> None:
    """Build the parser, so that a step does not hold up other servers for it."""
    _adapter()


@cache
def _adapter() -> TypeAdapter[Budget]:
    return TypeAdapter(Budget)
