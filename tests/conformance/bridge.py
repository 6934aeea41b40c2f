"""A bridge for tests: the Streamable HTTP transport on one side, servers on stdin and stdout on the other.

Each session of a client with a handshake has a process of its own. All requests of 2026-07-28 share one.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

import orjson
from aiohttp import web
from mcp.shared.inbound import ERROR_CODE_HTTP_STATUS
from mcp_types import HEADER_MISMATCH, INTERNAL_ERROR, INVALID_REQUEST

ROOT: Final = Path(__file__).resolve().parents[2]
COMMAND: Final = (sys.executable, "-m", "tests.conformance.server")
MODERN: Final = "2026-07-28"
_VERSION: Final = "io.modelcontextprotocol/protocolVersion"
_META: Final = {_VERSION: MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
_SESSION: Final = "Mcp-Session-Id"
_LARGEST_LINE: Final = 1 << 24  # bytes
_PATIENCE: Final = 20.0  # s
_ENDED: Final = "the server has ended"

Frame = dict[str, Any]


class Link:
    """One server process, and the HTTP streams that wait for its frames."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._last_id = 0
        self._streams: dict[int, tuple[Any, asyncio.Queue[Frame]]] = {}  # by the id that the server sees
        self._reading = asyncio.create_task(self._read())

    def send(self, frame: Frame) -> None:
        """Write a frame that has no answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(orjson.dumps(frame) + b"\n")

    async def ask(self, frame: Frame) -> AsyncIterator[Frame]:
        """Write a request. Yield the frames of the server until its answer, which is the last one."""
        self._last_id += 1
        ident = self._last_id
        queue: asyncio.Queue[Frame] = asyncio.Queue()
        self._streams[ident] = frame["id"], queue
        assert not self._reading.done(), _ENDED
        self.send({**frame, "id": ident})
        try:
            while True:
                async with asyncio.timeout(_PATIENCE):
                    reply = await queue.get()
                yield reply
                if "method" not in reply:
                    return
        finally:
            self._streams.pop(ident, None)

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            frame = orjson.loads(line)
            if "method" not in frame and frame.get("id") in self._streams:
                original, queue = self._streams[frame["id"]]
                queue.put_nowait({**frame, "id": original})
            elif "method" in frame and self._streams:
                self._streams[max(self._streams)][1].put_nowait(frame)  # the latest request is the one that it is about
        for original, queue in self._streams.values():
            queue.put_nowait({"jsonrpc": "2.0", "id": original, "error": {"code": INTERNAL_ERROR, "message": _ENDED}})

    async def aclose(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._process.wait()
        self._reading.cancel()


class Bridge:
    """The HTTP endpoint. *links* closes the processes at the end."""

    def __init__(self, links: AsyncExitStack, options: Mapping[str, Any]) -> None:
        self._links = links
        self._options = options
        self._sessions: dict[str, Link] = {}
        self._modern = asyncio.create_task(self._started("server/discover", {"_meta": _META}))
        self._next = asyncio.create_task(self._started("ping", {}))

    async def post(self, request: web.Request) -> web.StreamResponse:
        """Pass a message on, and return its answer as JSON, or as a stream if other frames come before it."""
        if request.host.partition(":")[0] not in {"localhost", "127.0.0.1"}:
            return web.Response(status=403)
        frame: Frame = await request.json()
        session = request.headers.get(_SESSION)
        if session is not None and session not in self._sessions:
            return web.Response(status=404)
        modern = session is None and request.headers.get("MCP-Protocol-Version", "") >= MODERN
        if modern and (fault := _mismatch(request, frame)):
            return web.json_response(_error(frame, HEADER_MISMATCH, fault), status=400)
        if modern:
            link = await self._modern
        elif session is not None:
            link = self._sessions[session]
        elif frame.get("method") == "initialize":
            session, link = token_hex(), await self._fresh()
            self._sessions[session] = link
        else:
            return web.json_response(_error(frame, INVALID_REQUEST, "no session"), status=400)
        headers = {_SESSION: session} if session else {}
        if "method" not in frame or "id" not in frame:
            link.send(frame)
            return web.Response(status=202, headers=headers)
        return await _answer(request, link.ask(frame), headers, modern=modern)

    async def delete(self, request: web.Request) -> web.Response:
        """End a session."""
        link = self._sessions.pop(request.headers.get(_SESSION, ""), None)
        if link is None:
            return web.Response(status=404)
        await link.aclose()
        return web.Response(status=200)

    async def ready(self) -> None:
        """Wait for the processes that are starting."""
        await asyncio.gather(self._modern, self._next)

    async def _fresh(self) -> Link:
        """Return a process that has started, and start the next one. The suite waits 5 s for a session."""
        link = await self._next
        self._next = asyncio.create_task(self._started("ping", {}))
        return link

    async def _started(self, method: str, params: Frame) -> Link:
        """Start a process. Its first request decides the era, and its answer shows that the process is ready."""
        process = await asyncio.create_subprocess_exec(
            *COMMAND, stdin=PIPE, stdout=PIPE, cwd=ROOT, limit=_LARGEST_LINE, **self._options
        )
        link = Link(process)
        self._links.push_async_callback(link.aclose)
        async for _ in link.ask({"jsonrpc": "2.0", "id": 0, "method": method, "params": params}):
            pass
        return link


async def _answer(
    request: web.Request, frames: AsyncIterator[Frame], headers: dict[str, str], *, modern: bool
) -> web.StreamResponse:
    first = await anext(frames)
    if "method" not in first:
        code = first.get("error", {}).get("code", 0)
        status = ERROR_CODE_HTTP_STATUS.get(code, 200) if modern else 200
        return web.json_response(first, status=status, headers=headers)
    stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", **headers})
    await stream.prepare(request)
    await stream.write(_event(first))
    async for frame in frames:
        await stream.write(_event(frame))
    return stream


def _event(frame: Frame) -> bytes:
    return b"event: message\ndata: " + orjson.dumps(frame) + b"\n\n"


def _mismatch(request: web.Request, frame: Frame) -> str:
    """Return the header that does not match the message, if any."""
    params = frame.get("params") or {}
    stated = params.get("_meta", {}).get(_VERSION)
    checks = {
        "MCP-Protocol-Version": stated,
        "Mcp-Method": frame.get("method"),
        "Mcp-Name": params.get("name", params.get("uri")),
    }
    wrong = [name for name, value in checks.items() if value and request.headers.get(name, value).strip() != value]
    return ", ".join(wrong)


def _error(frame: Frame, code: int, message: str) -> Frame:
    return {"jsonrpc": "2.0", "id": frame.get("id"), "error": {"code": code, "message": message}}


@asynccontextmanager
async def bridge(**options: Any) -> AsyncIterator[str]:
    """Serve on a free port. Yield the URL. The processes start with *options* of `asyncio`."""
    async with AsyncExitStack() as links:
        endpoint = Bridge(links, options)
        application = web.Application()
        application.router.add_post("/mcp", endpoint.post)
        application.router.add_delete("/mcp", endpoint.delete)
        runner = web.AppRunner(application, shutdown_timeout=1)
        await runner.setup()
        links.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        links.push_async_callback(endpoint.ready)
        await endpoint.ready()
        [(_, port)] = runner.addresses
        yield f"http://127.0.0.1:{port}/mcp"
