"""A ledger on a Redis server that comes and goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from linktime.clock import now
from linktime.config import Settings
from linktime.ledger import Away, Change, Clerk, Forgotten, open_ledger
from linktime.ledger.book import QUIET
from linktime.ledger.redis import RedisLedger
from linktime.limiter import Limiter, Permit, SharedStore
from linktime.message import Reply
from tests.redis_server import PASSWORD, RedisServer, redis_server
from tests.sharing import terms
from tests.virtual import peak

CHANGE = Change(frozenset({"contacts"}), 0.0)


@pytest.fixture
def own() -> Iterator[RedisServer]:
    """Start a Redis server that the test may stop."""
    with redis_server() as server:
        yield server


def opened(url: str, server: str = "one", *, name: str = "key", **more: Any) -> RedisLedger:
    return RedisLedger(url, name=name, server=server, **terms(6), **more)


def joined(url: str, server: str = "one", **more: Any) -> RedisLedger:
    ledger = opened(url, server, **more)
    ledger.join({})
    return ledger


def away(step: Callable[[], object]) -> str:
    """Do a step that can't be done; tell what the log would say, having seen that no secret is in it."""
    with pytest.raises(Away) as caught:
        step()
    assert caught.value.__cause__ is None
    assert PASSWORD not in str(caught.value)
    return str(caught.value)


def test_settings_lead_to_the_server_and_their_key_to_a_name_that_does_not_tell_it(redis: RedisServer) -> None:
    key = "lt_live_51f0c3d2"
    settings = [
        Settings.from_environ({"LINKTIME_API_KEY": key, "LINKTIME_BUDGET": redis.url, "LINKTIME_BASE_URL": base})
        for base in ("https://linktime.io", "https://linktime.io", "https://other.test")
    ]
    one, same, other = (open_ledger(each) for each in settings)
    assert one
    assert same
    assert other
    for ledger in (one, same, other):
        ledger.join({})
        ledger.tell(CHANGE)

    assert (one.look().servers, same.look().servers, other.look().servers) == (2, 2, 1)
    assert one.waits
    names = redis.do("KEYS", "*")
    assert {name.split(":")[0] for name in names} == {"linktime"}
    assert not [name for name in names if key in name]


def test_a_socket_is_as_good_as_a_port(redis: RedisServer) -> None:
    name = uuid4().hex
    one = joined(f"unix://{redis.socket}?password={PASSWORD}", "one", name=name)

    assert opened(redis.url, "other", name=name).look() == one.look()


def test_nothing_stays_for_ever(redis: RedisServer) -> None:
    name = uuid4().hex
    one = joined(redis.url, name=name)
    one.take("a", 0, 0.0)
    one.release("a", 60.0, opens=True)
    for ident in "bcdefg":
        one.take(ident, 0, 0.0)
    one.shut(1000.0)
    one.tell(CHANGE)

    keys = redis.do("KEYS", f"linktime:{{{name}}}:*")
    lives = {key: redis.do("PTTL", key) / 1000 for key in keys}

    assert len(keys) == 7
    assert min(lives.values()) > QUIET + 990
    assert max(lives.values()) <= QUIET + 1000


def test_the_scripts_loss_is_made_good_at_once(own: RedisServer) -> None:
    one = joined(own.url)
    own.do("SCRIPT", "FLUSH")

    assert one.take("a", 0, 0.0).wait == 0


def test_a_server_that_is_down_is_away_and_back_when_it_is_up(own: RedisServer) -> None:
    one = joined(own.url)
    assert one.news() is None
    own.stop()
    for step in (one.look, one.news, lambda: one.tell(CHANGE), lambda: one.join({})):
        assert away(step).startswith(f"Redis at {own.address}: ")

    own.start()

    with pytest.raises(Forgotten):
        one.take("a", 0, 0.0)
    assert one.news() is None
    one.join({})
    assert one.take("a", 0, 0.0).wait == 0


def test_a_frozen_server_is_away_though_it_never_refuses(own: RedisServer) -> None:
    one, late = joined(own.url), opened(own.url, "late")
    own.freeze()

    assert "Timeout" in away(one.look)
    assert "Timeout" in away(lambda: one.take("lost", 0, 0.0))
    assert "Timeout" in away(late.look)

    own.thaw()
    one.join({})
    assert one.look().out == ()


def test_an_answer_that_came_too_late_is_not_taken_for_that_of_another_step(own: RedisServer) -> None:
    one = joined(own.url)
    own.freeze()
    away(one.news)
    own.thaw()

    assert one.look().servers == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://:wrong@{}", "Redis at {}: invalid username-password pair or user is disabled."),
        ("redis://{}", "Redis at {}: Authentication required."),
        ("redis://:sesame-9f2c@{}/99", "Redis at {}: DB index is out of range"),
        ("redis://:sesame-9f2c@{}?sock=1", "Redis at {}: the URL's options can't be right"),
        ("redis://:sesame-9f2c@{}?socket_timeout=soon", "Redis at {}: the URL's options can't be right"),
        ("rediss://:sesame-9f2c@{}?ssl_ca_certs=/nowhere", "Redis at {}: "),
    ],
)
def test_what_is_wrong_with_the_url_is_told_without_its_secrets(redis: RedisServer, url: str, said: str) -> None:
    ledger = opened(url.format(redis.address))

    for _ in range(2):
        assert away(ledger.look).startswith(said.format(redis.address))
    ledger.close()


def test_a_server_that_refuses_to_write_is_away(own: RedisServer) -> None:
    one = joined(own.url)
    own.do("REPLICAOF", "127.0.0.1", "1")

    assert "read only replica" in away(lambda: one.take("a", 0, 0.0))


def test_leaving_a_server_that_is_away_is_no_trouble(own: RedisServer) -> None:
    one = joined(own.url)
    own.stop()

    one.close()


def test_a_clock_that_is_set_back_goes_on_from_where_it_was(redis: RedisServer) -> None:
    time = [1000.0]
    one = joined(redis.url, name=uuid4().hex, clock=lambda: time[0])
    one.take("a", 0, 0.0)
    one.release("a", 60.0, opens=True)

    time[0] = 10.0
    assert one.look().cooling == (60.0,)
    time[0] = 40.0
    assert one.look().cooling == (30.0,)
    time[0] = 5.0
    assert one.look().cooling == (30.0,)
    time[0] = 35.0
    assert one.look().cooling == ()


async def test_servers_whose_clocks_differ_share_all_the_same(redis: RedisServer) -> None:
    limit, period, name = 10, 0.5, uuid4().hex
    arrivals: list[float] = []

    async def serve(server: str, clock: Callable[[], float]) -> None:
        clerk = Clerk()
        ledger = RedisLedger(redis.url, name=name, server=server, limit=limit, period=period, patience=2.0)
        store = SharedStore(ledger, limit, call=clerk, clock=clock)
        async with Limiter(store, period, clock=clock) as limiter:
            for _ in range(15):
                answer: Permit | float = 0.0
                while not isinstance(answer, Permit):
                    await asyncio.sleep(answer)
                    answer = await limiter.take(writes=1, reads=0)
                arrivals.append(now())
                answer.settle(Reply(200))
        await clerk.aclose(ledger.close)

    await asyncio.gather(serve("one", now), serve("other", lambda: now() + 0.5))

    assert len(arrivals) == 30
    assert peak(arrivals, period) <= limit
