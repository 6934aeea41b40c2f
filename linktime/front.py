"""Answers a client's first requests from a file, the memo, while the rest of the program is imported.

An earlier session recorded these answers. Each has a digest as its key, of everything that the answer depends on: the
installed files, the settings, and all frames of the client so far. So this module repeats no rule of the protocol.
The session handles every frame as well. Its answer to an answered request is compared instead of sent.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from contextlib import suppress
from hashlib import sha256
from threading import Thread
from typing import Any, Final

from .pipeline import private_file
from .pipeline.system import WINDOWS, account_home, state_folder

_LISTS: Final = {f"{kind}/list" for kind in ("prompts", "resources", "resources/templates", "skills", "tools")}
_STATIC: Final = _LISTS | {"initialize", "notifications/initialized", "ping", "server/discover"}
_TOKENS: Final = ("progressToken", "traceparent", "tracestate", "baggage")  # in `_meta`; no static answer needs them
LARGEST_ID: Final = 1 << 53  # a whole number up to here has the same value as a float
_LONGEST_LINE: Final = 64 << 10  # bytes
_LARGEST_MEMO: Final = 4 << 20  # bytes; several times the size of _MOST_ANSWERS
_MOST_ANSWERS: Final = 32
_DISK: Final = 1.0  # s; a disk that does not answer delays the start by no more

Ident = int | str | None  # None for a notification


class Conversation:
    """The frames of a client as a chain of digests, without ids and _TOKENS. *state* is the digest of all else."""

    def __init__(self, state: bytes) -> None:
        self._digest = sha256(state)

    def add(self, line: bytes) -> tuple[str, Ident]:
        """Return the digest of all frames up to the one in *line*, or an empty text if it is not static, and its id."""
        try:
            frame = json.loads(line.decode())
            is_static = frame["method"] in _STATIC and _is_plain(frame.get("id", ""))
            ident = frame.pop("id", None)
            for token in _TOKENS:
                frame.get("params", {}).get("_meta", {}).pop(token, None)
        except (ValueError, RecursionError, AttributeError, LookupError, TypeError):  # it is no usual frame
            return "", None
        self._digest.update(json.dumps(frame).encode() + b"\n")
        return self._digest.hexdigest() if is_static else "", ident


def _is_plain(ident: object) -> bool:
    """Return whether every session repeats an id as it is."""
    match ident:
        case str():
            return ident == ident.encode("utf-8", "ignore").decode()  # half an emoji has no UTF-8
        case int():
            return not isinstance(ident, bool) and abs(ident) < LARGEST_ID
        case _:
            return False


class Front:
    """The thread that answers. Until `begin` it does nothing.

    It ends at a frame without a recorded answer, at the end of stdin, or by `end`, with which the session takes over.
    """

    def __init__(self) -> None:
        # The memo, and the digest that its keys begin with
        self.path = ""
        self.answers: dict[str, Any] = {}
        self.state = b""  # empty until the disk has answered
        self.records = True  # whether the session's answers become part of the memo
        # For the session: the bytes of stdin, the answers by id, and the part of them that stdout has not taken
        self.taken = b""
        self.sent: dict[Ident, bytes] = {}
        self.rest = b""
        # The thread, and the pipe that ends it
        self._thread = Thread(target=self._run, name="front", daemon=True)

    def begin(self, platform: str = sys.platform) -> None:
        """Start the thread. Do nothing on Windows, which can't end its wait for a pipe, and for a user who types."""
        # The number of a closed stream can be that of another file.
        if platform == WINDOWS or None in {sys.stdin, sys.stdout, sys.stderr} or os.isatty(0):
            return
        # A client that has an answer expects a server that ends properly, so signals wait for the session.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        self._woken, self._wake = os.pipe()
        self._thread.start()

    def end(self) -> None:
        """End the thread. If it still waits for the disk, it will not touch stdin."""
        if self._thread.is_alive():
            os.write(self._wake, b"\n")
            self._thread.join(None if self.state else _DISK)

    def _run(self) -> None:
        with suppress(OSError):  # the session meets the same fault
            self.path = os.path.join(state_folder(sys.platform, os.environ, account_home(sys.platform)), "memo.json")
            self.answers = _read(self.path)
            self.state = _state()
            if self.answers:
                self._converse(Conversation(self.state))

    def _converse(self, conversation: Conversation) -> None:
        line = b""
        while len(line) <= _LONGEST_LINE and self._is_ready(0, select.POLLIN):
            data = os.read(0, _LONGEST_LINE)
            self.taken += data
            *lines, line = (line + data).split(b"\n")
            if not data or not all(self._answer(*conversation.add(each)) for each in lines):
                return

    def _answer(self, key: str, ident: Ident) -> bool:
        """Answer a frame. Return False if it is for the session."""
        if key and ident is None:
            return True
        body = self.answers.get(key)
        if not isinstance(body, str) or ident in self.sent:
            return False
        self.rest = self.sent[ident] = head(ident) + body.encode()
        os.set_blocking(1, False)
        while self.rest and self._is_ready(1, select.POLLOUT):
            self.rest = self.rest[os.write(1, self.rest) :]
        return not self.rest

    def _is_ready(self, descriptor: int, event: int) -> bool:
        """Wait for a descriptor. Return False after `end`."""
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        poll.register(descriptor, event)
        return self._woken not in dict(poll.poll())


def head(ident: Ident) -> bytes:
    """Return the bytes before a result."""
    return b'{"jsonrpc":"2.0","id":%s,"result":' % json.dumps(ident, ensure_ascii=False).encode()


def save(path: str, answers: dict[str, Any]) -> None:
    """Add answers to the memo. Other servers of this user may have added theirs meanwhile. Raises OSError."""
    newest = list((_read(path) | answers).items())[-_MOST_ANSWERS:]
    private_file.replace(path, json.dumps(dict(newest)).encode())


def _read(path: str) -> dict[str, Any]:
    """Return the answers in the memo, or none if it is missing, damaged, too large or not private."""
    try:
        answers = json.loads(private_file.read(path, _LARGEST_MEMO))
        return {key: body for key, body in answers.items() if body is None or _ends_frame(body)}
    except (OSError, ValueError, RecursionError, AttributeError):
        return {}


def _ends_frame(body: str) -> bool:
    return body.endswith("}\n") and body.encode().count(b"\n") == 1


def _state() -> bytes:
    """Return a digest of all that decides the answers besides the client's frames. Raises OSError."""
    settings = sorted(item for item in os.environ.items() if item[0].startswith("LINKTIME_"))
    # An installation changes its folder. The first folder is that of the script, or the one in which the program runs.
    folders = filter(os.path.exists, sys.path[1:])
    tree = os.walk(os.path.dirname(__file__))
    files = (os.path.join(folder, name) for folder, _, names in tree for name in names if not name.endswith(".pyc"))
    changes = [(place, os.stat(place).st_mtime_ns) for place in (*folders, *files)]
    return sha256(repr((settings, changes)).encode()).digest()
