"""A plain HTTP client of a sandbox."""

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
    """The status, the body and the headers of an answer."""

    status: int
    data: Any
    headers: Any

    @property
    def error(self) -> tuple[int, str]:
        """Return the status and the code of a refusal."""
        return self.status, self.data["error"]["code"]


class Visitor:
    """Sends requests to a sandbox with its key."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self._session = session

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """Send a request under /api/v1."""
        if body is not None:
            more["json"] = body
        return await self.raw(method, f"/api/v1{path}", **more)

    async def raw(self, method: str, path: str, **more: Any) -> Answer:
        """Send a request to any path, with the key."""
        headers = {"Authorization": f"Bearer {self.sandbox.key}", **more.pop("headers", {})}
        url = f"{self.sandbox.url}{path}"
        async with self._session.request(method, url, headers=headers, allow_redirects=False, **more) as got:
            raw = await got.read()
            data = await got.json() if raw and got.content_type == "application/json" else raw
            return Answer(got.status, data, got.headers)

    async def get(self, path: str) -> Any:
        """Return the body of a successful read."""
        answer = await self.ask("GET", path)
        assert answer.status == 200, answer
        return answer.data

    async def make(self, path: str, **body: Any) -> Any:
        """Return the body of a successful POST."""
        answer = await self.ask("POST", path, body)
        assert answer.status == 201, answer
        return answer.data

    async def book(self, start: str, slug: str = "30min", **more: Any) -> Answer:
        """Send a request for a booking."""
        guest = {"inviteeName": "Robin Hale", "inviteeEmail": "Robin@Hale.example", "inviteeTimezone": "Europe/Berlin"}
        return await self.ask("POST", "/bookings", {"eventTypeSlug": slug, "startTime": start, **guest, **more})

    async def slots(self, day: str, slug: str = "30min", to: str = "", zone: str = "") -> list[str]:
        """Return the starts of the free slots."""
        query = f"eventTypeSlug={slug}&from={day}&to={to or day}" + (f"&timezone={zone}" if zone else "")
        return [slot["startTime"] for slot in (await self.get(f"/availability?{query}"))["slots"]]

    async def own(self, method: str, path: str, body: Any = None) -> Answer:
        """Send a request to the sandbox's own routes."""
        async with self._session.request(method, f"{self.sandbox.url}/sandbox{path}", json=body) as got:
            return Answer(got.status, await got.json(), got.headers)

    async def fault(self, **rule: Any) -> None:
        """Add a fault rule."""
        answer = await self.own("POST", "/faults", rule)
        assert answer.status == 201, answer


@asynccontextmanager
async def visiting(sandbox: Sandbox) -> AsyncIterator[Visitor]:
    """Open a client of a running sandbox."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        yield Visitor(sandbox, session)


@asynccontextmanager
async def visitor(**settings: Any) -> AsyncIterator[Visitor]:
    """Start a sandbox on MONDAY and open a client. It has no rate limit unless *settings* name one."""
    async with Sandbox(**{"now": lambda: MONDAY, "limit": 0, **settings}) as sandbox, visiting(sandbox) as client:
        yield client


async def misbehave(sandbox: Sandbox, **rule: Any) -> None:
    """Add a fault rule to a running sandbox."""
    async with visiting(sandbox) as client:
        await client.fault(**rule)


def paths(sandbox: Sandbox) -> list[str]:
    """Return the requests so far as method and path, such as `GET /me`."""
    return [f"{request.method} {request.path}" for request in sandbox.requests]


async def arrived(sandbox: Sandbox, path: str, query: str = "") -> None:
    """Wait until a request for *path* has arrived whose query contains *query*."""
    async with asyncio.timeout(20):
        while not any(request.path == path and query in request.query for request in sandbox.requests):
            await asyncio.sleep(0.01)
