"""The result of one check."""

from __future__ import annotations

from typing import Literal, NamedTuple

State = Literal["good", "warning", "fault"]


class Finding(NamedTuple):
    """What a check found.

    It contains no secret, because users show it to others.
    """

    subject: str  # what was checked
    state: State
    seen: str  # what was found, for people
    cure: str = ""  # what to do; empty if the state is good
    code: str = ""  # what was found, for programs
