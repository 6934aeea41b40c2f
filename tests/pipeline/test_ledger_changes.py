"""The changes that servers publish to each other through a ledger."""

from __future__ import annotations

import pytest

from linktime.pipeline.ledger import Change
from linktime.pipeline.ledger.interface import KEPT
from tests.support.ledger_setup import Servers


def test_a_server_hears_what_the_others_told_since_it_listened_last(servers: Servers) -> None:
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


def test_a_servers_own_changes_are_no_news_to_it(servers: Servers) -> None:
    one, other = servers.known("one", "other")
    one.shared.changes.poll(patient=True)
    mine, others = (Change(frozenset({name}), 0.0) for name in ("mine", "others"))

    one.shared.changes.publish(mine)
    other.shared.changes.publish(others)
    one.shared.changes.publish(mine)

    assert one.shared.changes.poll(patient=True) == [others]


def test_who_did_not_listen_for_too_many_changes_cannot_tell_what_changed(servers: Servers) -> None:
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


def test_who_never_joined_may_tell_and_hear(servers: Servers) -> None:
    one, other = servers.unknown("one", "other")
    one.shared.changes.poll(patient=True)
    change = Change(frozenset({"tag"}), 1.0)

    other.shared.changes.publish(change)

    assert one.shared.changes.poll(patient=True) == [change]
    assert one.status() is None


@pytest.mark.parametrize("told", [0, 1, 3])
def test_after_a_loss_nobody_can_tell_what_changed(servers: Servers, told: int) -> None:
    one, other = servers.known("one", "other")
    one.shared.changes.poll(patient=True)
    for number in range(2):
        other.shared.changes.publish(Change(frozenset({str(number)}), 0.0))
    one.shared.changes.poll(patient=True)

    servers.home.forget()
    for number in range(told):
        other.shared.changes.publish(Change(frozenset({str(number)}), 0.0))

    assert one.shared.changes.poll(patient=True) is None
    other.shared.changes.publish(Change(frozenset({"late"}), 0.0))
    assert one.shared.changes.poll(patient=True) == [Change(frozenset({"late"}), 0.0)]
