"""The outcome of writes: reads back the uncertain ones, recognizes repetitions, and advises after a conflict."""

from .outcome import Outcome

__all__ = ["Outcome"]
