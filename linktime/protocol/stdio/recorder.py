"""Records the first answers of a session for the next start, and keeps back those that the front has given."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any, Final

from ...front import Conversation, Front, Ident, head, save

log = logging.getLogger(__name__)

_MOST: Final = 16  # answers; a client may send pings for days


class Recorder:
    """The answers to the static requests at the beginning of a session, after its *front*. Any other frame ends it."""

    def __init__(self, front: Front) -> None:
        self._front = front
        # The client's frames so far, or None if nothing more is recorded
        self._conversation = Conversation(front.state) if front.records and front.state else None
        self._open: dict[Ident, str] = {}  # the keys of the requests in flight
        self._answers: dict[str, Any] = {}  # None for an answer that may differ the next time

    def came(self, line: bytes) -> None:
        """Take the client's next line into account."""
        if self._conversation is None:
            return
        key, ident = self._conversation.add(line)
        if not key or ident in self._open or len(self._answers) + len(self._open) >= _MOST:
            self._conversation = None
            self._open.clear()  # their ids can come again
        elif ident is not None:
            self._open[ident] = key

    def is_known(self, ident: Ident, line: bytes) -> bool:
        """Record the session's answer to a request. Return whether the client has one already."""
        sent = self._front.sent.pop(ident, None)
        if key := self._open.pop(ident, None):
            start = head(ident)
            self._answers[key] = line.removeprefix(start).decode() if line.startswith(start) else None
        if sent not in {None, line} and self._front.answers:
            log.warning("the recorded answers were outdated. Restart the client to see the new ones.")
            self._front.answers.clear()  # all are replaced
        return sent is not None

    def skipped(self, ident: Ident) -> None:
        """Forget a request that the session does not answer. Its id can come again."""
        self._front.sent.pop(ident, None)
        self._open.pop(ident, None)

    def save(self) -> None:
        """Add new and different answers to the memo."""
        if not self._answers.items() <= self._front.answers.items():
            with suppress(OSError):  # the next start takes longer
                save(self._front.path, self._answers)
