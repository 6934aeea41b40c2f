"""Fault injection: carries out a fault rule, down to the connection."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from .account import http_date
from .fault_rules import FAULTS, Fault
from .responses import CODES, Refusal

STOPPING: Final = web.AppKey("stopping", asyncio.Event)

_NO_LINGER: Final = struct.pack("ii", 1, 0)  # on, 0 s: closing such a socket sends a reset
_later: Final = set[asyncio.Task[None]]()  # asyncio itself holds no strong reference to a task


class NoAnswer(web.Response):
    """A placeholder for the answer of a closed connection."""


@web.middleware
async def inject_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Apply the oldest fault rule that takes the request."""
    # 1. No rule: the correct answer.
    # 2. "later": the answer of the rule now, the request after the delay.
    # 3. "after": the request, the delay, the changed answer.
    # 4. "before": the delay, then the correct answer if the rule is a delay only, else the answer of the rule.
    path = request.path.removeprefix("/api/v1")
    fault = next((fault for fault in request.app[FAULTS] if fault.takes(request.method, path)), None)
    if fault is None:
        return await handler(request)
    if fault.when == "later":
        _carry_out_later(request, handler, fault)
        return _answer(fault, None)
    correct = await _carried_out(request, handler) if fault.when == "after" else None
    await _pause(request, fault.delay_seconds)
    if fault.is_only_slow and correct is None:
        return await handler(request)
    return await _end(request, fault, _answer(fault, correct))


def _carry_out_later(request: web.Request, handler: Handler, fault: Fault) -> None:
    async def run() -> None:
        await _pause(request, fault.delay_seconds)
        if not request.app[STOPPING].is_set():
            await _carried_out(request, handler)

    task = asyncio.create_task(run())
    _later.add(task)
    task.add_done_callback(_later.discard)


async def _carried_out(request: web.Request, handler: Handler) -> web.Response:
    try:
        response = await handler(request)
    except Refusal as refusal:
        return refusal.answer()
    assert isinstance(response, web.Response)  # noqa: S101 - every resource answers with a whole body
    return response


def _answer(fault: Fault, correct: web.Response | None) -> web.Response:
    if fault.status is None and correct is not None:
        correct.body = _with_member(_body(correct), fault.member)
        return correct
    status = fault.status or 500
    code = CODES.get(status, "internal_error")
    answer = Refusal(status, code, "a fault rule of the sandbox applies", fault.headers).answer()
    if fault.body is not None:
        answer.body = fault.body
    return answer


def _with_member(body: bytes, member: str) -> bytes:
    return body[:-1] + b"," + member.encode() + b"}" if member and body.endswith(b"}") else body


async def _end(request: web.Request, fault: Fault, answer: web.Response) -> web.StreamResponse:
    # 1. no answer: after the sandbox stops, by a reset, by a normal close
    # 2. an answer that does not end, ends slowly, or has another one behind it
    # 3. a whole answer
    match fault.end:
        case "hang":
            await request.app[STOPPING].wait()
            return _cut(request)
        case "reset":
            return _cut(request, reset=True)
        case "close":
            return _cut(request)
        case "truncate" | "drip" | "unsolicited":
            with contextlib.suppress(ConnectionError):  # the client left
                return await _streamed(request, fault, answer)
            return NoAnswer()
        case _:
            return answer


def _cut(request: web.Request, *, reset: bool = False) -> NoAnswer:
    if request.transport is not None:
        if reset:
            request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        request.transport.close()
    return NoAnswer()


async def _streamed(request: web.Request, fault: Fault, answer: web.Response) -> web.StreamResponse:
    body = _body(answer)
    stream = web.StreamResponse(status=answer.status, headers={"Date": http_date(request), **answer.headers})
    stream.content_length = len(body)
    await stream.prepare(request)
    match fault.end:
        case "truncate":
            await stream.write(body[: len(body) // 2])
            _cut(request)
        case "unsolicited":
            await stream.write(body)
            _write_again(request, body, fault.pace)
        case _:
            for place in range(len(body)):
                await stream.write(body[place : place + 1])
                await _pause(request, fault.pace)
    return stream


def _write_again(request: web.Request, body: bytes, seconds: float) -> None:
    """Send a second response that answers no request, *seconds* behind the first."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    if request.transport is None:
        return
    if seconds:
        asyncio.get_running_loop().call_later(seconds, request.transport.write, head.encode() + body)
    else:
        request.transport.write(head.encode() + body)


def _body(answer: web.Response) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b""


async def _pause(request: web.Request, seconds: float) -> None:
    """Wait *seconds*, or until the sandbox stops."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await request.app[STOPPING].wait()
