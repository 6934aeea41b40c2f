"""Times on people's own clocks: a model that has to reckon them gets them wrong."""

from .layer import LocalTimes
from .zone import AccountZone

__all__ = ["AccountZone", "LocalTimes"]
