"""Measures the speed and the memory of the program beside bare servers of the SDKs.

`python -m tests.benchmarks [--peers] [--rounds N]` measures everything in turn in one run, and prints medians. Only the
ratios hold on other machines. `--peers` adds the TypeScript SDK, which it fetches from npm. The last table is the one
of `python -m tests.benchmarks.budget`, in virtual time.
"""

from __future__ import annotations

import asyncio
import platform
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console

from .backend import sandbox
from .budget import sessions, table
from .latency import added
from .lives import Candidate, lives
from .memory import after_the_demo, over_cached_calls, over_distinct_reads
from .report import speed, weight

_PEERS: Final = Path(__file__).parent / "peers"
_SEED, _CALLS = 1, 1000  # of the virtual-time trace
_TYPESCRIPT: Final = ("@modelcontextprotocol/sdk@1.32.2", "zod@4")


def ours(url: str, key: str) -> Candidate:
    """Return the program as a user runs it, with a cache that outlasts the run and permits that return at once.

    The limit stays at sixty, since the cost of a permit depends on it.
    """
    settings = {
        "LINKTIME_BASE_URL": url,
        "LINKTIME_API_KEY": key,
        "LINKTIME_RATE_PERIOD": "0.001",
        "LINKTIME_CACHE_TTL": "3600",
    }
    return Candidate([sys.executable, "-m", "linktime"], "get_me", settings)


def bare() -> Candidate:
    """Return the bare server of the Python SDK, in our own environment."""
    return Candidate([sys.executable, str(_PEERS / "bare.py")], "tool_0", {})


@contextmanager
def typescript() -> Iterator[Candidate]:
    """Install the bare server of the TypeScript SDK."""
    with TemporaryDirectory() as place:
        subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", place, *_TYPESCRIPT], check=True
        )
        script = Path(place, "bare.mjs")
        script.write_bytes((_PEERS / "bare.mjs").read_bytes())
        yield Candidate(["node", str(script)], "tool_0", {})


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m tests.benchmarks", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--peers", action="store_true", help="measure the TypeScript SDK as well. This needs node and npm."
    )
    parser.add_argument("--rounds", type=int, default=7, help="lives of each program (7)")
    parser.add_argument("--reads", type=int, default=3000, help="reads whose latency is measured (3000)")
    parser.add_argument(
        "--calls", type=int, default=100_000, help="cached calls that must not use more memory (100000)"
    )
    parser.add_argument("--distinct", type=int, default=10_000, help="distinct reads, likewise (10000)")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    options = _arguments()
    console = Console(width=120)
    with ExitStack() as stack:
        us = ours(*stack.enter_context(sandbox()))
        candidates = {"linktime-mcp": us, "Python SDK": bare()}
        if options.peers:
            candidates["TypeScript SDK"] = stack.enter_context(typescript())
        console.print(f"Python {platform.python_version()}, mcp {version('mcp')}, medians of {options.rounds}")
        console.print(speed(lives(candidates, options.rounds)))
        latency = added(us, options.reads)
        rest = asyncio.run(after_the_demo(us))
        cached, distinct = over_cached_calls(us, options.calls), over_distinct_reads(us, options.distinct)
        console.print(
            weight(
                latency, rest, {f"{options.calls} cached calls": cached, f"{options.distinct} distinct reads": distinct}
            )
        )
    Console(width=190).print(table(sessions(_SEED, _CALLS)))


if __name__ == "__main__":
    main()
