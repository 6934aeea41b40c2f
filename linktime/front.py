"""Answers a client's first frames from a file, the memo, while the rest of the program is imported.

An earlier session recorded the answers. Their keys are digests of everything that an answer depends on: the installed
files, the settings, and all frames of the client so far. So this module repeats no rule of the protocol. Settings that
never started a session have no answers, so invalid ones end the program first. The session handles every frame as well.
Its answer to an answered frame is compared instead of sent.
"""

from __future__ import annotations

import json
import os
import select
import signal
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from threading import Thread
from typing import Any, Final, NamedTuple

from .pipeline.system import WINDOWS, account_home, state_directory

_LISTS: Final = {f"{kind}/list" for kind in ("prompts", "resources", "resources/templates", "skills", "tools")}
_STATIC: Final = _LISTS | {"initialize", "notifications/initialized", "ping", "server/discover"}
_TOKENS: Final = ("progressToken", "traceparent", "tracestate", "baggage")  # in `_meta`; no static answer needs them
_MOST_FRAMES: Final = 16  # of a session
_LONGEST_FRAME: Final = 64 << 10  # bytes
_MOST_ANSWERS: Final = 64
_LARGEST_MEMO: Final = 1 << 20  # bytes
_PRIVATE: Final = 0o077  # the rights that no other user may have

Ident = int | str | None


class _Frame(NamedTuple):
    """A frame of the client. *key* stands for it and all frames before it."""

    key: str
    ident: Ident
    method: Any


class _Conversation:
    """The frames of a client as a chain of digests, without ids and _TOKENS."""

    def __init__(self, state: bytes) -> None:
        self._digest = sha256(state)

    def add(self, line: bytes) -> _Frame | None:
        """Return the frame in the next line, or None if it is none with a static answer."""
        try:
            frame = json.loads(line.decode()) if len(line) <= _LONGEST_FRAME else None
        except (ValueError, RecursionError):
            return None
        if not isinstance(frame, dict) or ("id" in frame and not _is_plain(frame["id"])):
            return None
        ident = frame.get("id")
        if ident is not None:
            frame["id"] = 0
        if isinstance(params := frame.get("params"), dict) and isinstance(meta := params.get("_meta"), dict):
            rest = {name: value for name, value in meta.items() if not (name in _TOKENS and type(value) in {int, str})}
            frame["params"] = {name: params[name] for name in params if name != "_meta"} | (
                {"_meta": rest} if rest else {}
            )
        self._digest.update(json.dumps(frame).encode() + b"\n")
        return _Frame(self._digest.hexdigest(), ident, frame.get("method"))


class Front:
    """The memo at *path*, and the thread that answers from it. Without a *path* it does nothing.

    | state | stdin and stdout belong to | an event ends it |
    | --- | --- | --- |
    | answering | the thread | a frame without a recorded answer, or the end of stdin |
    | waiting | nobody | `take_over` |
    | recording | the session | a frame that is not static, or the session's end |

    A memo without answers starts no thread.
    """

    def __init__(self, path: str = "", state: bytes = b"") -> None:
        self._path = path
        self._answers = _read(path) if path else {}
        # The thread: the frames that it read, its answers by id, and the part of them that stdout has not taken
        self._front = _Conversation(state)
        self._taken = b""
        self._sent: dict[Ident, bytes] = {}
        self._rest = b""
        # The session: its frames, the keys of its open requests, and the answers that it recorded
        self._session = _Conversation(state)
        self._records = bool(path)
        self._open: dict[Ident, str] = {}
        self._recorded: dict[str, str] = {}
        # The thread, and the pipe that ends it
        self._thread: Thread | None = None
        if self._answers:
            self._begin()

    def _begin(self) -> None:
        # A client that has an answer expects a server that ends properly, so signals wait for the session.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        os.set_blocking(1, False)
        self._woken, self._wake = os.pipe()
        self._thread = Thread(target=self._run, name="front", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        line = b""
        with suppress(OSError):  # the session meets the same fault
            while len(line) <= _LONGEST_FRAME and self._is_ready(0, select.POLLIN):
                data = os.read(0, _LONGEST_FRAME)
                self._taken += data
                *lines, line = (line + data).split(b"\n")
                if not data or not all(map(self._answer, lines)):
                    return

    def _answer(self, line: bytes) -> bool:
        """Answer a line. Return False if it is for the session."""
        frame = self._front.add(line)
        if frame is None or frame.ident in self._sent or (body := self._answers.get(frame.key)) is None:
            return False
        if frame.ident is not None:
            self._rest = self._sent[frame.ident] = _head(frame.ident) + body.encode()
        while self._rest and self._is_ready(1, select.POLLOUT):
            self._rest = self._rest[os.write(1, self._rest) :]
        return not self._rest

    def _is_ready(self, descriptor: int, event: int) -> bool:
        """Wait for a descriptor. Return False if the session takes over."""
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        poll.register(descriptor, event)
        return self._woken not in dict(poll.poll())

    def take_over(self) -> tuple[bytes, bytes]:
        """End the thread. Return the bytes of stdin that it read, and those that stdout has not taken."""
        if self._thread:
            os.write(self._wake, b"\n")
            self._thread.join()
            os.close(self._wake)
            os.close(self._woken)
        return self._taken, self._rest

    def came(self, line: bytes) -> None:
        """Record the client's next line."""
        frame = (
            self._session.add(line) if self._records and len(self._recorded) + len(self._open) < _MOST_FRAMES else None
        )
        self._records = frame is not None and frame.method in _STATIC and frame.ident not in self._open
        if not self._records or frame is None:
            return
        if frame.ident is None:
            self._recorded[frame.key] = ""
        else:
            self._open[frame.ident] = frame.key

    def answered(self, ident: Ident, line: bytes = b"") -> bool:
        """Record the session's answer to a request, or no answer. Return whether the client has one already."""
        key, head = self._open.pop(ident, None), _head(ident)
        if key and line.startswith(head):
            self._recorded[key] = line.removeprefix(head).decode()
        return self._sent.pop(ident, None) is not None

    def save(self) -> None:
        """Add new and different answers to the memo."""
        if self._recorded.items() <= self._answers.items():
            return
        if any(self._answers.get(key, body) != body for key, body in self._recorded.items()):
            import logging  # noqa: PLC0415 - only needed here

            logging.getLogger(__name__).warning("the first answers were outdated. Restart the client to see new ones.")
        # Other servers of this user may have saved theirs meanwhile.
        answers = _read(self._path) | self._recorded
        while len(answers) > _MOST_ANSWERS or sum(map(len, answers.values())) > _LARGEST_MEMO // 2:
            del answers[next(iter(answers))]
        self._answers = answers
        _replace(self._path, json.dumps(answers).encode())


def front(arguments: list[str], environ: Mapping[str, str], platform: str = sys.platform) -> Front:
    """Return the front of the server with this command line and environment, which may do nothing."""
    # Windows has no way to end a thread that waits for a pipe.
    if platform == WINDOWS or arguments not in ([], ["serve"]) or environ.get("LINKTIME_PLAIN_IMPORTS") == "1":
        return Front()
    try:
        os.fstat(2)  # if it is closed, a file that is opened here would become stderr
        if not all(map(_is_pipe, (0, 1))):
            return Front()
        folder = state_directory(platform, environ, account_home(platform))
        return Front(os.path.join(folder, "memo.json"), _state(environ))
    except OSError:
        return Front()


def _is_pipe(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _is_plain(ident: object) -> bool:
    """Return whether every JSON library writes an id in the same way."""
    return type(ident) is int or (isinstance(ident, str) and ident.isascii() and ident.isprintable())


def _head(ident: Ident) -> bytes:
    return b'{"jsonrpc":"2.0","id":%s,"result":' % json.dumps(ident).encode()


def _state(environ: Mapping[str, str]) -> bytes:
    """Return a digest of all that decides the answers besides the client's frames."""
    settings = sorted((name, value) for name, value in environ.items() if name.startswith("LINKTIME_"))
    installed = [(folder, os.stat(folder).st_mtime_ns) for folder in sys.path[1:] if os.path.isdir(folder)]
    sources = sorted(_files(os.path.dirname(__file__)))
    return sha256(repr((sys.version, sys.flags, installed, sources, settings)).encode()).digest()


def _files(folder: str) -> Iterator[tuple[str, int]]:
    """Generate the files of this package with the time of their last change."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file():
                yield entry.path, entry.stat().st_mtime_ns
            elif entry.name != "__pycache__":
                yield from _files(entry.path)


def _read(path: str) -> dict[str, str]:
    """Return the answers in the memo, or none if it is not this user's alone, too large or damaged."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            about = os.fstat(file.fileno())
            if about.st_uid != os.getuid() or about.st_mode & _PRIVATE or about.st_size > _LARGEST_MEMO:
                return {}
            answers = json.loads(file.read(_LARGEST_MEMO))
    except (OSError, ValueError, RecursionError):
        return {}
    texts = [*answers, *answers.values()] if isinstance(answers, dict) else [None]
    return answers if all(isinstance(text, str) for text in texts) else {}


def _replace(path: str, memo: bytes) -> None:
    temporary = f"{path}.{os.getpid()}"
    with suppress(OSError):
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(memo)
        os.replace(temporary, path)
