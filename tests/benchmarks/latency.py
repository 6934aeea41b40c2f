"""Measures the latency that the server adds to an uncached read: cache, queue, limiter and spans."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http.client import HTTPConnection
from statistics import quantiles
from time import perf_counter
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from .lives import Candidate
from .wire import Program, calls, drive

_WARM: Final = 200


class Added(NamedTuple):
    """The seconds that the server adds to a read."""

    p50: float
    p99: float


def added(ours: Candidate, reads: int) -> Added:
    """Make each of *reads* once over plain HTTP and once through the server, on connections that stay open."""
    address, key = ours.settings["LINKTIME_BASE_URL"], ours.settings["LINKTIME_API_KEY"]
    frames = calls("list_contacts", [{"page": page} for page in range(1, _WARM + reads + 1)])
    connection = HTTPConnection(urlsplit(address).netloc)
    with Program(ours.command, ours.settings) as program:
        program.greet()
        differences = [
            drive_one(program, frame) - _plain(connection, key, page) for page, frame in enumerate(frames, 1)
        ]
    connection.close()
    return _percentiles(differences[_WARM:])


def drive_one(program: Program, frame: bytes) -> float:
    """Return the seconds that one call takes."""
    return 1 / drive(program, [frame])


def _plain(connection: HTTPConnection, key: str, page: int) -> float:
    began = perf_counter()
    connection.request("GET", f"/api/v1/contacts?page={page}", headers={"Authorization": f"Bearer {key}"})
    json.load(connection.getresponse())
    return perf_counter() - began


def _percentiles(seconds: Sequence[float]) -> Added:
    hundredths = quantiles(seconds, n=100)
    return Added(hundredths[49], hundredths[98])
