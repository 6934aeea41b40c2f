"""Answers that do not belong, and answers that strict readers refuse, over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from typing import Any

import aiohttp
import orjson
import pytest

from linktime.errors import OutcomeUnknown, RateLimited, Rejected, Unavailable
from linktime.message import Request
from linktime.pipeline.rest.connector import CleanConnector, reuse

from ..support.http_server import Line, answer, upstream
from ..support.process import child
from ..support.rest_client import KEY, READ, WRITES, client, failure_of, failure_to, reply_to

WRONG = answer(200, b'["wrong"]')
RIGHT = answer(200, b'["right"]')


class Unsolicited:
    """An act that answers properly, then sends *more*: in the same write, or *after* the answer was received."""

    def __init__(self, more: bytes, *, after: bool) -> None:
        self._more = more
        self._after = after
        self._received = asyncio.Event()
        self._sent = asyncio.Event()

    async def __call__(self, line: Line) -> None:
        """Answer one request."""
        await line.write(RIGHT if self._after else RIGHT + self._more)
        if self._after:
            await self._received.wait()
            await line.write(self._more)
        self._sent.set()

    async def sent(self) -> None:
        """Have the rest sent, and wait for it."""
        self._received.set()
        await self._sent.wait()


REUSES = "keepalive_timeout" in reuse(1.0)  # Windows does not
MORE = {
    "whole": WRONG,
    "whole twice": WRONG * 2,
    "headers": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
    "half a body": b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n["wr',
    "408": answer(408),
    "garbage": b"garbage\r\n\r\n",
    "one byte": b"\0",
}


@pytest.mark.parametrize(
    ("kind", "after"),
    [(kind, after) for kind in MORE for after in (False, True) if after or kind not in {"garbage", "one byte"}],
)
async def test_unsolicited_bytes_never_answer_a_read(kind: str, *, after: bool) -> None:
    act = Unsolicited(MORE[kind], after=after)
    async with asyncio.timeout(10), upstream(act, RIGHT) as server, client(server.url) as rest:
        first = await rest(READ)
        await act.sent()

        assert [first.data, (await rest(READ)).data, (await rest(READ)).data] == [["right"]] * 3
    assert [seen.connection for seen in server.seen] == [0, 1, 1 if REUSES else 2]


@pytest.mark.parametrize(("sees_bytes", "connections"), [(True, [0, 0]), (False, [0, 1])])
async def test_connection_is_reused_only_if_its_bytes_are_seen(connections: list[int], *, sees_bytes: bool) -> None:
    connector = CleanConnector(**reuse(30.0, sees_bytes=sees_bytes))
    async with asyncio.timeout(10), upstream(RIGHT) as server, aiohttp.ClientSession(connector=connector) as session:
        for _ in range(2):
            async with session.get(server.url) as response:
                await response.read()

    assert [seen.connection for seen in server.seen] == connections


@pytest.mark.slow
@pytest.mark.measured
async def test_tools_get_their_own_answers_after_an_unsolicited_one() -> None:
    go, sent = asyncio.Event(), asyncio.Event()

    async def own(line: Line) -> None:
        await line.write(answer(200, orjson.dumps({"target": server.seen[-1].target})))
        if len(server.seen) == 1:
            await go.wait()
            await line.write(WRONG)
            sent.set()

    async with upstream(own) as server, child(LINKTIME_BASE_URL=server.url, LINKTIME_API_KEY="lt_live_x") as program:
        await program.greet()
        targets = {}
        for tool in ("get_me", "list_webhooks", "list_workflows", "list_integrations"):
            result = await program.result(program.call(tool))
            targets[tool] = result["structuredContent"].get("target")
            go.set()
            await sent.wait()

    assert targets == {
        "get_me": "/api/v1/me",
        "list_webhooks": "/api/v1/webhooks",
        "list_workflows": "/api/v1/workflows",
        "list_integrations": "/api/v1/integrations",
    }


@pytest.mark.posix  # the loop of Windows reads those bytes too late
async def test_answer_before_the_request_is_never_used() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(WRONG)
        await Line(reader, writer).left()
        writer.close()

    listener = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with (
        asyncio.timeout(10),
        listener,
        client(f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}") as rest,
    ):
        for request in (READ, *WRITES):
            with pytest.raises((Unavailable, OutcomeUnknown)):
                await rest(request)


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b'{"id":"b1","notes":"likes \\ud83d"}', {"id": "b1", "notes": "likes "}),
        (b'{"id":"b1","notes":"\\ud83d\\ude00"}', {"id": "b1", "notes": "\U0001f600"}),
        (b'{"id":"b1","price":NaN,"most":-Infinity}', {"id": "b1", "price": None, "most": None}),
        (b'{"id":"b1","price":1e999}', {"id": "b1", "price": None}),
        (b'{"id":"b1","big":1180591620717411303424}', {"id": "b1", "big": 2.0**70}),
        (b'\xef\xbb\xbf{"id":"b1"}', {"id": "b1"}),
        ('{"id":"b1","name":"Zo\u00eb"}'.encode("utf-16"), {"id": "b1", "name": "Zo\u00eb"}),
        (b'{"id":"b1","name":"Zo\xeb"}', {"id": "b1", "name": "Zo\ufffd"}),
        (b'{"id":"b1","name":"a\tb\nc"}', {"id": "b1", "name": "a\tb\nc"}),
    ],
)
@pytest.mark.parametrize("request_", [READ, WRITES[0]], ids=["read", "write"])
async def test_json_that_strict_readers_refuse_is_read(request_: Request, body: bytes, data: Any) -> None:
    reply = await reply_to(request_, answer(201, body))
    assert reply.data == data
    assert orjson.loads(orjson.dumps(reply.data)) == data


async def test_declared_encoding_is_used() -> None:
    latin = answer(200, '["Zo\u00eb"]'.encode("latin-1"), Content_Type="application/json; charset=ISO-8859-1")
    assert (await reply_to(READ, latin)).data == ["Zo\u00eb"]
    odd = answer(200, b'["a\x80"]', Content_Type="application/json; charset=zip")
    assert (await reply_to(READ, odd)).data == ["a\ufffd"]


@pytest.mark.parametrize("depth", [64, 300, 1000])
async def test_deep_answer_to_a_write_is_a_success(depth: int) -> None:
    body = b'{"id":"b1","x":' + b"[" * depth + b"]" * depth + b"}"
    reply = await reply_to(WRITES[0], answer(201, body))
    assert reply.data["id"] == "b1"
    assert b"nested deeper" in orjson.dumps(reply.data)


async def test_error_with_half_an_emoji_is_quoted() -> None:
    failure = await failure_to(READ, answer(418, b'{"message":"Taken \\ud83d by you"}'))
    assert "Taken by you" in failure.message


async def test_ten_million_lists_in_a_small_body_are_refused() -> None:
    body = gzip.compress(b"[" + b"[]," * 10_000_000 + b"[]]")
    failure = await failure_to(READ, answer(200, body, Content_Encoding="gzip"))
    assert isinstance(failure, Unavailable)


@pytest.mark.parametrize("wbits", [zlib.MAX_WBITS, -zlib.MAX_WBITS], ids=["zlib", "raw"])
async def test_deflate_is_read(wbits: int) -> None:
    packer = zlib.compressobj(wbits=wbits)
    body = packer.compress(b"[1]") + packer.flush()
    assert (await reply_to(READ, answer(200, body, Content_Encoding="deflate"))).data == [1]


async def test_brotli_is_requested_and_read() -> None:
    response = answer(200, b"\x0b\x01\x80[1]\x03", Content_Encoding="br")
    async with upstream(response) as server, client(server.url) as rest:
        assert (await rest(READ)).data == [1]
    assert "br" in server.seen[0].headers["accept-encoding"].split(", ")


async def test_large_and_many_headers_are_read() -> None:
    headers = {f"X_{number}": "x" * 100 for number in range(200)} | {"Set_Cookie": "x" * 20_000}
    assert (await reply_to(READ, answer(200, b"[1]", **headers))).data == [1]


@pytest.mark.parametrize(
    ("body", "stated"),
    [
        ({"error": [{"path": ["startTime"], "message": "Invalid datetime"}]}, "startTime: Invalid datetime"),
        ({"errors": [{"message": "Slot is gone"}]}, "Slot is gone"),
        ({"errors": {"email": ["is taken", "is odd"]}}, "email: is taken; email: is odd"),
        ({"type": "about:blank", "title": "Bad", "detail": "Too early"}, "Too early"),
        ({"message": ["startTime must be ISO 8601"], "error": "Bad Request"}, "startTime must be ISO 8601"),
        ({"detail": [{"loc": ["body", "x"], "msg": "field required"}]}, "body.x: field required"),
        ({"error": {"message": "Invalid", "details": [{"field": "a", "message": "b"}]}}, "Invalid; a: b"),
        ({"error": {"code": "validation_error", "issues": [{"path": ["a", 0], "message": "b"}]}}, "a.0: b"),
    ],
)
@pytest.mark.parametrize("status", [400, 422])
async def test_reason_of_a_refusal_is_quoted(status: int, body: Any, stated: str) -> None:
    failure = await failure_to(WRITES[0], answer(status, orjson.dumps(body)))
    assert isinstance(failure, Rejected)
    assert f'"{stated}"' in failure.message


async def test_absurd_wait_is_capped_and_stated() -> None:
    failure = await failure_to(READ, answer(429, b"{}", Retry_After="315360000"))
    assert isinstance(failure, RateLimited)
    assert failure.retry_after == 120
    assert "315360000 s" in failure.message


async def test_a_503_carries_its_wait() -> None:
    failure = await failure_to(READ, answer(503, b"{}", Retry_After="7"))
    assert isinstance(failure, Unavailable)
    assert (failure.retry_after, failure.repeat) == (7, True)


async def test_reset_of_the_quota_is_no_wait_after_a_503() -> None:
    failure = await failure_to(READ, answer(503, b"{}", RateLimit='"default";r=0;t=42'))
    assert isinstance(failure, Unavailable)
    assert failure.retry_after is None


async def test_huge_answer_is_refused_once_and_named() -> None:
    failure = await failure_to(READ, answer(200, b" " * 5_000_000))
    assert isinstance(failure, Unavailable)
    assert not failure.repeat
    assert "bytes" in failure.message


async def test_unavailable_names_address_reason_and_next_step() -> None:
    async with client("http://127.0.0.1:9") as rest:
        failure = await failure_of(rest, READ)
    assert "http://127.0.0.1:9" in failure.message
    assert "connection refused" in failure.message
    assert "LINKTIME_BASE_URL" in failure.message
    assert "linktime-mcp sandbox" in failure.message
    assert KEY not in failure.message


async def test_unreachable_linktime_names_the_doctor() -> None:
    async with client("https://linktime.invalid") as rest:
        failure = await failure_of(rest, READ)
    assert "https://linktime.invalid" in failure.message
    assert "linktime-mcp doctor" in failure.message
