"""Writes that LinkTime has accepted but not finished."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from ...answers import record
from ...errors import OutcomeUnknown
from ...message import Reply

_ACCEPTED: Final = "LinkTime accepted this change but had not finished it"


class Accepted(OutcomeUnknown):
    """LinkTime answered 202: it has not finished the write. *data* is its answer."""

    def __init__(self, data: Any) -> None:
        super().__init__(f"{_ACCEPTED}.", answered=False)
        self.data = record(data)


def with_answer(reply: Reply, unknown: OutcomeUnknown) -> Reply:
    """Add LinkTime's own answer to an accepted write: the secret of a webhook is nowhere else."""
    if not isinstance(unknown, Accepted) or not isinstance(reply.data, dict):
        return reply
    data = {**reply.data, **unknown.data}
    if "secret" in data:
        data.pop("secretNote", None)
    return replace(reply, data=data)
