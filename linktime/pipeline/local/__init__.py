"""Local times: answers get the times of the account and the guest, because models convert time zones badly."""

from .local_times import LocalTimes
from .zone import AccountZone

__all__ = ["AccountZone", "LocalTimes"]
