"""A real Redis server for the tests, without persistence and with a port of its own."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from tempfile import TemporaryDirectory
from typing import Any

from redis import Redis

from tests.support.programs import program

PASSWORD = "sesame-9f2c"


class RedisServer:
    """A server that can be stopped, started, frozen and thawed. It starts without data."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._port = _free_port()
        self._process: Popen[str] | None = None
        self.socket = place / "socket"
        self.address = f"127.0.0.1:{self._port}"
        self.url = f"redis://:{PASSWORD}@{self.address}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
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
        """Kill the server. Its data is lost."""
        if self._process is not None and self._process.stdout is not None:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
            self._process = None

    def freeze(self) -> None:
        """Stop the process, so that it accepts connections and does not answer."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Continue the process, so that it answers again."""
        self._signal(signal.SIGCONT)

    def do(self, *command: Any) -> Any:
        """Execute a command and return its result."""
        with Redis.from_url(self.url, decode_responses=True) as client:
            return client.execute_command(*command)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """Run a server. Skip the test if Redis is not installed."""
    program("redis-server")
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
