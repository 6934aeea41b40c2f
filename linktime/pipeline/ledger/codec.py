"""A budget as text, which is how it is stored: its format, a checksum, and JSON without the names of fields.

The checksum replaces the validation of every value, which would cost more than a step. A text with the right checksum
was written by a server of the same format.
"""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter
from typing import Final
from zlib import crc32

import orjson

from .rules import Budget
from .state import Member

FORMAT: Final = 2  # a server leaves a budget of another format alone

_row = attrgetter(*(field.name for field in fields(Member)))
_head = attrgetter(*(field.name for field in fields(Budget) if field.name != "members"))


class Malformed(Exception):
    """The text is not a budget."""


def dump(budget: Budget) -> str:
    """Return *budget* as text."""
    members = {name: _row(member) for name, member in budget.members.items()}
    body = orjson.dumps((_head(budget), members))
    return f"{FORMAT} {crc32(body)} {body.decode()}"


def load(text: object) -> Budget:
    """Return the budget in *text*. Raises Malformed."""
    try:
        version, checksum, body = str(text).split(" ", 2)
        if int(version) != FORMAT or int(checksum) != crc32(body.encode()):
            raise Malformed
        head, members = orjson.loads(body)
        return Budget(*[*head, {name: Member(*row) for name, row in members.items()}])
    except (ValueError, TypeError):
        raise Malformed from None


def format_of(text: str) -> int | None:
    """Return the format of the budget in *text*, None if it is no budget."""
    version = text.partition(" ")[0]
    return int(version) if version.isdecimal() else None
