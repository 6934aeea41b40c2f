"""The layer that does no write twice by repetition."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from secrets import token_bytes
from typing import Any, Final

from ..answers import as_object, record
from ..errors import Rejected
from ..message import Notes, Reply, Request, Send
from ..sanitize import plain
from . import routes
from .write_log import WriteLog

LIFE: Final = 120.0  # s in which an equal write is a repetition
_SIZE: Final = 256  # successes
_DIGEST_SIZE: Final = 16  # bytes
_DONE: Final = (
    "An equal call succeeded {age:.0f} s ago{answer}. Nothing was sent now. If LinkTime shows that it was undone "
    "since, call again in {left:.0f} s."
)
_WEBHOOK: Final = (
    "an equal call created the webhook {ident} {age:.0f} s ago, so no second one was created. Its secret was only in "
    "that answer. If the secret is lost, delete this webhook with delete_webhook and create it again."
)


class Repeats:
    """A `Send` that answers a repeated write from memory, with a mark.

    A model repeats a call if it did not notice the first answer. Two equal writes within two minutes are one wish: each
    write of LinkTime either has no second effect, or has one that the user did not want.

    | the equal write before | effect on this write |
    | --- | --- |
    | in flight | waits for its end, and gets its answer if it succeeds |
    | succeeded less than 2 minutes ago | gets its answer, with `alreadyDone` |
    | the same, and it created a webhook | is refused, because the secret is not kept |
    | succeeded, then another write to its tags began here or ended elsewhere | is sent |
    | failed, has an unknown outcome, or its caller left | is sent |

    The memory has hashes of the requests. It has the answers of the last two minutes, and no secret. A success in the
    log of an earlier process counts as well, but its answer is not kept.

    Args:
        send: Sends the request.
        clock: Seconds.
        poll: Polls the writes of other servers.
        epoch: Returns the number of writes to the tags of a request. A write to several tags counts for each.
        life: Seconds.
        size: The largest number of successes. The oldest one is dropped.
        log: Keeps the last writes for the next process.
    """

    def __init__(
        self,
        send: Send,
        *,
        clock: Callable[[], float],
        poll: Callable[[], Awaitable[None]],
        epoch: Callable[[Request], int],
        life: float = LIFE,
        size: int = _SIZE,
        log: WriteLog | None = None,
    ) -> None:
        self._send = send
        self._clock = clock
        self._poll = poll
        self._epoch = epoch
        self._life = life
        self._size = size
        self._log = log
        self._salt = log.salt if log else token_bytes(_DIGEST_SIZE)
        # both by the hash of the request: the writes in flight, and the last successes, oldest first
        self._in_flight: dict[bytes, _Flight] = {}
        self._successes: OrderedDict[bytes, _Success] = OrderedDict()

    async def __call__(self, request: Request) -> Reply:
        """Send *request*, unless an equal write has just succeeded.

        Raises:
            Rejected: An equal write has created a webhook.
        """
        if request.is_read:
            return await self._send(request)
        # 1. An equal write is in flight: wait for it, and again if a third one began meanwhile.
        # 2. An equal write succeeded, and nothing overtook it.
        # 3. Any other write is sent.
        key = self._hash(request)
        await self._poll()  # writes of other servers may have overtaken a success
        success = None
        while not success and (equal := self._in_flight.get(key)):
            await equal.ended.wait()
            success = equal.success
        self._forget(request, key)
        if success := success or self._successes.get(key) or self._logged(request, key):
            return success.again(self._clock() - success.since, self._life)
        return await self._sent(request, key)

    async def _sent(self, request: Request, key: bytes) -> Reply:
        flight = self._in_flight[key] = _Flight(request.tags)
        before = self._epoch(request)
        if self._log:
            self._log.begin()
        try:
            reply = await self._send(request)
            flight.success = _Success.of(request, reply, self._epoch(request), self._clock())
        finally:
            del self._in_flight[key]
            flight.ended.set()
        # If another write to its tags ended meanwhile or is in flight, the state after both is not certain.
        rivals = any(other.tags & request.tags for other in self._in_flight.values())
        if flight.success.epoch - before == len(request.tags) and not rivals:
            self._remember(key, flight.success)
        if self._log:
            self._log.record(key)
        return reply

    def _logged(self, request: Request, key: bytes) -> _Success | None:
        """Return an equal success of an earlier process, if there is one. The log does not have its answer."""
        age = self._log.age(key) if self._log else None
        if age is None or not 0 <= age < self._life:
            return None
        return _Success.of(request, Reply(200, {}), self._epoch(request), self._clock() - age)

    def _forget(self, request: Request, key: bytes) -> None:
        """Drop the successes that are old, and those that *request* or another server's write overtakes."""
        now = self._clock()
        for name, success in list(self._successes.items()):
            overtaken = success.tags & request.tags if name != key else success.epoch != self._epoch(request)
            if overtaken or now - success.since >= self._life:
                del self._successes[name]

    def _remember(self, key: bytes, success: _Success) -> None:
        self._successes[key] = success
        if len(self._successes) > self._size:
            self._successes.popitem(last=False)

    def _hash(self, request: Request) -> bytes:
        question = (request.method, request.template, request.ident, request.query, request.body)
        return blake2b(repr(question).encode(), key=self._salt, digest_size=_DIGEST_SIZE).digest()


@dataclass(slots=True, eq=False)
class _Flight:
    """A write in flight. *success* is set before *ended* if it succeeds."""

    tags: frozenset[str]
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    success: _Success | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Success:
    """A write that succeeded. *data* is its answer, or None if it created a webhook with the id *webhook*."""

    tags: frozenset[str]
    epoch: int  # of its tags, after it
    since: float  # s of the clock
    data: dict[str, Any] | None = field(repr=False)
    timezone: str | None = None  # of the local times in *data*
    webhook: str = ""

    @classmethod
    def of(cls, request: Request, reply: Reply, epoch: int, now: float) -> _Success:
        """Return the success of *request*. The secret in an answer about a webhook is not kept."""
        if (request.method, request.template) == ("POST", routes.WEBHOOKS):
            return cls(request.tags, epoch, now, None, webhook=str(record(reply.data).get("id", "of that call")))
        return cls(request.tags, epoch, now, as_object(reply.data), reply.notes.timezone)

    def again(self, age: float, life: float) -> Reply:
        """Return the answer to an equal write, *age* seconds after this one. Raise Rejected if it created a webhook."""
        if self.data is None:
            raise Rejected("conflict", _WEBHOOK.format(ident=plain(self.webhook), age=age), status=409)
        text = _DONE.format(age=age, left=life - age, answer=", and this is its answer" if self.data else "")
        notes = Notes(already_done=True, age_seconds=round(age, 1), timezone=self.timezone)
        return Reply(200, {**self.data, "alreadyDone": text}, notes)
