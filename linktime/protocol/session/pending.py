"""The questions that wait for the client's next call, on connections of 2026-07-28."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from secrets import token_urlsafe
from typing import Final, NamedTuple

from ...message import Request
from .refusals import unknown_state

_MOST: Final = 256  # questions


class _Pending(NamedTuple):
    """A question: digests instead of texts, so that it takes no room."""

    about: bytes  # digest of the request
    gist: bytes  # digest of the question, without local times
    until: float  # s of the clock


class PendingQuestions:
    """At most 256 questions, each of which waits for *patience* seconds of the *clock*, and is answered once."""

    def __init__(self, clock: Callable[[], float], patience: float) -> None:
        self._clock = clock
        self._patience = patience  # s
        self._pending: dict[str, _Pending] = {}  # by the request state of the client, oldest first

    def add(self, request: Request, gist: str) -> str:
        """Keep a question about *request*. Return its unguessable name, the request state of the next call."""
        now = self._clock()
        # Drop the questions that are over, and the oldest one if there are too many.
        self._pending = {state: pending for state, pending in self._pending.items() if now < pending.until}
        if len(self._pending) == _MOST:
            del self._pending[next(iter(self._pending))]
        state = token_urlsafe()
        self._pending[state] = _Pending(_about(request), digest(gist), now + self._patience)
        return state

    def take(self, state: str, request: Request) -> bytes:
        """Remove a question, and return the digest of its gist.

        Raises:
            MCPError: It is missing, late or of another call.
        """
        pending = self._pending.pop(state, None)
        if pending is None or pending.about != _about(request) or self._clock() >= pending.until:
            raise unknown_state()
        return pending.gist


def digest(*parts: object) -> bytes:
    """Return a fixed-size digest of *parts*."""
    return sha256(repr(parts).encode()).digest()


def _about(request: Request) -> bytes:
    return digest(request.method, request.template, request.ident, request.query, request.body)
