"""Values that are made once for the same objects."""

from __future__ import annotations

from typing import Any

from linktime.pipeline.identity import ByIdentity


def counting() -> tuple[ByIdentity[int], list[tuple[Any, ...]]]:
    """Return a function that numbers its calls, and the arguments of the calls so far."""
    made: list[tuple[Any, ...]] = []

    def make(*objects: Any) -> int:
        made.append(objects)
        return len(made)

    return ByIdentity(make), made


def test_value_is_made_once_for_the_same_objects() -> None:
    number, made = counting()
    data = [1]

    assert [number(data, "zone"), number(data, "zone"), number(data, "other")] == [1, 1, 2]
    assert made == [(data, "zone"), (data, "other")]


def test_equal_objects_have_values_of_their_own() -> None:
    number, _ = counting()

    assert [number([1]), number([1])] == [1, 2]


def test_oldest_value_is_dropped() -> None:
    number, made = counting()
    objects = [[each] for each in range(33)]
    for each in objects:
        number(each)

    assert number(objects[-1]) == 33
    assert number(objects[0]) == 34
    assert len(made) == 34
