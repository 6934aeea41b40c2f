"""The differences between the revisions of the protocol in the frames themselves: batches, and errors without an id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from mcp_types import JSONRPCMessage, JSONRPCRequest, RequestId

from .frames import Malformed, message_of

_BATCHES: Final = "2025-03-26"  # the only revision with batches
_NO_NULL: Final = "2025-11-25"  # since then an error has no id if that of its request is unknown; before, it is null
_WITHOUT_HANDSHAKE: Final = "2026-07-28"
Frame = dict[str, Any] | list[dict[str, Any]]


@dataclass(slots=True)
class _Batch:
    """A batch whose requests are not all answered."""

    answers: list[dict[str, Any]] = field(default_factory=list)
    pending: Counter[RequestId] = field(default_factory=Counter)


class Batches:
    """The revision of one connection, and its batches. The answers to a batch leave together, as one frame.

    | state | an event adds | an event removes |
    | --- | --- | --- |
    | open | `read`: a batch with requests | `answered` or `unanswered`: the last of its requests |
    """

    def __init__(self) -> None:
        self._revision = ""  # of the connection, as its results show it
        self._open: list[_Batch] = []

    @property
    def are_allowed(self) -> bool:
        """Return whether the client and the server have agreed on the revision with batches."""
        return self._revision == _BATCHES

    def read(self, frames: Iterable[Any]) -> tuple[list[JSONRPCMessage], Frame | None]:
        """Return the messages in a batch, and the frame that answers it if none of them is a request."""
        batch, messages = _Batch(), list[JSONRPCMessage]()
        for frame in frames:
            try:
                message = message_of(frame)
            except Malformed as malformed:
                batch.answers += malformed.answers
                continue
            if message is not None:
                messages.append(message)
            if isinstance(message, JSONRPCRequest):
                batch.pending[message.id] += 1
        self._open.append(batch)
        return messages, self._finished(batch)

    def answered(self, frame: dict[str, Any]) -> Frame | None:
        """Return the frame to write in place of *frame*. Return None if it waits for the rest of its batch."""
        if "method" in frame:
            return frame
        self._learn(frame.get("result", {}))
        if frame["id"] is None and self._revision >= _NO_NULL:
            return {name: value for name, value in frame.items() if name != "id"}
        batch = self._of(frame["id"])
        if batch is None:
            return frame
        batch.answers.append(frame)
        return self._settled(batch, frame["id"])

    def unanswered(self, ident: RequestId) -> Frame | None:
        """Return the frame to write after the client has cancelled a request, if that completes its batch."""
        batch = self._of(ident)
        return self._settled(batch, ident) if batch else None

    def _learn(self, result: dict[str, Any]) -> None:
        if "resultType" in result:
            self._revision = _WITHOUT_HANDSHAKE
        self._revision = result.get("protocolVersion", self._revision)

    def _of(self, ident: RequestId) -> _Batch | None:
        return next((batch for batch in self._open if batch.pending[ident] > 0), None)

    def _settled(self, batch: _Batch, ident: RequestId) -> Frame | None:
        batch.pending[ident] -= 1
        return self._finished(batch)

    def _finished(self, batch: _Batch) -> Frame | None:
        """Forget a batch without pending requests, and return its answers, if there are any."""
        if batch.pending.total() > 0:
            return None
        self._open.remove(batch)
        return batch.answers or None
