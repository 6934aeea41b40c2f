"""Telemetry from the environment, and the SDK's own warnings."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, MutableMapping
from importlib import import_module
from time import monotonic
from typing import Final, TextIO

from ..stderr import write_line
from .environment import settle
from .recorder import Read, Sdk, Telemetry

_EVERY: Final = 60.0  # s
_LONGEST: Final = 500  # characters
_QUERY: Final = re.compile(r"\?[^\s'\")]+")  # of an endpoint; it may hold a token


class Diagnostics(logging.Handler):
    """Writes what the SDK logs, such as a collector that is down: a line without its stack, at most one a minute."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = monotonic) -> None:
        super().__init__(logging.WARNING)
        self._write, self._clock, self._next = write, clock, float("-inf")

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        if (moment := self._clock()) >= self._next:
            self._next = moment + _EVERY
            text = _QUERY.sub("?…", " ".join(record.getMessage().split()))[:_LONGEST]
            kind = f" ({record.exc_info[0].__name__})" if record.exc_info and record.exc_info[0] else ""
            self._write(f"linktime-mcp: WARNING telemetry: {text}{kind}")


def set_up(
    environ: MutableMapping[str, str],
    *,
    arguments: bool = False,
    stderr: TextIO | None = None,
    warn: Callable[[str], None] = write_line,
) -> Telemetry:
    """Return the telemetry of these variables, with the *arguments* of calls or without.

    Lines go to *stderr*, which may block, and warnings to *warn*. Malformed variables are removed from *environ*.
    """
    variables = settle(environ)
    for name, words in variables.faults.items():
        warn(f"linktime-mcp: WARNING {name}: {words}. The server ignores it.")
    logger = logging.getLogger("opentelemetry")
    logger.propagate, logger.handlers = False, [Diagnostics(warn)]

    def load(read: Read) -> Sdk:
        sdk: Sdk = import_module(".sdk", __package__).load(variables, stderr, read)
        return sdk

    return Telemetry(load if variables.traces or variables.metrics else None, arguments=arguments)
