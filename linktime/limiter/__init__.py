"""The request budget: LIMIT cool-down slots, kept by a store, given out by the limiter."""

from .permits import Limiter, Permit
from .process import ProcessStore
from .shared import SharedStore
from .store import Slot, State, Store

__all__ = ["Limiter", "Permit", "ProcessStore", "SharedStore", "Slot", "State", "Store"]
