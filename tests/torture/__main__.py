"""The command line of the torture test."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import secrets
import sys
import time

from . import program, virtual
from .report import Report

_PROGRESS_EVERY = 20  # runs


def main() -> int:
    """Play the runs, and print their report."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description="Torture linktime-mcp.")
    parser.add_argument("--runs", type=int, default=100, help="number of runs (default: %(default)s)")
    parser.add_argument("--seed", type=int, help="of the first run; each further one has the next (default: any)")
    parser.add_argument("--virtual", action="store_true", help="drive the chain in virtual time, not the program")
    parser.add_argument("--servers", type=int, default=4, help="servers or processes at once (default: %(default)s)")
    options = parser.parse_args()
    seed = secrets.randbelow(1_000_000_000) if options.seed is None else options.seed
    seeds = range(seed, seed + options.runs)
    began, report = time.monotonic(), Report()
    with contextlib.suppress(KeyboardInterrupt):  # the report so far is printed
        if options.virtual:
            virtual.drive(seeds, report, processes=options.servers, progress=_progress)
        else:
            asyncio.run(program.drive(seeds, report, servers=options.servers, progress=_progress))
    sys.stdout.write(f"\nseed {seed}, {time.monotonic() - began:.0f} s\n{report}\n")
    return 1 if report.faults else 0


def _progress(report: Report) -> None:
    if report.runs % _PROGRESS_EVERY == 0:
        sys.stderr.write(f"{report.runs} runs, {len(report.faults)} broken promises\n")


if __name__ == "__main__":
    sys.exit(main())
