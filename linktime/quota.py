"""What LinkTime's headers say of the budget, as a value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quota:
    """The service's own count: requests *remaining* and seconds until it is *reset*; None where it did not say."""

    remaining: int | None = None
    reset: float | None = None
