"""The changes that servers publish to each other through a ledger."""

from __future__ import annotations

import pytest

from linktime.pipeline.ledger import Change
from linktime.pipeline.ledger.interface import KEPT
from tests.support.ledger_setup import Servers


def test_poll_returns_the_changes_since_the_last_poll(servers: Servers) -> None:
    one, other = servers.known("one", "other")
    assert one.shared.changes.poll(patient=True) is None
    assert one.shared.changes.poll(patient=True) == []

    changes = [Change(frozenset({"contacts", "contact c1"}), 0.0), Change(frozenset({"bookings"}), 2.5)]
    for change in changes:
        other.shared.changes.publish(change)

    assert one.shared.changes.poll(patient=True) == changes
    assert one.shared.changes.poll(patient=True) == []
    assert other.shared.changes.poll(patient=True) is None
    assert other.shared.changes.poll(patient=True) == []


def test_poll_omits_the_changes_of_the_server_itself(servers: Servers) -> None:
    one, other = servers.known("one", "other")
    one.shared.changes.poll(patient=True)
    mine, others = (Change(frozenset({name}), 0.0) for name in ("mine", "others"))

    one.shared.changes.publish(mine)
    other.shared.changes.publish(others)
    one.shared.changes.publish(mine)

    assert one.shared.changes.poll(patient=True) == [others]


def test_poll_after_too_many_changes_returns_none(servers: Servers) -> None:
    one, other = servers.known("one", "other")
    one.shared.changes.poll(patient=True)
    change = Change(frozenset({"tag"}), 0.0)
    other.shared.changes.publish(change)
    assert one.shared.changes.poll(patient=True) == [change]

    for _ in range(KEPT - 1):
        other.shared.changes.publish(change)
    assert one.shared.changes.poll(patient=True) == [change] * (KEPT - 1)
    for _ in range(KEPT + 1):
        other.shared.changes.publish(change)

    assert one.shared.changes.poll(patient=True) is None
    other.shared.changes.publish(change)
    assert one.shared.changes.poll(patient=True) == [change]


def test_server_that_never_joined_can_publish_and_poll(servers: Servers) -> None:
    one, other = servers.unknown("one", "other")
    one.shared.changes.poll(patient=True)
    change = Change(frozenset({"tag"}), 1.0)

    other.shared.changes.publish(change)

    assert one.shared.changes.poll(patient=True) == [change]
    assert one.status() is None


@pytest.mark.parametrize("count", [0, 1, 3])
def test_poll_after_a_loss_of_data_returns_none(servers: Servers, count: int) -> None:
    one, other = servers.known("one", "other")
    one.shared.changes.poll(patient=True)
    for number in range(2):
        other.shared.changes.publish(Change(frozenset({str(number)}), 0.0))
    one.shared.changes.poll(patient=True)

    servers.home.forget()
    for number in range(count):
        other.shared.changes.publish(Change(frozenset({str(number)}), 0.0))

    assert one.shared.changes.poll(patient=True) is None
    other.shared.changes.publish(Change(frozenset({"late"}), 0.0))
    assert one.shared.changes.poll(patient=True) == [Change(frozenset({"late"}), 0.0)]
