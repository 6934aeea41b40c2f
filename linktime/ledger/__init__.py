"""The account book of one key: what all its servers spent, and what they changed, where each of them can see it."""

from .book import RETRY, Away, Call, Change, Forgotten, Ledger, Standing
from .clerk import Clerk
from .journal import Journal
from .opening import open_ledger

__all__ = ["RETRY", "Away", "Call", "Change", "Clerk", "Forgotten", "Journal", "Ledger", "Standing", "open_ledger"]
