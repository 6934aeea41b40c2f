from __future__ import annotations

import gzip
import re
from dataclasses import replace
from datetime import UTC, datetime

import orjson
import pytest

from linktime import __version__
from linktime.errors import Failure, OutcomeUnknown, RateLimited, Rejected, Unavailable
from linktime.message import Quota, Reply, Request, delete, get, patch, post, put

from ..support.http_server import Line, answer, upstream
from ..support.rest_client import KEY, READ, WRITES, client, failure_of, failure_to, reply_to, seen_of

NOT_FOUND = b'{"error":{"code":"not_found"}}'


def quote_in(failure: Failure) -> str | None:
    """Return LinkTime's own message in a failure, None if it quotes none."""
    match = re.search('"(.*)"', failure.message)
    return match[1] if match else None


# Requests


@pytest.mark.parametrize(
    ("request_", "line"),
    [
        (READ, ("GET", "/api/v1/me", b"")),
        (post("/bookings", event_type_slug="x"), ("POST", "/api/v1/bookings", b'{"eventTypeSlug":"x"}')),
        (post("/bookings/{id}/cancel", "b1"), ("POST", "/api/v1/bookings/b1/cancel", b"{}")),
        (put("/availability/rules", rules=[]), ("PUT", "/api/v1/availability/rules", b'{"rules":[]}')),
        (patch("/settings", timezone="Ü"), ("PATCH", "/api/v1/settings", '{"timezone":"Ü"}'.encode())),
        (delete("/contacts/{id}", "c1"), ("DELETE", "/api/v1/contacts/c1", b"")),
        (get("/x", search="a+b&c=d é#%20?/"), ("GET", "/api/v1/x?search=a%2Bb%26c%3Dd+%C3%A9%23%2520?/", b"")),
        (get("/x", from_="2026-03-01", page=2), ("GET", "/api/v1/x?from=2026-03-01&page=2", b"")),
    ],
)
async def test_method_path_query_and_body_are_exact(request_: Request, line: tuple[str, str, bytes]) -> None:
    seen = await seen_of(request_)
    assert (seen.method, seen.target, seen.body) == line


@pytest.mark.parametrize(
    ("ident", "segment"),
    [
        ("a/b", "a%2Fb"),
        ("../me", "..%2Fme"),
        ("50%", "50%25"),
        ("%2F", "%252F"),
        ("é", "%C3%A9"),
        ("a b+c", "a%20b%2Bc"),
        ("a?b#c", "a%3Fb%23c"),
        ("a\r\nX: y", "a%0D%0AX%3A%20y"),
    ],
)
async def test_id_is_one_segment_quoted_once(ident: str, segment: str) -> None:
    assert (await seen_of(get("/bookings/{id}", ident))).target == f"/api/v1/bookings/{segment}"


@pytest.mark.posix  # Windows closes each connection
async def test_read_has_exactly_these_headers() -> None:
    headers = (await seen_of(READ)).headers
    del headers["host"]
    assert headers.pop("accept-encoding").startswith("gzip, deflate")  # more where a library is installed
    assert headers == {
        "accept": "application/json",
        "authorization": f"Bearer {KEY}",
        "user-agent": f"linktime-mcp/{__version__}",
    }


@pytest.mark.parametrize("request_", [*WRITES, READ], ids=lambda request: str(request.method))
async def test_only_a_post_has_a_key_and_only_a_body_a_type(request_: Request) -> None:
    headers = (await seen_of(replace(request_, idempotency_key="k1"))).headers
    assert headers.get("idempotency-key") == ("k1" if request_.method == "POST" else None)
    assert headers.get("content-type") == ("application/json" if request_.body else None)


async def test_no_empty_idempotency_key_is_sent() -> None:
    assert "idempotency-key" not in (await seen_of(post("/bookings"))).headers


async def test_base_with_a_path_and_unicode_works() -> None:
    async with upstream(answer()) as server, client(f"{server.url}/a b/é") as rest:
        await rest(READ)
    assert server.seen[0].target == "/a%20b/%C3%A9/api/v1/me"
    async with client("http://ü.invalid") as rest:
        assert (await failure_of(rest, READ)).word == "unavailable"


@pytest.mark.posix  # Windows reuses no connection
async def test_reads_share_a_connection_and_writes_do_not() -> None:
    async with upstream(answer()) as server, client(server.url) as rest:
        assert server.connections == 0
        for request in (READ, READ, WRITES[0], WRITES[3], READ):
            await rest(request)
    assert [seen.connection for seen in server.seen] == [0, 0, 1, 2, 0]


async def test_unused_client_closes() -> None:
    async with client("http://127.0.0.1:9"):
        pass


# Responses


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize("data", [{"data": [{"id": "x", "neu": None}]}, [1, "é"], "bare", None, 0])
async def test_readable_success_is_a_reply_with_unchanged_data(status: int, data: object) -> None:
    response = answer(status, orjson.dumps(data), RateLimit='"default";r=7;t=9')
    reply = await reply_to(READ, response)
    assert (reply.status, reply.data, reply.quota) == (status, data, Quota(7, 9))


async def test_no_content_is_a_success() -> None:
    assert await reply_to(WRITES[3], b"HTTP/1.1 204 No Content\r\n\r\n") == Reply(204)


async def test_chunked_zipped_and_unbounded_answers_are_read() -> None:
    zipped = gzip.compress(b'{"a":1}')
    chunked = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n4;x=y\r\n":1}\r\n0\r\n\r\n'

    async def ended_by_the_close(line: Line) -> None:
        await line.write(b'HTTP/1.1 200 OK\r\n\r\n{"a":1}')
        line.close()

    script = (answer(200, zipped, Content_Encoding="gzip"), chunked, ended_by_the_close)
    async with upstream(*script) as server, client(server.url) as rest:
        assert [(await rest(READ)).data for _ in script] == [{"a": 1}] * 3


async def test_four_megabytes_are_read() -> None:
    text = "x" * 4_000_000
    assert (await reply_to(READ, answer(200, orjson.dumps([text])))).data == [text]


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (400, "validation_error"),
        (401, "unauthorized"),
        (403, "forbidden"),
        (409, "conflict"),
        (418, "rejected"),
        (422, "rejected"),
    ],
)
@pytest.mark.parametrize("request_", [READ, WRITES[0]], ids=["read", "write"])
async def test_a_4xx_is_a_rejection_named_by_its_status(request_: Request, status: int, word: str) -> None:
    failure = await failure_to(request_, answer(status, b"{}"))
    assert isinstance(failure, Rejected)
    assert (failure.word, failure.status) == (word, status)
    assert f"LinkTime answered {status}" in failure.message
    assert quote_in(failure) is None


@pytest.mark.parametrize("status", [403, 408, 409, 422])
async def test_page_in_place_of_a_writes_answer_proves_nothing(status: int) -> None:
    for write in WRITES:
        unknown = await failure_to(write, answer(status, b"<html>no</html>"))
        assert isinstance(unknown, OutcomeUnknown)
        assert unknown.answered is False
    assert isinstance(await failure_to(READ, answer(status, b"<html>no</html>")), Rejected)


@pytest.mark.parametrize("status", [400, 401, 413, 414, 431])
async def test_page_that_a_gateway_sends_first_is_a_rejection(status: int) -> None:
    assert isinstance(await failure_to(WRITES[0], answer(status, b"<html>no</html>")), Rejected)


@pytest.mark.parametrize("body", [b"<html>404", b"", b'{"message":"Not Found"}', b"{}"])
@pytest.mark.parametrize("status", [404, 410])
async def test_foreign_404_proves_nothing(status: int, body: bytes) -> None:
    assert isinstance(await failure_to(WRITES[3], answer(status, body)), OutcomeUnknown)
    failure = await failure_to(get("/bookings/{id}", "b1"), answer(status, body))
    assert isinstance(failure, Unavailable)
    assert (failure.sent, failure.status, failure.repeat) == (True, status, False)
    assert "LINKTIME_BASE_URL" in failure.message


@pytest.mark.parametrize("status", [404, 410])
async def test_absence_needs_linktimes_own_code(status: int) -> None:
    for body in (b"<html>no</html>", b"", b"[]", b'{"message":"Not Found"}', b'{"error":"Not Found"}'):
        unavailable = await failure_to(READ, answer(status, body))
        assert isinstance(unavailable, Unavailable)
        assert (unavailable.sent, unavailable.status) == (True, status)
        for write in WRITES:
            unknown = await failure_to(write, answer(status, body))
            assert isinstance(unknown, OutcomeUnknown)
            assert unknown.answered is False
    for body in (b'{"error":{"code":"not_found"}}', b'{"error":"not_found","message":"No such contact."}'):
        for request in (READ, *WRITES):
            refusal = await failure_to(request, answer(status, body))
            assert isinstance(refusal, Rejected)
            assert (refusal.word, refusal.status) == ("not_found", status)


async def test_reply_has_linktimes_date() -> None:
    dated = await reply_to(READ, answer(200, b"{}", Date="Sun, 01 Mar 2026 14:00:00 GMT"))
    assert dated.date == datetime(2026, 3, 1, 14, tzinfo=UTC)
    for date in ("", "yesterday"):
        assert (await reply_to(READ, answer(200, b"{}", Date=date))).date is None


@pytest.mark.parametrize(
    ("body", "word", "quote"),
    [
        (b'{"error":{"code":"slot_taken","message":"Gone."}}', "slot_taken", "Gone."),
        (b'{"error":{"code":"slot_taken"}}', "slot_taken", None),
        (b'{"error":{"message":"Gone."}}', "rejected", "Gone."),
        (b'{"error":"slot_taken","message":"Gone."}', "slot_taken", "Gone."),
        (b'{"error":"slot_taken"}', "slot_taken", None),
        (b'{"error":"That slot is gone."}', "rejected", "That slot is gone."),
        (b'{"message":"Gone."}', "rejected", "Gone."),
        (b'{"error":{"code":"Not A Code","message":7}}', "rejected", None),
        (b'{"error":null}', "rejected", None),
        (b"[]", "rejected", None),
        (b"\xff\xfe", "rejected", None),
        (b"", "rejected", None),
    ],
)
async def test_every_error_body_is_read_and_quoted(body: bytes, word: str, quote: str | None) -> None:
    failure = await failure_to(READ, answer(422, body))
    assert (failure.word, quote_in(failure)) == (word, quote)
    assert quote or "LinkTime answered 422" in failure.message


async def test_error_names_the_next_step() -> None:
    failure = await failure_to(READ, answer(401, b'{"error":{"code":"unauthorized","message":"Bad key"}}'))
    assert (failure.word, quote_in(failure)) == ("unauthorized", "Bad key")
    assert "LINKTIME_API_KEY" in failure.message


@pytest.mark.parametrize(
    ("message", "quote"),
    [
        ("a\r\n\tb\u2028c\0d\x1b[2J", "a b cd[2J"),
        ("pay\u202eload\u2066 \u200bzero\ufeff \U000e0041tag", "payload zero tag"),
        ("<b onclick='x'>bold</b> <script>alert(1)", "bold alert(1)"),
        ("<!-- never closed", None),
        ("sarah.chen+x@acme.example is taken", "[e-mail] is taken"),
        ('"Sarah" <sarah@acme.example>', "'Sarah'"),
        (f"key {KEY} is revoked", "key [key] is revoked"),
        (f"key lt_live\u200b{KEY.removeprefix('lt_live')} is revoked", "key [key] is revoked"),
        ("x" * 296 + KEY, "x" * 296 + "[key"),
        ("é" * 5000, "é" * 300),
        ("a" * 2_000_000, "a" * 300),
    ],
    ids=["control", "bidi", "markup", "comment", "e-mail", "quotes", "key", "split key", "cut key", "long", "huge"],
)
async def test_linktimes_message_is_cleaned_and_truncated(message: str, quote: str | None) -> None:
    failure = await failure_to(READ, answer(418, orjson.dumps({"message": message})))
    assert quote_in(failure) == quote


async def test_key_in_the_code_is_masked() -> None:
    assert (await failure_to(READ, answer(418, orjson.dumps({"error": KEY})))).word == "[key]"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Date": "Sun, 01 Mar 2026 14:00:00 GMT", "Retry-After": "Sun, 01 Mar 2026 14:00:30 GMT"}, 30),
        ({"X-RateLimit-Reset": "9"}, 9),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
async def test_a_429_states_its_wait(headers: dict[str, str], seconds: float | None) -> None:
    failure = await failure_to(WRITES[0], answer(429, b'{"error":{"code":"slow_down","message":"Slow."}}', **headers))
    assert isinstance(failure, RateLimited)
    assert failure.retry_after == seconds
    assert (failure.word, quote_in(failure)) == ("rate_limited", "Slow.")


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599, 304, 999])
@pytest.mark.parametrize(
    ("body", "answered"),
    [(b'{"error":{"code":"internal_error"}}', True), (b"<html>Bad gateway", False), (b'{"message":"x"}', False)],
)
async def test_fault_at_linktime_leaves_the_outcome_of_a_write_open(
    status: int, body: bytes, *, answered: bool
) -> None:
    response = answer(status, b"" if status == 304 else body)
    for write in WRITES:
        failure = await failure_to(write, response)
        assert isinstance(failure, OutcomeUnknown)
        assert failure.answered is (answered and status != 304)
        assert failure.word == "outcome_unknown"
        assert str(status) in failure.message


async def test_fault_at_linktime_makes_a_read_unavailable() -> None:
    failure = await failure_to(READ, answer(503, b"<html>secret page"))
    assert isinstance(failure, Unavailable)
    assert (failure.sent, failure.status) == (True, 503)
    assert "secret page" not in str(failure)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("request_", [READ, *WRITES], ids=lambda request: str(request.method))
async def test_redirect_is_not_followed_and_302_leaves_a_write_open(status: int, request_: Request) -> None:
    async with upstream(answer()) as elsewhere:
        failure = await failure_to(request_, answer(status, Location=elsewhere.url))
    assert elsewhere.connections == 0
    done = status in {302, 303} and not request_.is_read
    assert failure.word == ("outcome_unknown" if done else "unavailable")
    assert done or "LINKTIME_BASE_URL" in failure.message


def deep(levels: int) -> bytes:
    """Return nested lists around a number that only the lenient reader accepts."""
    return b"[" * levels + b"NaN" + b"]" * levels


async def test_lenient_answer_may_have_500_levels() -> None:
    assert isinstance((await reply_to(READ, answer(200, deep(500)))).data, list)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Sign in",
        b"\xff\xfe{}",
        b'{"a":',
        b"[" * 100_000,
        b'{"a":1}{}',
        b"[" + b"[]," * 200_000 + b"[]]",
        deep(501),
    ],
    ids=["empty", "html", "not utf-8", "cut", "deep", "two", "many", "deep and lenient"],
)
async def test_unreadable_success_is_a_failure(body: bytes) -> None:
    write, read = await failure_to(WRITES[0], answer(200, body)), await failure_to(READ, answer(200, body))
    assert isinstance(write, OutcomeUnknown)
    assert not write.answered
    assert isinstance(read, Unavailable)
    assert (read.sent, read.status, read.repeat) == (True, 200, False)
