"""Random calls over a LinkTime that lags, normalizes, hides and fails: no answer contradicts LinkTime's own books."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Any, Final

import orjson
import pytest

from linktime.errors import Failure, Unavailable
from linktime.message import Delivery, Reply, Request
from linktime.pipeline.outcome.history import collection
from linktime.tools import TOOLS
from tests.support.replicated_service import LinkTime, Row, Server, serving
from tests.support.virtual_time import VirtualLoop

pytestmark = pytest.mark.timeout(120)

RUNS: Final = int(os.environ.get("LINKTIME_TEST_RUNS", "400"))
SHARDS: Final = 4
BROKEN: Final = Unavailable("LinkTime answered 502; try again later.", sent=True)
NOT_DONE: Final = {"not_committed", "not_found", "rate_limited"}


@dataclass
class Answered:
    """A call: its *request*, and whether LinkTime has *committed* it, by its books."""

    request: Request
    delivery: Delivery
    met: Reply | Failure
    committed: Any = None

    @property
    def word(self) -> str:
        """Return the word of the answer."""
        return self.met.word if isinstance(self.met, Failure) else str(self.met.notes.outcome or "done")


def normalized(random: Random) -> Any:
    """Return a way to write rows in."""
    trim, round_, pend, cut, phone = (random.random() < 0.25 for _ in range(5))

    def normalize(row: Row) -> Row:
        row = dict(row)
        if trim and "name" in row:
            row["name"] = str(row["name"]).strip()
        if round_ and "durationMinutes" in row:
            row["durationMinutes"] = row["durationMinutes"] // 5 * 5
        if pend and row.get("status") == "CONFIRMED":
            row["status"] = "PENDING"
        if cut and "startTime" in row:
            row["startTime"] = row["startTime"][:17] + "00.000Z"
        if phone and "phone" in row:
            row["phone"] = "+49" + str(row["phone"]).lstrip("+490")
        return row

    return normalize


def drawn(random: Random) -> tuple[str, dict[str, Any]]:
    """Draw a call from few values, so that calls meet."""
    start = random.choice(["2026-03-02T14:00:00.000Z", "2026-03-02T14:00:30.000Z", "2026-03-03T10:00:00.000Z"])
    email = random.choice(["ada@example.com", "bob@example.com"])
    ident = random.choice("12")
    guest = {"inviteeName": "Ada", "inviteeEmail": email, "inviteeTimezone": "Europe/London"}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("create_booking", {"eventTypeSlug": "intro", "startTime": start, **guest}),
        ("cancel_booking", {"bookingId": f"b{ident}"}),
        ("reschedule_booking", {"bookingId": f"b{ident}", "newStartTime": start}),
        ("create_contact", {"name": random.choice(["Ada", " Ada "]), "email": email, "phone": "030123"}),
        ("update_contact", {"contactId": f"c{ident}", "name": random.choice(["Eve", "Ada ", "Ada"])}),
        ("delete_contact", {"contactId": f"c{ident}"}),
        ("create_webhook", {"url": "https://a.example/x", "events": ["booking.created"]}),
        ("update_webhook", {"webhookId": f"w{ident}", "isActive": random.random() < 0.5}),
        ("delete_webhook", {"webhookId": f"w{ident}"}),
        (
            "create_event_type",
            {"name": "Intro", "slug": "intro", "durationMinutes": random.choice([30, 37]), "locationType": "ZOOM"},
        ),
    ]
    return random.choice(calls)


def furnish(linktime: LinkTime, random: Random) -> None:
    """Add rows that are similar to the writes to come."""
    made = random.choice(["2026-01-01T00:00:00.000Z", "2026-03-01T12:00:00.000Z"])
    stamps = {"createdAt": made, "updatedAt": made}
    for number in "12":
        times = {"startTime": f"2026-03-0{number}T10:00:00.000Z", "eventTypeSlug": "intro"}
        guest = {"inviteeName": "Ada", "inviteeEmail": random.choice(["ada@example.com", "eve@example.com"])}
        linktime.put("/bookings", id=f"b{number}", status="CONFIRMED", **times, **guest, **stamps)
        linktime.put("/contacts", id=f"c{number}", name="Ada", email=f"{number}@example.com", **stamps)
        hook = {"url": random.choice(["https://a.example/x", "https://b.example"]), "events": ["booking.created"]}
        linktime.put("/webhooks", id=f"w{number}", isActive=random.random() < 0.5, **hook, **stamps)


async def run(seed: int) -> tuple[LinkTime, list[Answered]]:
    """Play one run."""
    random = Random(seed)
    hidden = tuple(name for name in ("createdAt", "updatedAt", "name", "events") if random.random() < 0.2)
    lag = random.choice([0.0, 0.3, 1.0, 3.0, 6.0])
    linktime = LinkTime(lag, [], normalized(random), hidden)
    fates = random.choice([["before", "after", None], ["before", "after", "lost", "late", None]])
    linktime.fates = random.choices(fates, k=40)
    linktime.read_fates = [BROKEN if random.random() < 0.1 else None for _ in range(200)]
    furnish(linktime, random)
    answers: list[Answered] = []
    async with serving(linktime) as server:
        for _ in range(random.randint(1, 3)):
            await asyncio.sleep(random.choice([0.0, 0.1, 2.0, 15.0]))
            if random.random() < 0.3:
                await server.word(random.choice(["list_bookings", "list_contacts", "list_webhooks"]))
            call = drawn(random)
            twins = [call] * random.choice([1, 1, 2]) + [drawn(random)] * random.choice([0, 0, 1])
            answers += [each for some in await asyncio.gather(*(insist(server, one) for one in twins)) for each in some]
        await asyncio.sleep(30)  # the late ones arrive
        for each in answers:
            each.committed = linktime.committed.get(id(each.delivery))
    return linktime, answers


async def insist(server: Server, call: tuple[str, dict[str, Any]]) -> list[Answered]:
    """Call, and repeat the call if the answer allows it, as an agent does."""
    answers: list[Answered] = []
    for _ in range(3):
        tool, arguments = call
        request, delivery = TOOLS[tool].request(arguments), Delivery()
        try:
            met: Reply | Failure = await server.make(request, delivery)
        except Failure as failure:
            met = failure
        answers.append(Answered(request, delivery, met))
        if answers[-1].word != "not_committed":
            break
    return answers


def lies(linktime: LinkTime, answers: list[Answered]) -> list[str]:
    """Return the answers that LinkTime's books contradict."""
    wrong = []
    for each in answers:
        if each.word in NOT_DONE and each.committed is not None and not _is_same_as_before(linktime, each):
            wrong.append(f"{each.word}, but done: {each.request}")
        if isinstance(each.met, Reply) and each.committed is None and not _is_so(linktime, each, answers):
            wrong.append(f"{each.word}, but not done: {each.request} {each.met.data}")
    return wrong


def _is_same_as_before(linktime: LinkTime, each: Answered) -> bool:
    """Return whether the write left every field as it was, so that its effect can't be seen."""
    where, ident = collection(each.request), each.request.ident
    states = [rows.get(where, {}).get(ident) for _, rows in linktime.states]
    rows = [{k: v for k, v in row.items() if k != "updatedAt"} for row in states if row]
    return bool(ident) and any(one == two for one, two in pairwise(rows))


def _is_so(linktime: LinkTime, each: Answered, answers: list[Answered]) -> bool:
    """Return whether an equal call of this run has done it, or the row was ever as requested."""
    if any(other.request == each.request and other.committed is not None for other in answers):
        return True
    if each.request.method == "POST" and not each.request.ident:
        return False
    where, ident = collection(each.request), each.request.ident
    states = [rows.get(where, {}).get(ident) for _, rows in linktime.states]
    if each.request.method == "DELETE":
        return None in states
    body = _body(each.request)
    return any(state and all(state.get(name) == value for name, value in body.items()) for state in states)


def _body(request: Request) -> dict[str, Any]:
    if request.template.endswith("/cancel"):
        return {"status": "CANCELLED"}
    body = orjson.loads(request.body or b"{}")
    return {"startTime": body["newStartTime"]} if "newStartTime" in body else body


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_answer_contradicts_the_books(shard: int) -> None:
    words: Counter[str] = Counter()
    for seed in range(shard, RUNS, SHARDS):
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            linktime, answers = runner.run(run(seed))
        assert lies(linktime, answers) == [], seed
        words.update(each.word for each in answers)

    assert {"done", "verified", "not_committed", "outcome_unknown"} <= words.keys()
