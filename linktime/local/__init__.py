"""Times on people's own clocks: a model that has to reckon them gets them wrong."""

from .layer import LocalTimes
from .wall import choices, shown, unclear, zone_named
from .zone import AccountZone

__all__ = ["AccountZone", "LocalTimes", "choices", "shown", "unclear", "zone_named"]
