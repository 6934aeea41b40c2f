"""The agents of a run: how a client goes on after an answer to a write."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from .claims import CONFLICT, NO_ANSWER, NOT_COMMITTED, SILENT, UNKNOWN, Claim
from .setup import Look, Write

CAREFUL: Final = "careful"
HASTY: Final = "hasty"
TWINS: Final = "twins"
LATE_TWIN: Final = "late twin"
UNDECIDED: Final = "undecided"

_MOST_ATTEMPTS: Final = 4
_PAUSE: Final = 0.5  # s; a model thinks before it calls again
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call for a write, and the answer to it. The times are seconds on the service's clock."""

    claim: Claim
    began: float
    ended: float
    overlaps: bool = False  # another call for the same write was in flight


Call = Callable[[str, Mapping[str, Any]], Awaitable[Claim]]


@dataclass
class Client:
    """One user of the server: *call* sends a tool call, *cancel* sends one that the client cancels after some seconds.

    *attempts* collects the calls for the write. *gone* returns whether the server is ending or has ended.
    """

    call: Call
    cancel: Callable[[str, Mapping[str, Any], float], Awaitable[Claim]]
    clock: Callable[[], float]
    gone: Callable[[], bool]
    cancelled: float | None = None
    attempts: list[Attempt] = field(default_factory=list)
    looks: int = 0
    undone: int = 0  # calls that undo the write

    async def attempt(self, write: Write, *, overlaps: bool = False) -> Claim:
        """Call the tool of *write*."""
        if self.attempts and not overlaps:
            await asyncio.sleep(_PAUSE)
        if self.gone():
            return Claim(NO_ANSWER)
        began = self.clock()
        if self.cancelled is None:
            claim = await self.call(write.tool, write.arguments)
        else:
            claim = await self.cancel(write.tool, write.arguments, self.cancelled)
        self.attempts.append(Attempt(claim, began, self.clock(), overlaps))
        return claim

    async def sees(self, look: Look) -> bool | None:
        """Return whether *look* shows the write, or None if it fails."""
        self.looks += 1
        claim = await self.call(look.tool, look.arguments)
        return (look.text in claim.text) is not look.removes if claim.says_done else None

    async def finds(self, look: Look) -> str | None:
        """Return the id of the row that *look* shows, None if it shows none."""
        self.looks += 1
        claim = await self.call(look.tool, look.arguments)
        rows = orjson.loads(claim.text).get("data") if claim.says_done else ()
        idents = (row["id"] for row in rows or () if look.text in orjson.dumps(row).decode())
        return next(idents, None)


async def careful(client: Client, write: Write) -> None:
    """Repeat a call only if its answer allows it, or if a look does not show the write."""
    for _ in range(_MOST_ATTEMPTS):
        claim = await client.attempt(write)
        if claim.says_done or claim.word in SILENT or client.gone():
            return
        if claim.word == UNKNOWN:
            if await client.sees(write.look) is not False:
                return
        elif claim.word == CONFLICT:
            other = _other_time(write, claim)
            if other is None:
                return
            write = other
        elif claim.word != NOT_COMMITTED and not claim.says_unsent:
            return


async def hasty(client: Client, write: Write) -> None:
    """Repeat a call until it succeeds."""
    for _ in range(_MOST_ATTEMPTS):
        claim = await client.attempt(write)
        if claim.says_done or claim.word in SILENT or client.gone():
            return
        if claim.word == CONFLICT:
            write = _other_time(write, claim) or write


async def twins(client: Client, write: Write) -> None:
    """Call twice at the same time, as two agents do that share a task."""
    await asyncio.gather(*(client.attempt(write, overlaps=True) for _ in range(2)))


async def late_twin(client: Client, write: Write) -> None:
    """Call, and call again for another agent if the first answer was not a success."""
    claim = await client.attempt(write)
    if not claim.says_done and claim.word not in SILENT and not client.gone():
        await client.attempt(write)


async def undecided(client: Client, write: Write) -> None:
    """Make a write, undo it, and make it again."""
    claim = await client.attempt(write)
    if write.undo is None or claim.word in SILENT or client.gone():
        return
    ident = claim.ident or await client.finds(write.look)
    if ident in write.values and not claim.ident:
        return  # an older row that looks like it
    if ident or not write.undo.argument:
        await asyncio.sleep(_PAUSE)
        arguments = {write.undo.argument: ident} if write.undo.argument else {}
        client.undone += 1
        if (await client.call(write.undo.tool, {**write.undo.arguments, **arguments})).says_done:
            await client.attempt(write)


def _other_time(write: Write, claim: Claim) -> Write | None:
    """Return the write for the first free time that a conflict offers."""
    times = _TIME.findall(claim.text)
    argument = next((name for name in ("startTime", "newStartTime") if name in write.arguments), None)
    return replace(write, arguments={**write.arguments, argument: times[0]}) if argument and times else None


AGENTS: Final[Mapping[str, Callable[[Client, Write], Awaitable[None]]]] = {
    CAREFUL: careful,
    HASTY: hasty,
    TWINS: twins,
    LATE_TWIN: late_twin,
    UNDECIDED: undecided,
}
"""The agents by name."""
