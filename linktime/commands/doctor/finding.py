"""The result of one check."""

from __future__ import annotations

from typing import Literal, NamedTuple

State = Literal["good", "warning", "fault"]


class Finding(NamedTuple):
    """The result of one check. It contains no secret, because users publish it in reports."""

    subject: str  # the thing that was checked
    state: State
    message: str  # the result for people
    cure: str = ""  # the fix, or an empty text if the state is good
    code: str = ""  # the result for programs; it stays the same if the message changes
