"""What a look at one thing found."""

from __future__ import annotations

from typing import Literal, NamedTuple

State = Literal["good", "warning", "fault"]


class Finding(NamedTuple):
    """What was *seen* of the *subject*, and the *cure* of what is not good; people show it to strangers."""

    subject: str
    state: State
    seen: str
    cure: str = ""
