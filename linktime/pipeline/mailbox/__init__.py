"""The mailbox: calls become messages that wait for budget, and a pool of workers sends the most urgent first."""

from .pool import Mailbox

__all__ = ["Mailbox"]
