"""The circuit breaker that servers share through a ledger."""

from __future__ import annotations

from math import inf

from linktime.pipeline.ledger import Breaker
from linktime.pipeline.ledger.rules import POLL
from tests.support.ledger_setup import PATIENCE, PERIOD, Servers, seen, take, wait


def test_open_breaker_blocks_all_for_the_longest_time(servers: Servers) -> None:
    one, other = servers.known("one", "other")
    assert (one.open_breaker(7.0).breaker, seen(other).blocked) == (Breaker.OPEN, 7.0)
    assert other.open_breaker(2.0).blocked == 7.0

    assert wait(one) == wait(other) == 7.0
    servers.wait(6)
    assert wait(other) == 1.0


def test_one_probe_closes_the_breaker_for_all(servers: Servers) -> None:
    one, other = servers.known("one", "other")
    one.open_breaker(7.0)
    servers.wait(7)

    [probe] = take(other)
    assert wait(one) == POLL
    assert wait(other) == inf
    assert other.release(probe, PERIOD, closes=True).breaker is Breaker.CLOSED

    take(one)
    take(other)


def test_refused_probe_is_followed_by_another(servers: Servers) -> None:
    one, other = servers.known("one", "other")
    [before] = take(one)
    one.open_breaker(0.0)
    [probe] = take(one)

    one.release(before, PERIOD, closes=True)
    assert wait(other) == POLL
    assert one.release(probe, 0.0, closes=False).breaker is not Breaker.CLOSED

    take(other)
    assert wait(one) == POLL


def test_probe_of_a_dead_server_blocks_until_its_timeout(servers: Servers) -> None:
    dead, alive = servers.known("dead", "alive")
    dead.open_breaker(1.0)
    servers.wait(1)
    take(dead)

    servers.wait(PATIENCE - 0.25)
    assert wait(alive) == POLL
    servers.wait(0.25)
    [probe] = take(alive)
    assert alive.release(probe, PERIOD, closes=True).breaker is Breaker.CLOSED


def test_probe_from_before_a_new_429_does_not_close_the_breaker(servers: Servers) -> None:
    one, other = servers.known("one", "other")
    one.open_breaker(0.0)
    [probe] = take(one)
    other.open_breaker(4.0)

    assert one.release(probe, PERIOD, closes=True).blocked == 4.0
    assert wait(other) == 4.0


def test_breaker_that_opens_again_uses_the_new_time(servers: Servers) -> None:
    [one] = servers.known("one")
    one.open_breaker(5.0)
    servers.wait(5)
    [probe] = take(one)
    one.release(probe, PERIOD, closes=True)

    assert one.open_breaker(2.0).blocked == 2.0
