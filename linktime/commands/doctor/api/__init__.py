"""`linktime-mcp doctor --api`: compares the reading half of the contract with the service."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Final, NoReturn

from ....config import Settings
from ....contract import Contract
from ....errors import ConfigError
from ...terminal import confirmed, has_user
from . import report
from .comparison import Comparison
from .probes import COUNT, examine

NO_KEY: Final = "linktime-mcp: set LINKTIME_API_KEY, as in your client's configuration.\n"
NEEDS_YES: Final = "linktime-mcp: nothing was sent. Add --yes, because there is no terminal to ask you.\n"
_WIDTH: Final = 20  # characters of the progress bar


def compare(*, machine: bool, agreed: bool) -> NoReturn:
    """Ask the user unless *agreed*, compare, write the report, and end the program.

    The exit status is 0 if nothing differs, 1 if something does, and 2 if nothing was compared.
    """
    try:
        settings = Settings.from_environ(dict(os.environ))
    except ConfigError as error:
        _stop(f"linktime-mcp: {error}\n")
    if settings.api_key is None:
        _stop(NO_KEY)
    if not agreed:
        _ask(settings)
    contract = Contract.shipped()
    answers = asyncio.run(examine(settings, contract, _progress))
    comparison = Comparison(contract)
    for answer in answers:
        comparison.add(answer)
    written = report.as_json(comparison) if machine else report.as_text(comparison)
    sys.stdout.buffer.write(written.encode(sys.stdout.encoding, "replace"))
    sys.stdout.flush()
    sys.exit(1 if comparison.different else 0)


def _ask(settings: Settings) -> None:
    """Ask the user to agree to the requests. End the program if the user declines, or if there is no terminal."""
    if not has_user():
        _stop(NEEDS_YES)
    question = (
        f"This sends {COUNT} requests that only read to {settings.base_url}, within the budget of your key.\n"
        "The report has paths, names of fields and types. It has no values. Continue?"
    )
    if not asyncio.run(confirmed(question)):
        _stop("Nothing was sent.\n")


def _progress(done: int, endpoint: str) -> None:
    """Show on a terminal how many requests are answered, and the next one."""
    if sys.stderr and sys.stderr.isatty():
        filled = _WIDTH * done // COUNT
        end = "\n" if done == COUNT else ""
        sys.stderr.write(f"\r[{'#' * filled}{'-' * (_WIDTH - filled)}] {done}/{COUNT} {endpoint:<40}{end}")
        sys.stderr.flush()


def _stop(message: str) -> NoReturn:
    sys.stderr.write(message)
    sys.exit(2)


__all__ = ["COUNT", "compare"]
