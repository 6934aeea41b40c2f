"""What holds for a ledger whatever its servers do; and that the two kinds of ledger can't be told apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from linktime.ledger import Forgotten, Ledger, Standing
from linktime.ledger.book import PLACES, YIELD
from tests.redis_server import RedisServer
from tests.sharing import FileHome, Home, RedisHome

LIMIT, PERIOD, PATIENCE = 4, 60.0, 12.0
LEASE = PERIOD + PATIENCE
NAMES = "abc"

Place = Callable[[], Home]


class Step(NamedTuple):
    """One server's step; its numbers mean what the step takes them for."""

    name: str
    server: int
    number: int = 0
    seconds: float = 0.0
    flag: bool = False


# Binary fractions, which neither kind of ledger has to round.
SECONDS = st.integers(0, 80 * 64).map(lambda number: number / 64)
ZERO, NO = st.just(0), st.just(value=False)


def steps_of(
    name: str,
    number: st.SearchStrategy[int] = ZERO,
    seconds: st.SearchStrategy[float] = ZERO,
    flag: st.SearchStrategy[bool] = NO,
) -> st.SearchStrategy[Step]:
    """Draw steps of one kind."""
    return st.builds(Step, st.just(name), st.integers(0, len(NAMES) - 1), number, seconds, flag)


STEPS = st.lists(
    st.one_of(
        steps_of("take"),
        steps_of("take", st.integers(0, LIMIT), st.sampled_from([0.0, 3.0])),
        steps_of("release", st.integers(0, 9), st.sampled_from([0.0, PERIOD]), st.booleans()),
        steps_of("shut", seconds=SECONDS),
        steps_of("rejoin"),
        steps_of("die"),
        steps_of("wait", seconds=SECONDS),
    ),
    max_size=60,
)
MANY = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass
class Used:
    """A slot that was taken: by whom, until when, and until when its request is out."""

    server: str
    due: float
    ends: float
    out: bool = True


@dataclass
class World:
    """Servers on one ledger, and what is true of them: a dead one is followed by another with a new name."""

    home: Home
    time: float = 1000.0
    births: int = 0
    used: dict[str, Used] = field(default_factory=dict)
    heard: dict[str, float] = field(default_factory=dict)
    shut: float = -inf
    ajar: bool = False
    names: list[str] = field(default_factory=list)
    ledgers: list[Ledger] = field(default_factory=list)

    def __post_init__(self) -> None:
        for _ in NAMES:
            self._bear(len(self.names))

    def do(self, step: Step) -> Standing:
        """Do a step, and see that it does what it should."""
        ledger = self.ledgers[step.server]
        try:
            getattr(self, f"_{step.name}")(ledger, step)
        except Forgotten:
            self._rejoin(ledger, step)
        self.used = {ident: used for ident, used in self.used.items() if used.due > self.time}
        standing = ledger.look()
        assert standing.cooling == tuple(sorted(used.due - self.time for used in self.used.values() if not used.out))
        assert standing.out == tuple(sorted(used.due - self.time for used in self.used.values() if used.out))
        assert (standing.ajar, standing.shut) == (self.ajar, max(0.0, self.shut - self.time) if self.ajar else 0.0)
        return standing

    def _take(self, ledger: Ledger, step: Step) -> None:
        ident, name = f"{len(self.used)}-{uuid4().hex}", self.names[step.server]
        before = [used for used in self.used.values() if used.due > self.time]
        standing = ledger.take(ident, step.number, step.seconds)
        soon = sum(used.due > self.time + step.seconds or used.out for used in before)
        left = step.number + self._places(name) if any(used.server == name for used in before) else 0
        could = len(before) < LIMIT and soon + left < LIMIT and not self._held()
        self.heard[name] = self.time
        if standing.wait:
            assert not could or standing.wait == YIELD
            return
        assert could
        counted = sum(used.ends + PERIOD > self.time for used in before)
        assert counted < LIMIT
        self.used[ident] = Used(name, self.time + LEASE, self.time + PATIENCE)
        self.probe = (ident, self.time + PATIENCE) if self.ajar else None

    def _release(self, ledger: Ledger, step: Step) -> None:
        mine = [ident for ident, used in self.used.items() if used.out and used.server == self.names[step.server]]
        if not mine:
            return
        ident = mine[step.number % len(mine)]
        ledger.release(ident, step.seconds, opens=step.flag)
        self.heard[self.names[step.server]] = self.time
        if self.probe and self.probe[0] == ident:
            self.ajar, self.probe = self.ajar and not step.flag, None
        if self.used[ident].due <= self.time:
            return
        if step.seconds:
            self.used[ident] = Used(self.names[step.server], self.time + PERIOD, self.time, out=False)
        else:
            del self.used[ident]

    def _shut(self, ledger: Ledger, step: Step) -> None:
        ledger.shut(step.seconds)
        self.heard[self.names[step.server]] = self.time
        self.shut = max(self.shut if self.ajar else -inf, self.time + step.seconds)
        self.ajar, self.probe = True, None

    def _rejoin(self, ledger: Ledger, step: Step) -> None:
        mine = {ident: used for ident, used in self.used.items() if used.server == self.names[step.server]}
        ledger.join({ident: inf if used.out else used.due - self.time for ident, used in mine.items()})
        self.heard[self.names[step.server]] = self.time
        for used in mine.values():
            used.due = self.time + LEASE if used.out else used.due

    def _die(self, _: Ledger, step: Step) -> None:
        self._bear(step.server)

    def _wait(self, _: Ledger, step: Step) -> None:
        self.time += step.seconds

    def _bear(self, place: int) -> None:
        self.births += 1
        name = f"{self.births}"
        self.names[place : place + 1] = [name]
        self.ledgers[place : place + 1] = [self.home.open(name, LIMIT, lambda: self.time)]
        self.ledgers[place].join({})
        self.heard[name] = self.time

    def _places(self, name: str) -> int:
        served = {used.server for used in self.used.values() if used.due > self.time}
        others = {other for other, at in self.heard.items() if at > self.time - LEASE} - served
        return min(len(others), LIMIT // PLACES) if name in served else 0

    def _held(self) -> bool:
        probing = self.probe is not None and self.probe[1] > self.time
        return self.ajar and (probing or self.shut > self.time)

    probe: tuple[str, float] | None = None


@pytest.fixture(params=["local", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Give a new place for a ledger each time."""
    if request.param == "local":
        return lambda: _folder(tmp_path)
    server = request.getfixturevalue("redis")
    return lambda: RedisHome(server)


def _folder(parent: Path) -> FileHome:
    folder = parent / uuid4().hex
    folder.mkdir()
    return FileHome(folder)


@MANY
@given(steps=STEPS)
def test_no_slot_is_given_out_too_early_and_none_is_lost(place: Place, steps: list[Step]) -> None:
    world = World(place())
    for step in steps:
        world.do(step)

    assert world.do(Step("wait", 0, seconds=LEASE)).out == ()
    assert world.do(Step("wait", 0, seconds=LEASE)).cooling == ()


@MANY
@given(steps=STEPS)
def test_a_file_and_a_redis_server_say_the_same(redis: RedisServer, tmp_path: Path, steps: list[Step]) -> None:
    one, other = World(_folder(tmp_path)), World(RedisHome(redis))

    assert [one.do(step) for step in steps] == [other.do(step) for step in steps]
