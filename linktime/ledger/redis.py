"""The ledger of one key on many machines: a Redis or Valkey server, and one script that runs there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.resources import files
from math import inf, isinf
from typing import Any, Final
from urllib.parse import urlsplit

from .book import KEPT, NEAR, PLACES, POLL, QUIET, YIELD, Away, Change, Forgotten, Standing

_TIMEOUT: Final = 0.25  # s; to connect, and for each answer
_KINDS: Final = ("cooling", "out", "seen", "again", "spare", "gate", "changes")
_NOTHING: Final = "0-0"  # before the first change


class RedisLedger:
    """A Ledger on the server at *url*, for a *server* whose requests are out for *patience* seconds at most.

    Those with the same *name* share it. A slot that nobody gives back is free a *period* after that. Time is that of
    the Redis server, whatever the servers' clocks say, unless a *clock* is given. Redis itself forgets what nobody
    uses any more.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str,
        server: str,
        limit: int,
        period: float,
        patience: float,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._url = url
        self._keys = [f"linktime:{{{name}}}:{kind}" for kind in _KINDS]  # in braces, for a cluster to keep together
        self._server = server
        self._clock = clock
        self.lease = patience + period
        self._terms = {
            "server": server,
            "limit": limit,
            "places": limit // PLACES,
            "kept": KEPT,
            "patience": _micro(patience),
            "lease": _micro(self.lease),
            "quiet": _micro(max(QUIET, self.lease)),
            "near": _micro(NEAR),
            "poll": _micro(POLL),
            "yield": _micro(YIELD),
        }
        self._redis: Any = None  # a client, once somebody has to wait for its import anyway
        self._script: Any = None
        self._last = _NOTHING

    @property
    def place(self) -> str:
        """That of the Redis server."""
        return place_of(self._url)

    @property
    def waits(self) -> bool:
        """Yes, for the network."""
        return True

    def join(self, live: Mapping[str, float]) -> None:
        """Make this server known, with these slots alone."""
        out = [ident for ident, after in live.items() if isinf(after)]
        cooling = {ident: _micro(after) for ident, after in live.items() if not isinf(after)}
        self._do("join", out=out, cooling=cooling)

    def take(self, ident: str, spare: int, soon: float) -> Standing:
        """Take a slot, or tell when to ask again."""
        return _standing(self._do("take", ident=ident, spare=spare, soon=_micro(soon)))

    def release(self, ident: str, after: float, *, opens: bool) -> Standing:
        """Make the slot free after so many seconds."""
        return _standing(self._do("release", ident=ident, after=_micro(after), opens=opens))

    def shut(self, seconds: float) -> Standing:
        """Shut the gate for at least so long."""
        return _standing(self._do("shut", seconds=_micro(seconds)))

    def look(self) -> Standing:
        """Tell how things stand."""
        return _standing(self._do("look"))

    def tell(self, change: Change) -> None:
        """Let the others know of a change."""
        self._do("tell", tags=json.dumps(sorted(change.tags)), settle=change.settle)

    def news(self) -> Sequence[Change] | None:
        """Tell what others changed."""
        told = self._do("news", last=self._last)
        if isinstance(told, str):
            self._last = told
            return None
        self._last = told[-1][0]
        changes = [dict(zip(fields[::2], fields[1::2], strict=True)) for _, fields in told[1:]]
        return [
            Change(frozenset(json.loads(change["tags"])), float(change["settle"]))
            for change in changes
            if change["server"] != self._server
        ]

    def close(self) -> None:
        """Leave."""
        if self._redis is not None:
            with suppress(Away):
                self._do("leave")
            self._redis.close()

    def _do(self, step: str, **terms: Any) -> Any:
        """Have the script do a step; raises Away where the server can't be had."""
        from redis.exceptions import RedisError  # noqa: PLC0415 - it is imported by the thread that needs it

        clock = {} if self._clock is None else {"now": _micro(self._clock())}
        ask = json.dumps({"step": step} | self._terms | terms | clock)
        try:
            return (self._script or self._connected())(keys=self._keys, args=[ask])
        except (RedisError, OSError) as fault:
            raise Away(f"{self.place}: {fault}") from None

    def _connected(self) -> Any:
        from redis import Redis  # noqa: PLC0415 - likewise
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.retry import Retry  # noqa: PLC0415

        options = {
            "protocol": 2,
            "decode_responses": True,
            "socket_timeout": _TIMEOUT,
            "socket_connect_timeout": _TIMEOUT,
            "retry": Retry(NoBackoff(), 0),  # a step whose answer is lost may have been made
        }
        try:
            self._redis = Redis.from_url(self._url, **options)
            self._redis.ping()  # reads the options, and is short enough to be told that a password is missing
        except (TypeError, ValueError):
            raise Away(f"{self.place}: the URL's options can't be right") from None
        self._script = self._redis.register_script(files(__package__).joinpath("step.lua").read_text(encoding="utf-8"))
        return self._script


def _standing(answer: list[Any] | None) -> Standing:
    if answer is None:
        raise Forgotten
    wait, shut, ajar, turns, servers, places, cooling, out = answer
    return Standing(
        cooling=tuple(due / 1e6 for due in cooling),
        out=tuple(due / 1e6 for due in out),
        shut=shut / 1e6,
        ajar=bool(ajar),
        turns=turns,
        servers=servers,
        places=places,
        wait=inf if wait < 0 else wait / 1e6,
    )


def _micro(seconds: float) -> int:
    return round(seconds * 1e6)


def place_of(url: str) -> str:
    """Tell where *url* leads, without its user, password and options."""
    parts = urlsplit(url)
    return f"Redis at {parts.path if parts.scheme == 'unix' else parts.netloc.rpartition('@')[2]}"
