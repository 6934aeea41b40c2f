"""The outcome of writes: reads back the uncertain ones, recognizes repetitions, and advises after a conflict."""

from .outcome import Outcome
from .verification import VERIFICATIONS

__all__ = ["VERIFICATIONS", "Outcome"]
