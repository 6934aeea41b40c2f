"""Measures the requests and the time of a write, with and without faults: `python -m tests.benchmarks.writes`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from tests.support.replicated_service import LinkTime, Server, serving
from tests.support.virtual_time import VirtualLoop, clock

GUEST = {"inviteeName": "Ada", "inviteeEmail": "ada@example.com", "inviteeTimezone": "Europe/London"}
BOOK = {"eventTypeSlug": "intro", "startTime": "2026-03-02T14:00:00.000Z", **GUEST}
HOOK: dict[str, Any] = {"url": "https://a.example/x", "events": ["booking.created"]}
CONTACT = {"name": "Ada", "email": "ada@example.com"}
LONG_AGO = "2026-01-01T00:00:00.000Z"


class Scene(NamedTuple):
    """A write, the *fates* of it and its repetitions, and the *lag* of the replica in seconds."""

    name: str
    tool: str
    arguments: dict[str, Any]
    fates: Sequence[str | None]
    lag: float = 0.0
    reads: Sequence[str] = ()
    hidden: tuple[str, ...] = ()


SCENES = (
    Scene("acknowledged", "create_booking", BOOK, [None]),
    Scene("500 after the commit", "create_booking", BOOK, ["after"]),
    Scene("500 after the commit, replica 1 s behind", "create_booking", BOOK, ["after"], 1.0),
    Scene("500 after the commit, replica 3 s behind", "create_booking", BOOK, ["after", None], 3.0),
    Scene("500 after the commit, replica 12 s behind", "create_booking", BOOK, ["after", None], 12.0),
    Scene("500 after the commit, createdAt not shown", "create_booking", BOOK, ["after"], 0.0, (), ("createdAt",)),
    Scene("500 before the commit", "create_booking", BOOK, ["before"]),
    Scene("webhook, 500 after, replica 3 s behind", "create_webhook", HOOK, ["after", None], 3.0),
    Scene("update, 500 after", "update_contact", {"contactId": "c1", "name": "Eve"}, ["after"]),
    Scene(
        "update, 500 before, row known",
        "update_contact",
        {"contactId": "c1", "name": "Eve"},
        ["before"],
        0.0,
        ["list_contacts"],
    ),
    Scene("update, 500 before, row not known", "update_contact", {"contactId": "c1", "name": "Eve"}, ["before"]),
    Scene("deletion, 500 after, row known", "delete_contact", {"contactId": "c1"}, ["after"], 0.0, ["list_contacts"]),
    Scene("deletion, 500 after, row not known", "delete_contact", {"contactId": "c1"}, ["after"]),
    Scene("deletion, 500 before", "delete_contact", {"contactId": "c1"}, ["before"]),
)


async def play(scene: Scene) -> str:
    """Play a scene: call, and repeat the call while fates are left and the answer is no success."""
    linktime = LinkTime(scene.lag, list(scene.fates), hidden=scene.hidden)
    linktime.put("/contacts", id="c1", createdAt=LONG_AGO, updatedAt=LONG_AGO, **CONTACT)
    await asyncio.sleep(30)
    async with serving(linktime) as server:
        for read in scene.reads:
            await server.call(read)
        linktime.sent.clear()
        reports, began = [], clock()
        for _ in scene.fates:
            reports.append(await _report(server, scene))
            if reports[-1] in {"done", "verified"}:
                break
        seconds, requests = clock() - began, len(linktime.sent)
        rows = {where: len(linktime.rows(where)) for where in ("/bookings", "/webhooks", "/contacts")}
    made = rows["/webhooks" if "webhook" in scene.tool else "/bookings" if "booking" in scene.tool else "/contacts"]
    return f"| {scene.name} | {requests} | {seconds:.1f} | {', then '.join(reports)} | {made} |"


async def _report(server: Server, scene: Scene) -> str:
    return await server.word(scene.tool, **scene.arguments)


def main() -> None:
    """Print the table."""
    sys.stdout.write("| write | requests | seconds | answers | rows |\n| --- | --- | --- | --- | --- |\n")
    for scene in SCENES:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            sys.stdout.write(runner.run(play(scene)) + "\n")


if __name__ == "__main__":
    main()
