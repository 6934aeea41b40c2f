"""How a fault is done to a request, down to its connection."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from .faults import FAULTS, Fault
from .responses import CODES, Refusal

STOPPING: Final = web.AppKey("stopping", asyncio.Event)

_LINGER_NOT: Final = struct.pack("ii", 1, 0)  # on, 0 s: closing such a socket sends a reset


class NoAnswer(web.Response):
    """Stands for the answer of a connection that is gone."""


@web.middleware
async def spoil(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Do the oldest fault that takes the request, if one does."""
    path = request.path.removeprefix("/api/v1")
    fault = next((fault for fault in request.app[FAULTS] if fault.takes(request.method, path)), None)
    if fault is None:
        return await handler(request)
    right = await _carried_out(request, handler) if fault.when == "after" else None
    await _pause(request, fault.delay_seconds)
    if fault.is_only_slow and right is None:
        return await handler(request)
    return await _end(request, fault, _answer(fault, right))


async def _carried_out(request: web.Request, handler: Handler) -> web.Response:
    try:
        response = await handler(request)
    except Refusal as refusal:
        return refusal.answer()
    assert isinstance(response, web.Response)  # noqa: S101 - every resource answers with a whole body
    return response


def _answer(fault: Fault, right: web.Response | None) -> web.Response:
    if fault.status is None and right is not None:
        return right
    status = fault.status or 500
    code = CODES.get(status, "internal_error")
    answer = Refusal(status, code, "the sandbox was told to fail", fault.headers).answer()
    if fault.body is not None:
        answer.body = fault.body
    return answer


async def _end(request: web.Request, fault: Fault, answer: web.Response) -> web.StreamResponse:
    match fault.end:
        case "hang":
            await request.app[STOPPING].wait()
            return _cut(request)
        case "reset":
            return _cut(request, reset=True)
        case "close":
            return _cut(request)
        case "truncate" | "drip":
            with contextlib.suppress(ConnectionError):  # the client left
                return await _streamed(request, fault, answer)
            return NoAnswer()
        case _:
            return answer


def _cut(request: web.Request, *, reset: bool = False) -> NoAnswer:
    if request.transport is not None:
        if reset:
            request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        request.transport.close()
    return NoAnswer()


async def _streamed(request: web.Request, fault: Fault, answer: web.Response) -> web.StreamResponse:
    body = _body(answer)
    stream = web.StreamResponse(status=answer.status, headers=answer.headers)
    stream.content_length = len(body)
    await stream.prepare(request)
    if fault.end == "truncate":
        await stream.write(body[: len(body) // 2])
        _cut(request)
        return stream
    for place in range(len(body)):
        await stream.write(body[place : place + 1])
        await _pause(request, fault.pace)
    return stream


def _body(answer: web.Response) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b""


async def _pause(request: web.Request, seconds: float) -> None:
    """Wait, but not for longer than the server is there."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await request.app[STOPPING].wait()
