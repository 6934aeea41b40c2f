"""A real Redis server for the tests: nothing of it outlives them, and nobody else can know of it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from redis import Redis

PASSWORD = "sesame-9f2c"


class RedisServer:
    """One that can be stopped, started, frozen and thawed; each time it starts it has forgotten everything."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._port = _free_port()
        self._process: Popen[str] | None = None
        self.socket = place / "socket"
        self.address = f"127.0.0.1:{self._port}"
        self.url = f"redis://:{PASSWORD}@{self.address}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = {
            "port": self._port,
            "bind": "127.0.0.1",
            "unixsocket": self.socket,
            "requirepass": PASSWORD,
            "save": "",
            "dir": self._place,
        }
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        self._process = Popen(["redis-server", *words], stdout=PIPE, text=True)
        assert self._process.stdout is not None
        said = iter(self._process.stdout.readline, "")
        assert any("Ready to accept connections" in line for line in said), "redis-server did not start"

    def stop(self) -> None:
        """Kill it; what it knew is lost."""
        if self._process is not None and self._process.stdout is not None:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
            self._process = None

    def freeze(self) -> None:
        """Let it take connections, and answer nobody."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it answer again."""
        self._signal(signal.SIGCONT)

    def do(self, *command: Any) -> Any:
        """Make it do a command."""
        with Redis.from_url(self.url, decode_responses=True) as client:
            return client.execute_command(*command)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """Start one, where it is installed."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    with TemporaryDirectory(prefix="linktime-") as place:
        server = RedisServer(Path(place))
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
