"""The budget and the changes of one key on many machines, in a Redis or Valkey server."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from importlib.resources import files
from random import uniform
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

from .codec import FORMAT, Malformed, dump, format_of, load
from .interface import KEPT, UNUSED, Change, LedgerUnavailable, Step, changes_of
from .rules import Budget

T = TypeVar("T")

_TIMEOUT: Final = 0.25  # s; to connect, and for each answer
_PATIENCE: Final = 0.75  # s; so long a step is tried again if other servers are faster
_TURN: Final = 0.1  # s; so long a server waits for its turn
_PAUSE: Final = 0.005  # s; the longest pause before another try
_LIFE: Final = round(UNUSED * 1000)  # ms
_NOTHING: Final = "0-0"  # before the first change

log = logging.getLogger(__name__)


class RedisConnection:
    """A connection to the server at *url*, made when it is first needed."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: Any = None
        self._script: Any = None

    @property
    def place(self) -> str:
        """Where the server is."""
        return place_of(self._url)

    def do(self, work: Callable[[Any], T]) -> T:
        """Work with the client. Raises LedgerUnavailable if the server cannot be reached or refuses."""
        from redis.exceptions import RedisError  # noqa: PLC0415 - imported by the thread that needs it

        try:
            return work(self._client or self._connected())
        except (RedisError, OSError) as fault:
            raise self.unavailable(fault) from None

    def run(self, keys: Sequence[str], *words: str | int) -> Any:
        """Run the script that loads and stores."""
        return self.do(lambda _: self._script(keys=keys, args=words))

    def unavailable(self, reason: object) -> LedgerUnavailable:
        """Return the error to raise."""
        return LedgerUnavailable(f"{self.place}: {reason}")

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()

    def _connected(self) -> Any:
        from redis import Redis  # noqa: PLC0415 - likewise
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.retry import Retry  # noqa: PLC0415

        options = {
            "protocol": 2,
            "decode_responses": True,
            "single_connection_client": True,
            "socket_timeout": _TIMEOUT,
            "socket_connect_timeout": _TIMEOUT,
            "retry": Retry(NoBackoff(), 0),  # a step whose answer is lost may have been made
        }
        try:
            client = Redis.from_url(self._url, **options)
            client.ping()  # reads the options, and its error says if a password is missing
        except (TypeError, ValueError):
            raise self.unavailable("the URL's options are not valid") from None
        self._script = client.register_script(files(__package__).joinpath("store.lua").read_text(encoding="utf-8"))
        self._client = client
        return client


class RedisLedger:
    """A `Ledger`: one hash with the budget and a tag that changes with each step. Time is the Redis server's.

    A step is applied to the budget that was loaded, and stored if that is still the one there. Else it is tried again
    after a random pause. Servers take turns in the order in which they came, so that this is rare. The Redis server
    removes a budget that is not used for UNUSED seconds. A *clock* replaces the server's in tests.
    """

    clock = "redis"

    def __init__(self, redis: RedisConnection, name: str, *, clock: Callable[[], float] | None = None) -> None:
        self._redis = redis
        self._budget_key = f"linktime:{{{name}}}:budget"  # in braces, so that a cluster keeps a name's keys together
        self._keys = [self._budget_key, f"linktime:{{{name}}}:turn"]
        self._clock = clock
        self.place = redis.place

    def apply(self, step: Step[T]) -> T:
        """Apply *step*, and store its result if the budget is still the one that was loaded."""
        # Load, apply and store if nothing was stored meanwhile. The script compares the tags, so no step is lost.
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            tag, state, moment = self._loaded()
            budget = self._budget(state) or Budget()
            result = step(budget, self._reading(moment))
            if self._redis.run(self._keys, "", tag, uuid4().hex, dump(budget), _LIFE):
                return result
            time.sleep(uniform(0.0, _PAUSE))  # noqa: S311 - no secret
        raise self._redis.unavailable("too many servers use the budget at once")

    def _loaded(self) -> Any:
        """Load the budget when it is this server's turn, or when the turn does not come: its owner may be dead."""
        if loaded := self._redis.run(self._keys, ""):
            return loaded
        self._redis.do(lambda client: client.blpop(self._keys[1:], timeout=_TURN))
        return self._redis.run(self._keys, "waited")

    def peek(self) -> tuple[Budget, float] | None:
        """Return the stored budget, if there is one."""
        state, moment = self._redis.do(lambda client: (client.hget(self._budget_key, "state"), client.time()))
        budget = self._budget(state or "")
        return (budget, self._reading(moment)) if budget else None

    def close(self) -> None:
        """Close the connection."""
        self._redis.close()

    def _budget(self, state: str) -> Budget | None:
        if not state:
            return None
        if (version := format_of(state)) not in {FORMAT, None}:
            raise self._redis.unavailable(
                f"the budget has format {version}, this server writes {FORMAT}: update all servers of this key"
            )
        try:
            return load(state)
        except Malformed:
            log.warning("the shared budget in %s could not be read, and a new one is begun", self.place)
            return None

    def _reading(self, moment: Sequence[str]) -> float:
        seconds, microseconds = moment
        return self._clock() if self._clock else int(seconds) + int(microseconds) / 1e6


class RedisChanges:
    """A `ChangeLog`: a stream, as *server* reads it."""

    waits = True

    def __init__(self, redis: RedisConnection, name: str, server: str) -> None:
        self._redis = redis
        self._key = f"linktime:{{{name}}}:changes"
        self._server = server
        self._last = _NOTHING  # the change that was read last

    def publish(self, change: Change) -> None:
        """Add an entry, and remove the oldest."""
        self._redis.do(lambda client: self._add(client, json.dumps(sorted(change.tags)), change.settle))

    def poll(self, *, patient: bool) -> Sequence[Change] | None:  # noqa: ARG002 - the network is waited for
        """Return the entries since the last poll. The last one of before must still be there, or some are missed."""
        return self._redis.do(self._poll)

    def _poll(self, client: Any) -> Sequence[Change] | None:
        entries = client.xrange(self._key, self._last, "+")
        # 1. The last entry is gone, or this is the first poll: anything may have changed.
        # 2. It is there, so every later entry is there, too.
        if not entries or entries[0][0] != self._last:
            newest = client.xrevrange(self._key, count=1)
            self._last = newest[0][0] if newest else self._add(client, "[]", 0.0)
            return None
        self._last = entries[-1][0]
        return changes_of(
            (change.get("tags"), change.get("settle"))
            for _, change in entries[1:]
            if change.get("server") != self._server
        )

    def _add(self, client: Any, tags: str, settle: float) -> Any:
        fields = {"server": self._server, "tags": tags, "settle": settle}
        with client.pipeline() as pipe:
            pipe.xadd(self._key, fields, maxlen=KEPT, approximate=False)
            pipe.pexpire(self._key, _LIFE)
            ident, _ = pipe.execute()
        return ident


def place_of(url: str) -> str:
    """Return where *url* leads, without its user, password and options."""
    parts = urlsplit(url)
    return f"Redis at {parts.path if parts.scheme == 'unix' else parts.netloc.rpartition('@')[2]}"
