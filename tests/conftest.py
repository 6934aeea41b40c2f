"""Fixtures of many tests: a sandbox, the real program, and ledgers."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from linktime.pipeline.system import STATE
from linktime.sandbox import Sandbox
from tests.support import measurement
from tests.support.costs import Costs
from tests.support.ledger_homes import FileHome, Home, RedisHome, close_files
from tests.support.process import Child, child
from tests.support.redis_server import RedisServer, redis_server

# A busy machine fails no test.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_configure(config: pytest.Config) -> None:
    # Without cached bytecode each of these processes compiles all tests (3 s), and each program all of linktime.
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    config.pluginmanager.register(Costs())
    config.pluginmanager.register(measurement)


@pytest.hookimpl(tryfirst=True)  # before -m selects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a redis-server."""
    for item in items:
        if "redis" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.posix)


@pytest.fixture(autouse=True, scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the files of the programs out of the user's home folder, which has other variables on Windows."""
    place = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_STATE_HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
            patch.setenv(name, str(place))
        patch.setenv(STATE, str(place))
        yield place


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_files()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Run a sandbox without a rate limit."""
    async with Sandbox(limit=0) as sandbox:
        yield sandbox


@pytest.fixture
async def server(sandbox: Sandbox) -> AsyncIterator[Child]:
    """Run the program over the sandbox, after the handshake."""
    async with child(LINKTIME_BASE_URL=sandbox.url, LINKTIME_API_KEY=sandbox.key) as server:
        await server.greet()
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """Run a Redis server for all tests that do not stop it."""
    with redis_server() as server:
        yield server


@pytest.fixture(params=["local", pytest.param("redis", marks=pytest.mark.posix)])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    """Return a place for a ledger: a folder, or Redis."""
    return FileHome(tmp_path) if request.param == "local" else RedisHome(request.getfixturevalue("redis"))
