"""The fair shares of servers that compete for the permits of one ledger."""

from __future__ import annotations

from math import inf

from linktime.pipeline.ledger.rules import NEAR, POLL, YIELD
from tests.support.ledger_setup import LEASE, Servers, seen, spend, take, wait


def test_server_with_fewer_permits_goes_first(servers: Servers) -> None:
    rich, poor = servers.known("rich", "poor", limit=2)
    spend(rich, 50.0)
    spend(rich, 60.0)
    servers.wait(40)
    assert wait(rich) == wait(poor) == 10.0
    servers.wait(10)

    assert wait(rich) == YIELD
    take(poor)
    assert wait(rich) == 10.0


def test_no_server_yields_if_there_is_a_permit_for_each(servers: Servers) -> None:
    rich, poor = servers.known("rich", "poor", limit=3)
    take(rich, 1)
    spend(rich, 10.0)
    spend(rich, 10.0)
    assert wait(poor) == 10.0
    servers.wait(10)

    take(rich)
    take(poor)


def test_servers_with_equal_permits_do_not_yield(servers: Servers) -> None:
    one, other = servers.known("one", "other", limit=3)
    spend(one, 30.0)
    spend(other, 30.0)
    spend(one, 20.0)
    assert wait(one) == wait(other) == 20.0
    servers.wait(20)

    take(one)


def test_claim_that_cannot_use_the_permit_blocks_no_server(servers: Servers) -> None:
    rich, poor, third = servers.known("rich", "poor", "third", limit=6)
    take(third)
    spend(poor, 30.0)
    for seconds in (10.0, 10.0, 30.0, 30.0):
        spend(rich, seconds)
    assert wait(poor, spare=1) == 10.0
    servers.wait(10)
    take(third)

    take(rich)


def test_late_server_is_waited_for_half_a_second(servers: Servers) -> None:
    rich, dead = servers.known("rich", "dead", limit=2)
    spend(rich, 10.0)
    spend(rich, 30.0)
    assert wait(dead) == 10.0
    servers.wait(10)

    assert wait(rich) == YIELD
    servers.wait(NEAR - YIELD)
    assert wait(rich) == YIELD
    servers.wait(YIELD)
    take(rich)


def test_server_with_a_new_permit_has_no_claim_on_the_next(servers: Servers) -> None:
    rich, poor = servers.known("rich", "poor", limit=4)
    spend(poor, 10.0)
    for seconds in (10.0, 10.0, 60.0):
        spend(rich, seconds)
    assert wait(poor) == 10.0
    servers.wait(10)

    take(poor)
    take(rich, 2)


def test_server_leaves_one_permit_for_each_idle_server(servers: Servers) -> None:
    rich, *poor = servers.known("rich", "poor", "late", limit=8)
    take(rich, 6)

    assert (wait(rich), seen(rich).reserved) == (inf, 2)
    for other in poor:
        take(other)
    assert (wait(rich), seen(rich).reserved) == (POLL, 0)


def test_first_permit_comes_from_the_reservation(servers: Servers) -> None:
    rich, poor = servers.known("rich", "poor", limit=4)
    take(rich, 3)

    take(poor)
    assert wait(poor) == POLL


def test_reservation_ends_if_another_permit_is_soon_free(servers: Servers) -> None:
    rich, _ = servers.known("rich", "idle", limit=4)
    for seconds in (10.0, 60.0, 60.0):
        spend(rich, seconds)

    assert rich.take("early", 0, 3.0) == 7.0
    servers.wait(7)
    assert rich.take("late", 0, 3.0) == 0


def test_at_most_a_quarter_is_reserved_for_present_servers(servers: Servers) -> None:
    rich, gone, *_ = servers.known("rich", "gone", "idle", "idler", limit=8)
    take(rich, 6)
    assert wait(rich) == inf

    servers.wait(LEASE)
    gone.join()
    take(rich, 7)
    assert wait(rich) == inf
    gone.leave()
    take(rich)
