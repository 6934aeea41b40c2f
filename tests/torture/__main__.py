"""The command line of the torture test."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import secrets
import sys
import time

from . import Record, play

_TELL_EVERY = 20  # runs


def main() -> int:
    """Play what is asked for, and print what it came to."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description="Torture linktime-mcp.")
    parser.add_argument("--runs", type=int, default=100, help="how many (default: %(default)s)")
    parser.add_argument("--seed", type=int, help="of the first run; each further one has the next (default: any)")
    parser.add_argument("--servers", type=int, default=4, help="how many at once (default: %(default)s)")
    asked = parser.parse_args()
    seed = secrets.randbelow(1_000_000_000) if asked.seed is None else asked.seed
    began, record = time.monotonic(), Record()
    with contextlib.suppress(KeyboardInterrupt):  # what is known by then is told
        asyncio.run(play(range(seed, seed + asked.runs), record, servers=asked.servers, tell=_progress))
    sys.stdout.write(f"\nseed {seed}, {time.monotonic() - began:.0f} s\n{record}\n")
    return 1 if any(record.totals.values()) else 0


def _progress(record: Record) -> None:
    if record.runs % _TELL_EVERY == 0:
        sys.stderr.write(f"{record.runs} runs, {len(record.faults)} faults\n")


if __name__ == "__main__":
    sys.exit(main())
