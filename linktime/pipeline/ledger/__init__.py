"""The budget of one key and the changes made with it, shared by all its servers: rules, and places to keep them."""

from .changes import ChangeFeed
from .executor import Executor
from .factory import Shared, open_shared, terms_of
from .interface import RETRY, Change, ChangeLog, Ledger, LedgerUnavailable, Runner
from .rules import Budget
from .values import Breaker, Presence, Status, Terms

__all__ = [
    "RETRY",
    "Breaker",
    "Budget",
    "Change",
    "ChangeFeed",
    "ChangeLog",
    "Executor",
    "Ledger",
    "LedgerUnavailable",
    "Presence",
    "Runner",
    "Shared",
    "Status",
    "Terms",
    "open_shared",
    "terms_of",
]
