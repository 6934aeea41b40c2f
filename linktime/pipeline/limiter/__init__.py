"""The request budget: LIMIT cool-down permits, kept by a store, granted by the limiter."""

from .limiter import Limiter, Permit
from .scheduling import reserved_for_writes
from .shared import SharedStore
from .sharing import sharing
from .store import Lease, MemoryStore, Store

__all__ = ["Lease", "Limiter", "MemoryStore", "Permit", "SharedStore", "Store", "reserved_for_writes", "sharing"]
