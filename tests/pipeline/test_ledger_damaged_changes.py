from __future__ import annotations

from typing import Any

import pytest

from linktime.pipeline.ledger.interface import Change, changes_of


@pytest.mark.parametrize("tags", ["nojson", None, 5, "[[1]", b"\xff", "7"])
def test_damaged_tags_may_stand_for_any_change(tags: Any) -> None:
    assert changes_of([('["bookings"]', 1.0), (tags, 1.0)]) is None


@pytest.mark.parametrize("settle", ["soon", None, [1]])
def test_damaged_seconds_may_stand_for_any_change(settle: Any) -> None:
    assert changes_of([('["bookings"]', settle)]) is None


def test_stored_changes_are_read() -> None:
    assert changes_of([('["bookings"]', "1.5"), ("[]", 0)]) == [
        Change(frozenset({"bookings"}), 1.5),
        Change(frozenset(), 0),
    ]
