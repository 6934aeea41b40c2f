from __future__ import annotations

import asyncio
import pickle
from dataclasses import replace
from functools import cache
from math import inf
from random import Random

import pytest

from linktime.message import Request
from linktime.tools import TOOLS
from tests.benchmarks.agents import THINKING, trace, variety
from tests.benchmarks.bounds import Call, fewest, shortest
from tests.benchmarks.budget import CASES, SCENARIOS, Case, session, table
from tests.benchmarks.policies import OURS, POLICIES, ours
from tests.benchmarks.services import SERVICES
from tests.benchmarks.session import Session, play
from tests.support.virtual_time import Network, Sliding, clock, virtual

ME = TOOLS["get_me"].request({})
FREE = TOOLS["check_availability"].request({"eventTypeSlug": "intro", "from": "2026-03-02", "to": "2026-03-02"})
CHANGE = TOOLS["update_settings"].request({"bufferAfter": 5})


@cache
def played(policy: str, service: str, thinking: float, writing: float = 1.0) -> Session:
    """Play half a benchmark. In virtual time the result is the same on every machine."""
    agents = trace(0, calls=500, thinking=thinking, writing=writing)
    return play(agents, POLICIES[policy], service, seed=0, deadline=inf)


@pytest.mark.slow
@pytest.mark.parametrize("thinking", [THINKING, 0.0])
@pytest.mark.parametrize("service", SERVICES)
def test_our_policy_answers_every_call_without_a_429(service: str, thinking: float) -> None:
    us = played(OURS, service, thinking)

    assert us.limited == 0
    assert us.peak <= 60
    assert us.refusals == 0
    assert len(us.calls) == 500


@pytest.mark.parametrize("service", SERVICES)
def test_busy_agents_use_95_percent_of_the_budget(service: str) -> None:
    assert played(OURS, service, 0.0).steady_efficiency >= 0.95


@pytest.mark.parametrize("thinking", [THINKING, 0.0])
def test_writes_wait_at_most_6_seconds(thinking: float) -> None:
    assert played(OURS, "sliding", thinking).wait(95, read=False) <= 6
    assert played("… first come first served", "sliding", thinking).wait(95, read=False) > 30


@pytest.mark.parametrize(("thinking", "share"), [(THINKING, 0.80), (0.0, 0.83)])
def test_cache_is_close_to_the_fewest_requests(thinking: float, share: float) -> None:
    us = played(OURS, "sliding", thinking)

    assert us.fewest <= len(us.arrivals) <= 1.15 * us.fewest
    assert us.share <= share


def test_seven_requests_answer_ten_calls_of_readers() -> None:
    assert played(OURS, "sliding", THINKING, writing=0.1).share <= 0.70


@pytest.mark.parametrize("policy", ["… bucket of 60 + 1/s", "… without a limiter", "plain client"])
def test_benchmark_detects_an_overfilled_window(policy: str) -> None:
    others = played(policy, "sliding", THINKING)

    assert others.limited > 0
    assert others.peak > 60


def test_session_travels_between_processes() -> None:
    us = played(OURS, "sliding", THINKING)

    assert pickle.loads(pickle.dumps(us)) == us


@virtual
async def test_burst_takes_at_most_a_tenth_more_than_the_shortest_time() -> None:
    random = Random(0)
    network = Network(latency=lambda: random.uniform(0.02, 0.06), services=[Sliding(20, 4.0)])
    reads = [TOOLS["list_contacts"].request({"page": page}) for page in range(1, 71)]

    async with ours(network, limit=20, period=4.0) as send:
        await asyncio.gather(*(send(replace(read, deadline=50.0)) for read in reads))
        makespan = clock()

    assert makespan <= 1.10 * (4.0 * (69 // 20) + 0.08)
    assert len(network.arrivals) == 70
    assert network.refusals == 0


# The measure itself


def repeated(request: Request, *times: float) -> list[Call]:
    """Return a call at each of *times*, each answered after a second."""
    return [Call(request, at, at + 1, answered=True) for at in times]


def test_shortest_time_is_a_period_for_each_60_requests() -> None:
    assert [round(shortest(requests), 2) for requests in (1, 60, 61, 121)] == [0.12, 0.12, 60.12, 120.12]


@pytest.mark.parametrize(
    ("calls", "requests"),
    [
        (repeated(ME, 0, 20, 30), 1),
        (repeated(ME, 0, 20, 40), 2),
        (repeated(ME, 0, 20) + repeated(CHANGE, 10), 3),
        (repeated(FREE, 0, 0.5), 1),
        (repeated(FREE, 0, 2), 2),
        ([Call(ME, 0, 1, answered=False)], 0),
    ],
)
def test_fewest_requests_are_counted_with_all_calls_known(calls: list[Call], requests: int) -> None:
    assert fewest(calls) == requests


def test_agents_repeat_the_same_number_of_same_calls() -> None:
    agents = trace(1, calls=300)

    assert sum(len(turn.requests) for turns in agents for turn in turns) == 300
    assert agents == trace(1, calls=300)
    assert agents != trace(2, calls=300)


def test_agents_use_every_tool_with_the_stated_variety() -> None:
    agents = trace(0, calls=5000)
    used = {(request.method, request.template) for turns in agents for turn in turns for request in turn.requests}

    assert len(used) == len(TOOLS)
    assert 0.26 <= variety(trace(0)) <= 0.31


def test_table_has_a_row_for_every_policy_and_scenario() -> None:
    few: dict[Case, Session] = {case: session(0, 12, case) for case in CASES}

    assert table(few).row_count == len(SCENARIOS) * (1 + len(POLICIES))
