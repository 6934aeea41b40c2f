"""Unexpected exceptions: logged without their text, which may hold a guest's words, and answered by a Failure."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from mcp.shared.exceptions import MCPError

from ...errors import Failure, OutcomeUnknown
from ...message import Delivery
from ...tools import Tool

_UNEXPECTED: Final = "linktime-mcp failed on this call. Its log has the place. Report it if it recurs."
_NOTHING_SENT: Final = "Nothing was sent."
_AFTER_SENDING: Final = (
    "linktime-mcp failed after it sent this change, so LinkTime may or may not have made it. "
    "Check before you call again."
)

log = logging.getLogger(__name__)


@contextmanager
def guarded(tool: Tool, delivery: Delivery) -> Iterator[None]:
    """Log any unexpected exception in this block, and raise a Failure instead.

    Raises:
        OutcomeUnknown: *delivery* says that a write may have taken effect.
        Failure: Any other unexpected exception. Failures and errors of the protocol pass unchanged.
    """
    try:
        yield
    except (Failure, MCPError):
        raise
    except Exception as error:  # noqa: BLE001 - any fault of this program
        report(tool, error)
        if delivery.possible:
            raise OutcomeUnknown(_AFTER_SENDING, answered=False) from None
        raise Failure(_UNEXPECTED if tool.reads else f"{_UNEXPECTED} {_NOTHING_SENT}") from None


def report(tool: Tool, error: Exception) -> None:
    """Log the class and the place of *error*, but not its text."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    log.error("%s failed: %s at %s:%s", tool.name, type(error).__name__, place.filename, place.lineno)
