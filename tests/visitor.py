"""Somebody who visits a sandbox over plain HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import aiohttp

from linktime.sandbox import Sandbox

MONDAY: Final = datetime(2026, 3, 2, 13, tzinfo=UTC)  # 8:00 in New York, six days before its clocks change


class Answer(NamedTuple):
    """A status, a body and the headers."""

    status: int
    data: Any
    headers: Any

    @property
    def error(self) -> tuple[int, str]:
        """Return the status and the code of a refusal."""
        return self.status, self.data["error"]["code"]


class Visitor:
    """Asks a sandbox with its key."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self._session = session

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """Make a request under /api/v1."""
        if body is not None:
            more["json"] = body
        return await self.raw(method, f"/api/v1{path}", **more)

    async def raw(self, method: str, path: str, **more: Any) -> Answer:
        """Make a request to any path, with the key."""
        headers = {"Authorization": f"Bearer {self.sandbox.key}", **more.pop("headers", {})}
        url = f"{self.sandbox.url}{path}"
        async with self._session.request(method, url, headers=headers, allow_redirects=False, **more) as got:
            raw = await got.read()
            data = await got.json() if raw and got.content_type == "application/json" else raw
            return Answer(got.status, data, got.headers)

    async def get(self, path: str) -> Any:
        """Return what a read that succeeds answers."""
        answer = await self.ask("GET", path)
        assert answer.status == 200, answer
        return answer.data

    async def make(self, path: str, **body: Any) -> Any:
        """Return what a POST that succeeds answers."""
        answer = await self.ask("POST", path, body)
        assert answer.status == 201, answer
        return answer.data

    async def book(self, start: str, slug: str = "30min", **more: Any) -> Answer:
        """Ask for a slot."""
        guest = {"inviteeName": "Robin Hale", "inviteeEmail": "Robin@Hale.example", "inviteeTimezone": "Europe/Berlin"}
        return await self.ask("POST", "/bookings", {"eventTypeSlug": slug, "startTime": start, **guest, **more})

    async def slots(self, day: str, slug: str = "30min", to: str = "", zone: str = "") -> list[str]:
        """Return the starts that are offered."""
        asked = f"eventTypeSlug={slug}&from={day}&to={to or day}" + (f"&timezone={zone}" if zone else "")
        return [slot["startTime"] for slot in (await self.get(f"/availability?{asked}"))["slots"]]

    async def own(self, method: str, path: str, body: Any = None) -> Answer:
        """Make a request to the sandbox's own routes."""
        async with self._session.request(method, f"{self.sandbox.url}/sandbox{path}", json=body) as got:
            return Answer(got.status, await got.json(), got.headers)

    async def fault(self, **rule: Any) -> None:
        """Tell the sandbox to misbehave."""
        answer = await self.own("POST", "/faults", rule)
        assert answer.status == 201, answer


@asynccontextmanager
async def visiting(sandbox: Sandbox) -> AsyncIterator[Visitor]:
    """Visit a sandbox that is open."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        yield Visitor(sandbox, session)


@asynccontextmanager
async def visitor(**settings: Any) -> AsyncIterator[Visitor]:
    """Open a sandbox on that Monday, without a limit unless told, and visit it."""
    async with Sandbox(**{"now": lambda: MONDAY, "limit": 0, **settings}) as sandbox, visiting(sandbox) as somebody:
        yield somebody


async def misbehave(sandbox: Sandbox, **rule: Any) -> None:
    """Tell a sandbox to misbehave, in passing."""
    async with visiting(sandbox) as somebody:
        await somebody.fault(**rule)


def paths(sandbox: Sandbox) -> list[str]:
    """List what has come in: GET /me."""
    return [f"{request.method} {request.path}" for request in sandbox.requests]


async def arrived(sandbox: Sandbox, path: str, query: str = "") -> None:
    """Wait until a request for *path* has come in whose query has *query* in it."""
    async with asyncio.timeout(20):
        while not any(request.path == path and query in request.query for request in sandbox.requests):
            await asyncio.sleep(0.01)
