"""Connections that break, hang or can't be trusted, over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import os
import socket
import ssl
import sys
from pathlib import Path

import pytest

from linktime.errors import Failure, OutcomeUnknown, Unavailable
from linktime.message import Request, get
from linktime.pipeline.retry import Retry

from ..support.certificate import self_signed
from ..support.http_server import Act, Line, answer, closing, full_backlog, upstream
from ..support.rest_client import KEY, READ, WRITES, client, failure_of

EVERY = pytest.mark.parametrize("request_", [READ, *WRITES], ids=lambda request: str(request.method))
CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"
HUGE = 5 << 20
CHILD = """
import asyncio, sys
from linktime.message import get
from linktime.pipeline.rest.client import Rest

async def main():
    rest = Rest(sys.argv[1], sys.argv[2], timeout=10, connections=1)
    print((await rest(get("/me"))).data)
    await rest.aclose()

asyncio.run(main())
"""


def is_open(failure: Failure, request: Request) -> bool:
    """Return whether *failure* leaves the outcome of *request* open."""
    if request.is_read:
        return isinstance(failure, Unavailable) and failure.sent
    return isinstance(failure, OutcomeUnknown) and not failure.answered


def was_not_sent(failure: Failure) -> bool:
    return isinstance(failure, Unavailable) and not failure.sent


async def resetting(line: Line) -> None:
    line.reset()


async def hanging(line: Line) -> None:
    await line.left()


def then(data: bytes, act: Act) -> Act:
    async def both(line: Line) -> None:
        await line.write(data)
        await act(line)

    return both


@EVERY
@pytest.mark.parametrize(
    "act",
    [
        closing,
        resetting,
        then(b"HTTP/1.1 200", closing),
        then(CUT, closing),
        then(CUT, resetting),
        then(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{", closing),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX-Odd: a\0b\r\nContent-Length: 2\r\n\r\n{}",
        answer(200, X_Huge="x" * 100_000),
        answer(200, b"{}", **{f"X_{number}": "x" for number in range(2000)}),
        answer(200, b"not gzip", Content_Encoding="gzip"),
        b"\x16\x03\x01 no HTTP at all\r\n\r\n",
    ],
    ids=[
        "closed unanswered",
        "reset unanswered",
        "cut status line",
        "cut body",
        "reset in the body",
        "cut chunk",
        "garbage chunk",
        "odd length",
        "odd header",
        "huge header",
        "too many headers",
        "not gzip",
        "no http",
    ],
)
async def test_broken_exchange_is_open_and_sent_exactly_once(request_: Request, act: bytes | Act) -> None:
    async with upstream(act) as server, client(server.url) as rest:
        assert is_open(await failure_of(rest, request_), request_)
    assert len(server.seen) == 1


@EVERY
async def test_connection_reset_before_the_request_is_read_is_open(request_: Request) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        Line(reader, writer).reset()

    listener = await asyncio.start_server(reset, "127.0.0.1", 0)
    async with listener, client(f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}") as rest:
        assert is_open(await failure_of(rest, request_), request_)


@pytest.mark.posix  # Windows keeps no connection
async def test_broken_kept_connection_costs_one_read() -> None:
    async with upstream(answer(), closing, answer()) as server, client(server.url) as rest:
        await rest(READ)
        assert is_open(await failure_of(rest, READ), READ)
        assert (await rest(READ)).status == 200
    assert [seen.connection for seen in server.seen] == [0, 0, 1]


@pytest.mark.parametrize("write", WRITES, ids=lambda request: str(request.method))
async def test_write_never_uses_a_kept_connection(write: Request) -> None:
    async with upstream(answer()) as server, client(server.url) as rest:
        await rest(READ)
        await rest(write)
    assert [seen.connection for seen in server.seen] == [0, 1]


@EVERY
@pytest.mark.parametrize(
    "act", [hanging, then(b"HTTP/1.1 200 OK\r\n", hanging), then(CUT, hanging)], ids=["silence", "headers", "body"]
)
async def test_answer_that_does_not_end_in_time_is_open(request_: Request, act: Act) -> None:
    async with upstream(act) as server, client(server.url, patience=0.4) as rest:
        failure = await failure_of(rest, request_)
    assert is_open(failure, request_)
    assert " 0.4 s" in failure.message
    assert len(server.seen) == 1


async def test_slow_drip_ends_at_the_timeout() -> None:
    async def dripping(line: Line) -> None:
        await line.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not line.writer.is_closing():
            await line.write(b" ")
            await asyncio.sleep(0.01)

    async with asyncio.timeout(5), upstream(dripping) as server, client(server.url, patience=0.1) as rest:
        assert is_open(await failure_of(rest, READ), READ)


@EVERY
@pytest.mark.parametrize("zipped", [False, True])
async def test_huge_answer_is_refused_without_reading_on(request_: Request, *, zipped: bool) -> None:
    left = asyncio.Event()

    async def endless(line: Line) -> None:
        head = b"Content-Encoding: gzip\r\n" if zipped else b""
        body = gzip.compress(bytes(HUGE), 1) if zipped else bytes(HUGE)
        try:
            await line.write(b"HTTP/1.1 200 OK\r\n" + head + b"Content-Length: 1000000000\r\n\r\n" + body)
            await line.left()
        finally:
            left.set()

    async with asyncio.timeout(10), upstream(endless) as server, client(server.url, patience=9) as rest:
        assert is_open(await failure_of(rest, request_), request_)
        await left.wait()


@EVERY
async def test_refused_connection_means_not_sent(request_: Request) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        async with client(f"http://127.0.0.1:{bound.getsockname()[1]}") as rest:
            assert was_not_sent(await failure_of(rest, request_))


@EVERY
@pytest.mark.skipif(sys.platform != "linux", reason="only here a full backlog is silent")
async def test_connection_that_is_never_made_means_not_sent(request_: Request) -> None:
    with full_backlog() as url:
        async with client(url, patience=0.2) as rest:
            assert was_not_sent(await failure_of(rest, request_))


async def test_host_without_an_address_means_not_sent() -> None:
    async with client("https://linktime.invalid") as rest:
        assert was_not_sent(await failure_of(rest, WRITES[0]))


@EVERY
async def test_untrusted_certificate_gets_no_request(request_: Request, tls: ssl.SSLContext) -> None:
    async with upstream(answer(), tls=tls) as server, client(server.url) as rest:
        failure = await failure_of(rest, request_)
    assert was_not_sent(failure)
    assert "certificate" in failure.message
    assert server.seen == []


@EVERY
async def test_server_without_tls_gets_no_request(request_: Request) -> None:
    async with upstream(answer()) as server, client(server.url.replace("http", "https"), patience=0.2) as rest:
        assert was_not_sent(await failure_of(rest, request_))
    assert server.seen == []


# Proxies and other surroundings


async def test_http_request_uses_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    async with upstream(answer(200, b"[1]")) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.removeprefix("http://"))
        async with client("http://linktime.test") as rest:
            assert (await rest(READ)).data == [1]
    assert proxy.seen[0].target == "http://linktime.test/api/v1/me"


@EVERY
@pytest.mark.parametrize("status", [407, 502])
async def test_proxy_that_refuses_the_tunnel_is_named(
    request_: Request, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with upstream(answer(status)) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url.replace("http://", "http://me:secret@"))
        async with client("https://linktime.test") as rest:
            failure = await failure_of(rest, request_)
    (seen,) = proxy.seen
    assert was_not_sent(failure)
    assert f"the proxy {proxy.url} answered {status}" in failure.message
    assert "secret" not in failure.message
    assert (seen.method, seen.target) == ("CONNECT", "linktime.test:443")
    assert KEY not in repr(seen)


async def test_http_proxy_that_requires_a_password_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async with upstream(answer(407)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        async with client("http://linktime.test") as rest:
            failure = await failure_of(rest, READ)
    assert was_not_sent(failure)
    assert f"the proxy {proxy.url} answered 407" in failure.message


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "127.0.0.1:9"])
@EVERY
async def test_absent_proxy_is_named_and_nothing_is_sent(
    request_: Request, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    async with client("https://linktime.test") as rest:
        failure = await failure_of(rest, request_)
    assert was_not_sent(failure)
    assert "the proxy http://127.0.0.1:9" in failure.message


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1", "socks5://127.0.0.1:9", "http://[", "http://", "::", "ftp://"])
@EVERY
async def test_unusable_proxy_means_not_sent(request_: Request, proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    async with client("https://linktime.test") as rest:
        failure = await failure_of(rest, request_)
    assert was_not_sent(failure)
    assert "https_proxy" in failure.message


async def test_tunnel_without_an_answer_is_blamed_on_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with upstream(hanging) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        async with client("https://linktime.test", patience=0.2) as rest:
            failure = await failure_of(rest, WRITES[0])
    assert was_not_sent(failure)
    assert f"through the proxy {proxy.url}" in failure.message


async def test_host_with_an_invalid_idna_name_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    async with upstream(answer(200, b"[1]")) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        async with client("http://xn--a.test") as rest:
            assert (await rest(READ)).data == [1]
    assert proxy.seen[0].headers["host"] == "xn--a.test"


async def test_loopback_is_reached_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    async with upstream(answer()) as server, client(server.url) as rest:
        assert (await rest(READ)).status == 200


async def test_netrc_does_not_replace_the_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    async with upstream(answer()) as server, client(server.url) as rest:
        await rest(READ)
    assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"


async def test_trusted_certificate_behind_a_tunnel_gets_the_request(tls: ssl.SSLContext, tmp_path: Path) -> None:
    async with upstream(answer(200, b"[1]"), tls=tls) as server, upstream(tunnel_to(server.url)) as proxy:
        async with asyncio.timeout(20):
            environ = {
                **os.environ,
                "SSL_CERT_FILE": str(tmp_path / "certificate.pem"),
                "https_proxy": proxy.url.replace("http://", "http://me:pw@"),
            }
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", CHILD, "https://linktime.test", KEY), stdout=-1, env=environ
            )
            out, _ = await child.communicate()
    assert out.split() == [b"[1]"]
    assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"
    assert proxy.seen[0].headers["proxy-authorization"] == "Basic bWU6cHc="
    assert KEY not in repr(proxy.seen)


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    """Build a server's context with a self-signed certificate."""
    return self_signed(tmp_path, "linktime.test")


def tunnel_to(url: str) -> Act:
    """Act as a proxy whose every tunnel leads to *url*."""

    async def tunnel(line: Line) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        await line.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(pour(line.reader, writer))
                both.create_task(pour(reader, line.writer))
        finally:
            writer.close()

    return tunnel


async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until the source ends, then close the other side."""
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    writer.close()


@pytest.mark.parametrize(("rows", "expected"), [(["c2", "c1"], "c1"), (["c2", "c2", "c2"], "c2")])
async def test_row_of_another_question_is_asked_for_again(rows: list[str], expected: str) -> None:
    left = iter(rows)

    async def act(line: Line) -> None:
        await line.write(answer(200, b'{"id":"%s"}' % next(left).encode()))

    async with upstream(act) as server, client(server.url) as rest:
        retry = Retry(rest, clock=lambda: 0.0, sleep=lambda _: asyncio.sleep(0))
        reply = await retry(get("/contacts/{id}", "c1"))

    assert reply.data == {"id": expected}
    assert next(left, None) is None
