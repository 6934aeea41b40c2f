"""Values that are made once for the same objects, since the cache returns the same answer again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

V = TypeVar("V")

_MOST: Final = 32  # values


class ByIdentity(Generic[V]):
    """Calls *make* once for the same objects, and keeps the latest values. Nothing may change the objects."""

    def __init__(self, make: Callable[..., V]) -> None:
        self._make = make
        # by the ids of the objects, oldest first; the objects are kept, so that their ids stay taken
        self._kept: dict[tuple[int, ...], tuple[tuple[Any, ...], V]] = {}

    def __call__(self, *objects: Any) -> V:
        """Return the value that *make* returned for these objects."""
        key = tuple(map(id, objects))
        if key not in self._kept:
            self._kept[key] = objects, self._make(*objects)
            if len(self._kept) > _MOST:
                del self._kept[next(iter(self._kept))]
        return self._kept[key][1]
