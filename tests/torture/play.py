"""Plays runs: the real program on stdio, a sandbox that is told to misbehave, and a client that may leave."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final, TypeVar

from linktime.sandbox import Entry, Sandbox
from linktime.sandbox.store import Store
from tests.child import Child, child
from tests.visitor import MONDAY, Visitor, visiting

from .deeds import DEEDS, Deed, Scene
from .mishaps import LATE, NONE, TIMEOUT, Mishap
from .plan import STAY, Plan, plan
from .record import Record
from .verdict import ENDED_BADLY, Call, Fault, claim, crowded, judge

_IN_ONE_ACCOUNT: Final = 10  # runs
_PATIENCE: Final = 60.0  # s for a start, an answer or an end; more than a call has
_LOOK_EVERY: Final = 0.01  # s
_MARGIN: Final = 0.2  # s
_SETTINGS: Final = {
    "LINKTIME_TIMEOUT": f"{TIMEOUT}",
    "LINKTIME_DEADLINE": "30",
    "LINKTIME_RATE_LIMIT": "1000",
    "LINKTIME_RATE_PERIOD": "3",  # s; an untold 429 is waited out for a sixth of it
}
_SIGNALS: Final = {"kill": signal.SIGKILL, "term": signal.SIGTERM, "int": signal.SIGINT}

T = TypeVar("T")
Tell = Callable[[Record], None]


async def play(seeds: Sequence[int], record: Record, *, servers: int, tell: Tell = lambda _: None) -> None:
    """Play a run for each of *seeds*, on so many servers at once, into *record*; *tell* hears of each one's end."""
    places, share = asyncio.Semaphore(servers), min(_IN_ONE_ACCOUNT, -(-len(seeds) // servers))
    async with asyncio.TaskGroup() as group:
        for start in range(0, len(seeds), share):
            group.create_task(_account(seeds[start : start + share], record, tell, places))


async def _account(seeds: Sequence[int], record: Record, tell: Tell, places: asyncio.Semaphore) -> None:
    """Play runs one after the other in one account, each on the server that the one before has left."""
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(places)
        file = Path(stack.enter_context(TemporaryDirectory())) / "account.db"
        sandbox = await stack.enter_async_context(Sandbox(db=f"{file}", limit=0, now=lambda: MONDAY))
        stage = Stage(sandbox, await stack.enter_async_context(visiting(sandbox)), Store(f"{file}"))
        stack.callback(stage.store.close)
        await stage.scene.open()
        left = list(map(plan, seeds))
        while left:
            async with child(LINKTIME_BASE_URL=sandbox.url, LINKTIME_API_KEY=sandbox.key, **_SETTINGS) as server:
                await _start(server)
                while left and server.process.returncode is None:
                    run = left.pop(0)
                    record.add(run.ending, *await stage.play(run, server))
                    tell(record)


class Stage:
    """Where runs are played: a *sandbox*, what is set up in it, and its *store* to look into."""

    def __init__(self, sandbox: Sandbox, visitor: Visitor, store: Store) -> None:
        self.store = store
        self.scene = Scene(visitor)
        self._sandbox = sandbox
        self._visitor = visitor
        self._began = 0.0

    async def play(self, run: Plan, server: Child) -> tuple[list[Call], list[Fault]]:
        """Play a run; return its calls as they went, and what is wrong with them."""
        cast = await self._cast(run)
        await self._misbehave(run, cast)
        self._began = time.monotonic()
        idents = [server.call(deed.tool, **deed.arguments) for deed, _ in cast]
        off = None if run.called_off is None else idents[int(run.called_off * len(idents))]
        await self._disturb(run, server, off)
        faults = await _last_words(run, server, [ident for ident in idents if ident != off])
        await self._settle(run, calm=off is None)
        answers = {frame["id"]: frame for frame in server.frames if "method" not in frame}
        calls = [
            Call(deed, mishap, claim(answers.get(ident)), self._traces(deed), ident == off or run.ending == "kill")
            for ident, (deed, mishap) in zip(idents, cast, strict=True)
        ]
        return calls, [*faults, *judge(run.seed, calls, self._arrived()), *crowded(run.seed, self.store)]

    async def _cast(self, run: Plan) -> list[tuple[Deed, Mishap]]:
        """Set up what is to be done, and say what each deed meets: on one path all meet the same, whoever is first."""
        met: dict[tuple[str, str], Mishap] = {}
        deeds = [(deed, mishap) for name, mishap in run.deeds.items() for deed in await DEEDS[name](self.scene)]
        cast = [(deed, met.setdefault((deed.method, deed.path), mishap)) for deed, mishap in deeds]
        cast += [(deed, NONE) for deed in run.reads]
        Random(run.seed).shuffle(cast)
        return cast

    def _traces(self, deed: Deed) -> tuple[str, ...]:
        return tuple(row["id"] for row in self.store.rows(deed.trace, *deed.values)) if deed.trace else ()

    async def _misbehave(self, run: Plan, cast: Sequence[tuple[Deed, Mishap]]) -> None:
        for deed, mishap in cast:
            for rule in mishap.rules:
                await self._visitor.fault(method=deed.method, path=deed.path, **rule)
        mishap, path = run.read_mishap
        for rule in mishap.rules:
            await self._visitor.fault(method="GET", path=path, **rule)

    async def _disturb(self, run: Plan, server: Child, off: int | None) -> None:
        """Call one call off and let the server come to its end, if that is the plan."""
        if run.ending == STAY and off is None:
            return
        with contextlib.suppress(TimeoutError):  # fewer came than were waited for
            async with asyncio.timeout(LATE):
                while len(self._writes()) < run.arrived:
                    await asyncio.sleep(_LOOK_EVERY)
        await asyncio.sleep(run.pause)
        if off is not None:
            server.notify("notifications/cancelled", requestId=off)
        if run.ending == "eof":
            server.stdin.close()
        elif run.ending in _SIGNALS:
            server.process.send_signal(_SIGNALS[run.ending])

    def _arrived(self) -> list[Entry]:
        return [entry for entry in self._sandbox.requests if entry.at >= self._began]

    def _writes(self) -> list[Entry]:
        return [entry for entry in self._arrived() if entry.method != "GET"]

    async def _settle(self, run: Plan, *, calm: bool) -> None:
        """Wait until all that was sent has been carried out, and be a good service again."""
        delays = [rule.get("delaySeconds", 0.0) for mishap in run.deeds.values() for rule in mishap.rules]
        latest = max([entry.at for entry in self._writes()], default=0.0)
        await asyncio.sleep(max(0.0, latest + max(delays, default=0.0) - time.monotonic()) + _MARGIN)
        if not calm:
            await asyncio.sleep(TIMEOUT)
        await self._visitor.own("DELETE", "/faults")


async def _start(server: Child) -> None:
    try:
        await _patiently(lambda: server.said("running"))
        await server.greet()
    except TimeoutError:
        raise RuntimeError(f"the server did not start; it said: {server.stderr}") from None


async def _last_words(run: Plan, server: Child, idents: Sequence[int]) -> list[Fault]:
    """Wait for the answers, or for the end of the server."""
    if run.ending == STAY:
        answers = asyncio.gather(*(_patiently(partial(server.answer, ident)) for ident in idents))
        with contextlib.suppress(TimeoutError):
            await answers
        return []
    try:
        status = await _patiently(server.ended)
    except TimeoutError:
        server.process.kill()
        await server.ended()
        return [Fault(ENDED_BADLY, run.seed, f"it did not end on {run.ending}")]
    right = -signal.SIGKILL if run.ending == "kill" else 0
    return [] if status == right else [Fault(ENDED_BADLY, run.seed, f"it ended with {status} on {run.ending}")]


async def _patiently(wait: Callable[[], Awaitable[T]]) -> T:
    """Wait again after a wait that was bounded too tightly for a machine on which many servers start at once."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            with contextlib.suppress(TimeoutError):
                return await wait()
