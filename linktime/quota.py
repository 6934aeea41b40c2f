"""What LinkTime's headers say of the budget, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Quota:
    """The service's own count: requests *remaining* and seconds until it is *reset*; None where it did not say."""

    remaining: int | None = None
    reset: float | None = None


UNTOLD: Final = Quota()
"""The quota of an answer that says nothing of it."""
