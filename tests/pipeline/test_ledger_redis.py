"""A ledger on a Redis server that stops and starts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from linktime.config import Settings
from linktime.message import Reply
from linktime.pipeline.clock import now
from linktime.pipeline.ledger import Change, Executor, LedgerUnavailable, Shared, Terms, open_shared
from linktime.pipeline.ledger.codec import FORMAT
from linktime.pipeline.ledger.interface import UNUSED
from linktime.pipeline.ledger.redis import RedisChanges, RedisConnection, RedisLedger
from linktime.pipeline.limiter import Limiter, Permit, SharedStore
from tests.support.ledger_homes import Server, mature, terms
from tests.support.redis_server import PASSWORD, RedisServer, redis_server
from tests.support.virtual_time import peak

pytestmark = pytest.mark.posix  # runs redis-server

CHANGE = Change(frozenset({"contacts"}), 0.0)


@pytest.fixture
def own() -> Iterator[RedisServer]:
    """Start a Redis server that the test may stop."""
    with redis_server() as server:
        yield server


def opened(url: str, server: str = "one", *, name: str = "key", clock: Callable[[], float] | None = None) -> Server:
    redis = RedisConnection(url)
    return Server(Shared(terms(6, server), RedisLedger(redis, name, clock=clock), RedisChanges(redis, name, server)))


def joined(url: str, server: str = "one", **more: Any) -> Server:
    opening = opened(url, server, **more)
    opening.join()
    return opening


def publish(server: Server) -> None:
    server.shared.changes.publish(CHANGE)


def poll(server: Server) -> object:
    return server.shared.changes.poll(patient=True)


def unavailable(step: Callable[[], object]) -> str:
    """Check that a step fails without a secret in its error. Return the message."""
    with pytest.raises(LedgerUnavailable) as caught:
        step()
    assert caught.value.__cause__ is None
    assert PASSWORD not in str(caught.value)
    return str(caught.value)


def test_settings_name_the_server_and_a_digest_of_the_key(redis: RedisServer) -> None:
    key = "lt_live_51f0c3d2"
    settings = [
        Settings.from_environ({"LINKTIME_API_KEY": key, "LINKTIME_BUDGET": redis.url, "LINKTIME_BASE_URL": base})
        for base in ("https://linktime.io", "HTTPS://LinkTime.io:443/api/v1", "https://other.test")
    ]
    one, same, other = (Server(shared) for each in settings if (shared := open_shared(each)))
    for server in (one, same, other):
        server.join()
        publish(server)

    assert [server.join().servers for server in (one, same, other)] == [2, 2, 1]
    assert one.shared.changes.waits
    names = redis.do("KEYS", "*")
    assert {name.split(":")[0] for name in names} == {"linktime"}
    assert not [name for name in names if key in name]


def test_a_socket_is_as_good_as_a_port(redis: RedisServer) -> None:
    name = uuid4().hex
    one = joined(f"unix://{redis.socket}?password={PASSWORD}", "one", name=name)

    assert opened(redis.url, "other", name=name).status() == one.status()


def test_nothing_stays_for_ever(redis: RedisServer) -> None:
    name = uuid4().hex
    one = joined(redis.url, name=name)
    one.take("a")
    publish(one)

    keys = redis.do("KEYS", f"linktime:{{{name}}}:*")
    lives = [redis.do("PTTL", key) / 1000 for key in keys]

    assert len(keys) == 3
    assert UNUSED - 60 < min(lives) <= max(lives) <= UNUSED


@pytest.mark.parametrize("state", ["", "nothing", f"{FORMAT} 0 []", f"{FORMAT} 223132457 []", f"{FORMAT} 1"])
def test_unreadable_budget_is_begun_anew(redis: RedisServer, state: str) -> None:
    name = uuid4().hex
    one = joined(redis.url, name=name)
    redis.do("HSET", f"linktime:{{{name}}}:budget", "state", state)

    assert (one.take("a"), one.join().grants) == (0, 1)


def test_budget_of_another_format_is_left_alone(redis: RedisServer) -> None:
    name = uuid4().hex
    one, key = joined(redis.url, name=name), f"linktime:{{{name}}}:budget"
    redis.do("HSET", key, "state", "99 7 []")

    assert "format 99" in unavailable(one.join)
    assert redis.do("HGET", key, "state") == "99 7 []"


def test_key_of_another_kind_is_left_alone(redis: RedisServer) -> None:
    name = uuid4().hex
    redis.do("SET", f"linktime:{{{name}}}:budget", "mine")

    assert "WRONGTYPE" in unavailable(opened(redis.url, name=name).join)


def test_lost_turn_comes_back(redis: RedisServer) -> None:
    name = uuid4().hex
    one, other = joined(redis.url, "one", name=name), joined(redis.url, "other", name=name)
    assert redis.do("LPOP", f"linktime:{{{name}}}:turn") == ""

    assert (one.take("a"), one.join().grants) == (0, 1)
    assert redis.do("LLEN", f"linktime:{{{name}}}:turn") == 1
    assert (other.take("b"), other.join().grants) == (0, 2)


def test_step_is_applied_to_the_state_of_another_server(redis: RedisServer) -> None:
    name = uuid4().hex
    one, other = joined(redis.url, "one", name=name), joined(redis.url, "other", name=name)
    runs = []

    def step(budget: Any, _: float) -> int:
        runs.append(budget.grants)
        if len(runs) == 1:
            other.take("a")
        return int(budget.grants)

    assert one.shared.ledger.apply(step) == 1
    assert runs == [0, 1]


def test_the_scripts_loss_is_made_good_at_once(own: RedisServer) -> None:
    one = joined(own.url)
    own.do("SCRIPT", "FLUSH")

    assert one.take("a") == 0


def test_a_server_that_is_down_is_unavailable_until_it_is_up(own: RedisServer) -> None:
    one = joined(own.url)
    assert poll(one) is None
    own.stop()
    for step in (one.status, lambda: poll(one), lambda: publish(one), one.join):
        assert unavailable(step).startswith(f"Redis at {own.address}: ")

    own.start()

    assert poll(one) is None
    assert one.take("a") == 0


def test_a_frozen_server_is_unavailable_though_it_never_refuses(own: RedisServer) -> None:
    one, late = joined(own.url), opened(own.url, "late")
    own.freeze()

    assert "Timeout" in unavailable(one.join)
    assert "Timeout" in unavailable(lambda: one.take("lost"))
    assert "Timeout" in unavailable(late.join)

    own.thaw()
    assert one.join().leased == ()


def test_late_answer_is_not_taken_for_another_step(own: RedisServer) -> None:
    one = joined(own.url)
    own.freeze()
    unavailable(lambda: poll(one))
    own.thaw()

    assert one.join().servers == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://:wrong@{}", "Redis at {}: invalid username-password pair or user is disabled."),
        ("redis://{}", "Redis at {}: Authentication required."),
        ("redis://:sesame-9f2c@{}/99", "Redis at {}: DB index is out of range"),
        ("redis://:sesame-9f2c@{}?sock=1", "Redis at {}: the URL's options are not valid"),
        ("redis://:sesame-9f2c@{}?socket_timeout=soon", "Redis at {}: the URL's options are not valid"),
        ("rediss://:sesame-9f2c@{}?ssl_ca_certs=/nowhere", "Redis at {}: "),
    ],
)
def test_fault_of_the_url_is_named_without_its_secrets(redis: RedisServer, url: str, said: str) -> None:
    ledger = opened(url.format(redis.address))

    for _ in range(2):
        assert unavailable(ledger.join).startswith(said.format(redis.address))
    ledger.shared.ledger.close()


def test_a_server_that_refuses_to_write_is_unavailable(own: RedisServer) -> None:
    one = joined(own.url)
    own.do("REPLICAOF", "127.0.0.1", "1")

    assert "read only replica" in unavailable(one.join)


def test_leaving_a_server_that_is_away_is_no_trouble(own: RedisServer) -> None:
    one = joined(own.url)
    own.stop()

    one.shared.ledger.close()


async def test_servers_with_different_clocks_share_a_budget(redis: RedisServer) -> None:
    limit, period, name = 10, 0.5, uuid4().hex
    arrivals: list[float] = []

    async def serve(server: str, clock: Callable[[], float]) -> None:
        executor = Executor()
        ledger = RedisLedger(RedisConnection(redis.url), name)
        await executor(lambda: ledger.apply(mature))
        store = SharedStore(ledger, Terms(server, limit, period, 2.0), run=executor, clock=clock)
        async with Limiter(store, period, clock=clock) as limiter:
            for _ in range(15):
                answer: Permit | float = 0.0
                while not isinstance(answer, Permit):
                    await asyncio.sleep(answer)
                    answer = await limiter.take(writes=1, reads=0)
                arrivals.append(now())
                answer.settle(Reply(200))
        await executor.aclose(store.close)

    await asyncio.gather(serve("one", now), serve("other", lambda: now() + 0.5))

    assert len(arrivals) == 30
    assert peak(arrivals, period) <= limit
