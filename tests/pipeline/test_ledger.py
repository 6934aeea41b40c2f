"""What every ledger does, wherever it is kept, as two or three servers see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from uuid import uuid4

import pytest

from linktime.pipeline.ledger import Breaker, Change, Status
from linktime.pipeline.ledger.interface import KEPT
from linktime.pipeline.ledger.rules import NEAR, POLL, YIELD
from linktime.pipeline.ledger.state import QUIET
from tests.support.ledger_homes import Home, Server

PERIOD, PATIENCE = 60.0, 12.0
LEASE = PERIOD + PATIENCE


@dataclass
class Clock:
    """A clock that goes on when it is told to."""

    time: float = 1000.0

    def __call__(self) -> float:
        """Tell the seconds."""
        return self.time


@dataclass
class Servers:
    """Several servers with one key, and one clock."""

    home: Home
    clock: Clock = field(default_factory=Clock)

    def known(self, *names: str, limit: int = 3) -> list[Server]:
        """Open the ledger for each of them, and let them join."""
        ledgers = self.unknown(*names, limit=limit)
        for ledger in ledgers:
            ledger.join()
        return ledgers

    def unknown(self, *names: str, limit: int = 3) -> list[Server]:
        """Open the ledger for each of them."""
        return [Server(self.home.open(name, limit, self.clock)) for name in names]

    def wait(self, seconds: float) -> None:
        """Let time pass for all."""
        self.clock.time += seconds


@pytest.fixture
def servers(home: Home) -> Servers:
    return Servers(home)


def take(ledger: Server, count: int = 1) -> list[str]:
    """Take slots that there have to be."""
    taken = [uuid4().hex for _ in range(count)]
    for ident in taken:
        assert ledger.take(ident, 0, 0.0) == 0
    return taken


def spend(ledger: Server, seconds: float = PERIOD) -> None:
    """Take a slot that then cools down for so long."""
    [ident] = take(ledger)
    ledger.release(ident, seconds, closes=True)


def seen(server: Server) -> Status:
    """Look at a budget that there has to be."""
    status = server.status()
    assert status is not None
    return status


def wait(ledger: Server, spare: int = 0, soon: float = 0.0) -> float:
    """Ask for a slot that there can't be, and tell when to ask again."""
    seconds = ledger.take(uuid4().hex, spare, soon)
    assert seconds > 0
    return seconds


# Permits


def test_nobody_shares_a_ledger_that_nobody_began(servers: Servers) -> None:
    [one] = servers.unknown("one")

    assert one.status() is None


def test_servers_share_the_slots(servers: Servers) -> None:
    one, other = servers.known("one", "other")
    [mine] = take(one)
    spend(other, 40.0)

    servers.wait(10)

    status = seen(one)
    assert (status.cooling, status.leased, status.grants, status.servers) == ((30.0,), (LEASE - 10,), 2, 2)
    assert status == seen(other)
    assert one.release(mine, 20.0).cooling == (20.0, 30.0)


def test_a_slot_is_free_after_its_time_and_not_before(servers: Servers) -> None:
    one, other = servers.known("one", "other", limit=1)
    spend(one, 8.0)

    assert wait(other) == 8.0
    servers.wait(7.75)
    assert wait(other) == 0.25
    servers.wait(0.25)
    take(other)


def test_a_slot_that_was_not_used_is_free_for_all_at_once(servers: Servers) -> None:
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


def test_nobody_knows_when_its_own_slots_come_back_and_others_have_to_be_looked_after(servers: Servers) -> None:
    one, other = servers.known("one", "other", limit=2)
    take(one, 2)

    assert wait(one) == inf
    assert wait(other) == POLL


def test_a_taker_leaves_what_it_is_to_spare_unless_that_will_soon_be_free(servers: Servers) -> None:
    one, other = servers.known("one", "other", limit=4)
    spend(one, 30.0)
    take(one)
    take(other)

    assert wait(other, spare=1) == 30.0
    assert wait(other, spare=1, soon=10.0) == 20.0
    assert wait(other, spare=2) == POLL
    servers.wait(20)
    assert other.take("late", 1, 10.0) == 0


def test_a_servers_first_slot_is_spared_for_nobody(servers: Servers) -> None:
    one, other = servers.known("one", "other")
    take(one, 2)

    assert other.take("first", 3, 0.0) == 0


def test_what_a_dead_server_held_comes_back_when_its_requests_have_surely_ended_for_a_period(servers: Servers) -> None:
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


# Different settings


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


# The breaker


def test_a_shut_gate_holds_everybody_for_the_longest_time_that_was_told(servers: Servers) -> None:
    one, other = servers.known("one", "other")
    assert (one.open_breaker(7.0).breaker, seen(other).blocked) == (Breaker.OPEN, 7.0)
    assert other.open_breaker(2.0).blocked == 7.0

    assert wait(one) == wait(other) == 7.0
    servers.wait(6)
    assert wait(other) == 1.0


def test_one_probe_opens_the_gate_for_all(servers: Servers) -> None:
    one, other = servers.known("one", "other")
    one.open_breaker(7.0)
    servers.wait(7)

    [probe] = take(other)
    assert wait(one) == POLL
    assert wait(other) == inf
    assert other.release(probe, PERIOD, closes=True).breaker is Breaker.CLOSED

    take(one)
    take(other)


def test_a_probe_that_was_not_let_in_is_followed_by_another(servers: Servers) -> None:
    one, other = servers.known("one", "other")
    [before] = take(one)
    one.open_breaker(0.0)
    [probe] = take(one)

    one.release(before, PERIOD, closes=True)
    assert wait(other) == POLL
    assert one.release(probe, 0.0, closes=False).breaker is not Breaker.CLOSED

    take(other)
    assert wait(one) == POLL


def test_a_probe_whose_server_died_holds_the_gate_until_it_must_have_ended(servers: Servers) -> None:
    dead, alive = servers.known("dead", "alive")
    dead.open_breaker(1.0)
    servers.wait(1)
    take(dead)

    servers.wait(PATIENCE - 0.25)
    assert wait(alive) == POLL
    servers.wait(0.25)
    [probe] = take(alive)
    assert alive.release(probe, PERIOD, closes=True).breaker is Breaker.CLOSED


def test_a_probe_of_before_the_gate_was_shut_again_does_not_open_it(servers: Servers) -> None:
    one, other = servers.known("one", "other")
    one.open_breaker(0.0)
    [probe] = take(one)
    other.open_breaker(4.0)

    assert one.release(probe, PERIOD, closes=True).blocked == 4.0
    assert wait(other) == 4.0


def test_a_gate_that_opened_and_is_shut_again_is_shut_for_the_new_time(servers: Servers) -> None:
    [one] = servers.known("one")
    one.open_breaker(5.0)
    servers.wait(5)
    [probe] = take(one)
    one.release(probe, PERIOD, closes=True)

    assert one.open_breaker(2.0).blocked == 2.0


# Fairness


def test_the_server_with_fewer_slots_goes_first(servers: Servers) -> None:
    rich, poor = servers.known("rich", "poor", limit=2)
    spend(rich, 50.0)
    spend(rich, 60.0)
    servers.wait(40)
    assert wait(rich) == wait(poor) == 10.0
    servers.wait(10)

    assert wait(rich) == YIELD
    take(poor)
    assert wait(rich) == 10.0


def test_where_there_is_a_slot_for_each_nobody_yields(servers: Servers) -> None:
    rich, poor = servers.known("rich", "poor", limit=3)
    take(rich, 1)
    spend(rich, 10.0)
    spend(rich, 10.0)
    assert wait(poor) == 10.0
    servers.wait(10)

    take(rich)
    take(poor)


def test_servers_with_as_many_slots_do_not_yield_to_each_other(servers: Servers) -> None:
    one, other = servers.known("one", "other", limit=3)
    spend(one, 30.0)
    spend(other, 30.0)
    spend(one, 20.0)
    assert wait(one) == wait(other) == 20.0
    servers.wait(20)

    take(one)


def test_a_claim_that_cannot_use_the_slot_holds_nobody_up(servers: Servers) -> None:
    rich, poor, third = servers.known("rich", "poor", "third", limit=6)
    take(third)
    spend(poor, 30.0)
    for seconds in (10.0, 10.0, 30.0, 30.0):
        spend(rich, seconds)
    assert wait(poor, spare=1) == 10.0
    servers.wait(10)
    take(third)

    take(rich)


def test_a_server_that_does_not_ask_when_it_said_is_waited_for_half_a_second(servers: Servers) -> None:
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


def test_one_that_took_a_slot_has_no_claim_on_the_next(servers: Servers) -> None:
    rich, poor = servers.known("rich", "poor", limit=4)
    spend(poor, 10.0)
    for seconds in (10.0, 10.0, 60.0):
        spend(rich, seconds)
    assert wait(poor) == 10.0
    servers.wait(10)

    take(poor)
    take(rich, 2)


def test_a_server_with_slots_leaves_one_for_each_that_has_none(servers: Servers) -> None:
    rich, *poor = servers.known("rich", "poor", "late", limit=8)
    take(rich, 6)

    assert (wait(rich), seen(rich).reserved) == (inf, 2)
    for other in poor:
        take(other)
    assert (wait(rich), seen(rich).reserved) == (POLL, 0)


def test_the_first_slot_of_a_server_is_taken_from_what_is_kept_for_it(servers: Servers) -> None:
    rich, poor = servers.known("rich", "poor", limit=4)
    take(rich, 3)

    take(poor)
    assert wait(poor) == POLL


def test_a_place_that_is_kept_is_not_idle_once_another_is_soon_free(servers: Servers) -> None:
    rich, _ = servers.known("rich", "idle", limit=4)
    for seconds in (10.0, 60.0, 60.0):
        spend(rich, seconds)

    assert rich.take("early", 0, 3.0) == 7.0
    servers.wait(7)
    assert rich.take("late", 0, 3.0) == 0


def test_at_most_a_quarter_is_kept_and_nothing_for_who_left_or_was_silent_for_a_lease(servers: Servers) -> None:
    rich, gone, *_ = servers.known("rich", "gone", "idle", "idler", limit=8)
    take(rich, 6)
    assert wait(rich) == inf

    servers.wait(LEASE)
    gone.join()
    take(rich, 7)
    assert wait(rich) == inf
    gone.leave()
    take(rich)


# What servers change


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
