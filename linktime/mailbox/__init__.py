"""The mailbox: calls become messages that wait for budget, and a pool of workers sends the most urgent first."""

from .pool import Mailbox
from .queue import Envelope, Limiter, Permit

__all__ = ["Envelope", "Limiter", "Mailbox", "Permit"]
