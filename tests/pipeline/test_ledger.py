"""The permits of every kind of ledger, as two or three servers use it."""

from __future__ import annotations

from math import inf

from linktime.pipeline.ledger.rules import POLL
from linktime.pipeline.ledger.state import QUIET
from tests.support.ledger_homes import Server
from tests.support.ledger_setup import LEASE, Clock, Servers, seen, spend, take, wait

# Permits


def test_unused_ledger_has_no_status(servers: Servers) -> None:
    [one] = servers.unknown("one")

    assert one.status() is None


def test_servers_share_the_permits(servers: Servers) -> None:
    one, other = servers.known("one", "other")
    [mine] = take(one)
    spend(other, 40.0)

    servers.wait(10)

    status = seen(one)
    assert (status.cooling, status.leased, status.grants, status.servers) == ((30.0,), (LEASE - 10,), 2, 2)
    assert status == seen(other)
    assert one.release(mine, 20.0).cooling == (20.0, 30.0)


def test_permit_is_free_after_its_cooldown_and_not_before(servers: Servers) -> None:
    one, other = servers.known("one", "other", limit=1)
    spend(one, 8.0)

    assert wait(other) == 8.0
    servers.wait(7.75)
    assert wait(other) == 0.25
    servers.wait(0.25)
    take(other)


def test_unused_permit_is_free_at_once(servers: Servers) -> None:
    one, other = servers.known("one", "other", limit=1)
    [ident] = take(one)

    assert one.release(ident, 0.0, closes=False).leased == ()
    take(other)


def test_release_after_the_lease_ended_counts_all_the_same(servers: Servers) -> None:
    one, other = servers.known("one", "other", limit=1)
    [ident] = take(one)
    servers.wait(LEASE)

    assert one.release(ident, 9.0).cooling == (9.0,)
    assert wait(other) == 9.0


def test_server_polls_while_other_servers_hold_permits(servers: Servers) -> None:
    one, other = servers.known("one", "other", limit=2)
    take(one, 2)

    assert wait(one) == inf
    assert wait(other) == POLL


def test_take_keeps_spare_permits_unless_one_is_soon_free(servers: Servers) -> None:
    one, other = servers.known("one", "other", limit=4)
    spend(one, 30.0)
    take(one)
    take(other)

    assert wait(other, spare=1) == 30.0
    assert wait(other, spare=1, soon=10.0) == 20.0
    assert wait(other, spare=2) == POLL
    servers.wait(20)
    assert other.take("late", 1, 10.0) == 0


def test_first_permit_of_a_server_ignores_the_spare_count(servers: Servers) -> None:
    one, other = servers.known("one", "other")
    take(one, 2)

    assert other.take("first", 3, 0.0) == 0


def test_permits_of_a_dead_server_are_free_after_a_lease(servers: Servers) -> None:
    dead, alive = servers.known("dead", "alive", limit=2)
    take(dead, 2)

    servers.wait(LEASE - 0.25)
    assert wait(alive) == POLL
    servers.wait(0.25)
    take(alive, 2)


def test_permits_beyond_the_limit_have_to_become_free_first(servers: Servers) -> None:
    [wide] = servers.known("wide", limit=4)
    for seconds in (10.0, 20.0, 30.0):
        spend(wide, seconds)
    [narrow] = servers.known("narrow", limit=2)
    take_none = narrow.take("none", 0, 0.0)

    assert take_none == 20.0
    assert wait(wide) == 20.0
    assert wait(wide, spare=1) == 30.0


# Presence


def test_server_counts_until_it_leaves_or_is_silent(servers: Servers) -> None:
    one, other, third = servers.known("one", "other", "third")
    assert seen(one).servers == 3

    third.leave()
    assert seen(one).servers == 2

    servers.wait(QUIET - 1)
    spend(one)
    servers.wait(1)
    assert seen(other).servers == 1


def test_leaving_frees_no_permit_early(servers: Servers) -> None:
    one, other = servers.known("one", "other", limit=1)
    take(one)

    one.leave()

    assert wait(other) == POLL
    servers.wait(LEASE)
    take(other)


def test_absent_server_is_not_waited_for(servers: Servers) -> None:
    one, other = servers.known("one", "other", limit=4)
    other.leave()

    take(one, 4)


# Settings


def test_smallest_limit_applies_to_all(servers: Servers) -> None:
    [wide] = servers.known("wide", limit=6)
    [narrow] = servers.known("narrow", limit=2)
    take(wide, 1)
    take(narrow, 1)

    assert (seen(wide).limit, wait(wide)) == (2, POLL)


def test_limit_of_an_absent_server_applies_for_a_lease(servers: Servers) -> None:
    [wide] = servers.known("wide", limit=6)
    [narrow] = servers.known("narrow", limit=2)
    narrow.leave()
    assert seen(wide).limit == 2

    servers.wait(LEASE)
    assert wide.join().limit == 6


def test_longest_period_applies_to_all(servers: Servers) -> None:
    short = Server(servers.home.open("short", 6, servers.clock, period=10.0))
    spend(short, 10.0)
    [long] = servers.known("long", limit=6)

    assert seen(short).cooling == (60.0,)
    spend(short, 10.0)
    spend(long, 60.0)
    assert seen(long).cooling == (60.0, 60.0, 60.0)
    assert seen(short).period == 60.0


# Clocks


def test_unknown_clock_goes_on_where_the_budget_is(servers: Servers) -> None:
    [one] = servers.known("one")
    spend(one, 60.0)
    servers.wait(20)
    one.join()

    restarted = Servers(servers.home, Clock(5.0))
    [other] = restarted.unknown("other")
    other.shared.ledger.clock = "another boot"  # type: ignore[misc]

    assert other.join().cooling == (40.0,)
    restarted.wait(30)
    assert other.join().cooling == (10.0,)
    assert not seen(other).mixed


def test_two_clocks_in_turns_are_reported(servers: Servers) -> None:
    [one] = servers.known("one")
    far = Servers(servers.home, Clock(99_000.0))
    [other] = far.unknown("other")
    other.shared.ledger.clock = "another machine"  # type: ignore[misc]
    spend(one, 60.0)
    other.join()

    for _ in range(3):
        servers.wait(10)
        far.wait(10)
        one.join()
        other.join()

    assert seen(one).mixed
    assert seen(other).cooling == (30.0,)


def test_clock_that_is_set_back_goes_on(servers: Servers) -> None:
    [one] = servers.known("one")
    spend(one, 60.0)
    servers.clock.time -= 900
    assert one.join().cooling == (60.0,)

    servers.wait(20)
    assert one.join().cooling == (40.0,)
