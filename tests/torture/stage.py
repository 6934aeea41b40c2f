"""Plays one run: prepares the account, lets the agents call a server, and has the answers judged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Any, Final, Protocol

from linktime.sandbox import Entry, Sandbox
from tests.support.sandbox_client import Visitor

from .agents import AGENTS, UNDECIDED, Client
from .claims import Claim
from .faults import Fault, Traits
from .judge import Case, Finding, Records, judge, judge_read, judge_times
from .plan import Act, Plan
from .setup import Read, Setup, Write
from .writes import READS, WRITES

_AGE: Final = 0.5  # s that the prepared objects are older than the run
_MARGIN: Final = 0.2  # s
_BETWEEN_READS: Final = 0.05  # s


class Server(Protocol):
    """The server under test, as its client sees it."""

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> Claim:
        """Send a call, and wait for its answer."""

    async def cancel(self, tool: str, arguments: Mapping[str, Any], seconds: float) -> Claim:
        """Send a call, and cancel it after some seconds."""

    def gone(self) -> bool:
        """Return whether it is ending or has ended."""


Disturb = Callable[[Callable[[], int]], Coroutine[Any, Any, list[Finding]]]
"""Ends the server while calls are in flight. Its argument returns how many writes have arrived."""


@dataclass(slots=True)
class Played:
    """The result of a run: *cases*, the number of verification *reads*, *findings*, and the kind of *service*."""

    cases: list[Case]
    reads: int
    findings: list[Finding]
    service: str = "plain"


class Stage:
    """A *sandbox* and the objects in it, on which runs are played. *clock* is the sandbox's, in seconds."""

    def __init__(self, sandbox: Sandbox, visitor: Visitor, clock: Callable[[], float]) -> None:
        self.setup = Setup(visitor)
        self._sandbox = sandbox
        self._visitor = visitor
        self._clock = clock
        self._before = 0  # requests that came before the run

    async def play(self, run: Plan, server: Server, disturb: Disturb | None = None) -> Played:
        """Play a run against *server*."""
        self._sandbox.variant.skew = run.traits.skew
        acts, reads = await self._prepare(run)
        await asyncio.sleep(_AGE)
        await self._misbehave(run, acts)
        self._before, handled = len(self._sandbox.requests), len(self._sandbox.variant.handled)
        clients = [Client(server.call, server.cancel, self._clock, server.gone, act.cancelled) for act, _ in acts]
        async with asyncio.TaskGroup() as group:
            for client, (act, write) in zip(clients, acts, strict=True):
                group.create_task(_act(client, act, write))
            answers = group.create_task(_read(server, reads))
            ended = group.create_task(disturb(lambda: len(self._writes()))) if disturb else None
        await self._settle(run)
        records = Records(self._arrived(), self._sandbox.variant.handled[handled:], run.traits)
        cases = [
            self._case(client, act, write, records, killed=run.ending == "kill")
            for client, (act, write) in zip(clients, acts, strict=True)
        ]
        findings = [*judge(run.seed, cases, records), *judge_times(run.seed, self._sandbox.store)]
        for read, claim in zip(reads, answers.result(), strict=True):
            findings += judge_read(run.seed, read, claim, excused=disturb is not None)
        own = len(reads) + sum(client.looks for client in clients)
        verifying = sum(entry.method == "GET" for entry in records.arrived) - own
        return Played(cases, max(0, verifying), findings + (ended.result() if ended else []), run.traits.kind)

    def _case(self, client: Client, act: Act, write: Write, records: Records, *, killed: bool) -> Case:
        sql = write.state if act.agent == UNDECIDED and write.state else write.trace
        return Case(
            write,
            act.fault,
            act.agent,
            tuple(client.attempts),
            tuple(row["id"] for row in self._sandbox.store.rows(sql, *write.values)),
            excused=act.cancelled is not None or killed,
            undone=client.undone,
            made=any(records.made_by(write, attempt) for attempt in client.attempts[:1]),
        )

    async def _prepare(self, run: Plan) -> tuple[list[tuple[Act, Write]], list[Read]]:
        self.setup.odd = run.traits.normalizes
        acts = [(act, write) for act in run.acts for write in await WRITES[act.name](self.setup)]
        random = Random(run.seed)
        random.shuffle(acts)
        met: dict[
            tuple[str, str], Fault
        ] = {}  # all writes on one path meet the same fault, in whatever order they come
        acts = [
            (replace(act, fault=met.setdefault((write.method, write.path), act.fault)), write) for act, write in acts
        ]
        return acts, [await random.choice(READS)(self.setup) for _ in range(run.reads)]

    async def _misbehave(self, run: Plan, acts: Sequence[tuple[Act, Write]]) -> None:
        for act, write in acts:
            for rule in act.fault.rules:
                await self._visitor.fault(method=write.method, path=write.path, **rule)
        for rule in run.read_fault.rules:
            await self._visitor.fault(method="GET", path=run.read_fault.path, **rule)
        self._become(run.traits)
        self._sandbox.variant.random = Random(run.seed)

    def _become(self, traits: Traits) -> None:
        variant = self._sandbox.variant
        for one in fields(traits):
            setattr(variant, one.name, getattr(traits, one.name))
        variant.start_lagging(*traits.lag)

    def _arrived(self) -> list[Entry]:
        return list(self._sandbox.requests)[self._before :]

    def _writes(self) -> list[Entry]:
        return [entry for entry in self._arrived() if entry.method != "GET"]

    async def _settle(self, run: Plan) -> None:
        """Wait until the service has carried out all that it got, and make it the usual one again."""
        delays = [rule.get("delaySeconds", 0.0) for act in run.acts for rule in act.fault.rules]
        latest = max([entry.at for entry in self._writes()], default=0.0)
        await asyncio.sleep(max(0.0, latest + max(delays, default=0.0) - self._clock()) + _MARGIN)
        await self._visitor.own("DELETE", "/faults")
        self._become(Traits())


async def _act(client: Client, act: Act, write: Write) -> None:
    await asyncio.sleep(act.start)
    if not client.gone():
        await AGENTS[act.agent](client, write)


async def _read(server: Server, reads: Sequence[Read]) -> list[Claim]:
    claims = []
    for read in reads:
        claims.append(await server.call(read.tool, read.arguments))
        await asyncio.sleep(_BETWEEN_READS)
    return claims
