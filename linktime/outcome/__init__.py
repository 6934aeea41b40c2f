"""What became of a write: one whose outcome is unknown is read back, and a conflict is told with free times."""

from .evidence import EVIDENCE
from .readback import Outcome

__all__ = ["EVIDENCE", "Outcome"]
