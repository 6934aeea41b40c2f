"""What the doctor says of the service and the way to it; each fault is real."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from linktime.doctor.finding import Finding
from linktime.sandbox import Sandbox
from tests.certificate import self_signed
from tests.patient import KEY, Findings, date, doctor, examined, over
from tests.test_rest_faults import closing, full_backlog
from tests.upstream import Line, answer, upstream
from tests.visitor import misbehave, paths

NETWORK = "Check LINKTIME_BASE_URL, this machine's network, and whether a firewall or a proxy stands between."
BASE = "Check LINKTIME_BASE_URL: it must be the base of LinkTime's API, without /api/v1."
PROXY = "Check the proxy that this environment names (https_proxy), or name the host in no_proxy."
LATER = "LinkTime is at fault, not this machine. Run it again in some minutes."
SLOW = "Run it again. If it stays so, check the network, and what LINKTIME_BASE_URL and LINKTIME_TIMEOUT say."
PLAN = "API keys need the Pro or Business plan: see which one this key's account has."
AGAIN = "If it comes again, something else uses this key: give it a key of its own."
TIME = "See that this machine's clock is right; if it is, whoever runs the service has to renew it."
ANOTHER = "Check LINKTIME_BASE_URL: the certificate is another host's."
STRANGER = (
    "Check LINKTIME_BASE_URL. Where a company's proxy or a virus scanner reads along, name the file of its "
    "certificate in SSL_CERT_FILE."
)
UNASKED = Finding("key", "warning", "not looked at, since there is no connection", "Cure that first.")


async def asked(home: Path, url: str, **settings: str) -> Findings:
    given = {"LINKTIME_BASE_URL": url, "LINKTIME_API_KEY": KEY, "LINKTIME_TIMEOUT": "0.5"}
    return await examined(home, **(given | settings))


# The key


@pytest.mark.parametrize(
    ("rule", "seen", "cure"),
    [
        ({"status": 403}, "LinkTime answered 403", PLAN),
        ({"status": 400}, "LinkTime answered 400", BASE),
        (
            {"status": 429, "headers": {"Retry-After": "7"}},
            "LinkTime answered 429: too many requests",
            f"Wait 7 s. {AGAIN}",
        ),
        ({"status": 429}, "LinkTime answered 429: too many requests", f"Wait a minute. {AGAIN}"),
        ({"status": 503, "body": "Ada Lovelace"}, "LinkTime answered 503", LATER),
        (
            {"status": 302, "headers": {"Location": "https://ada@example.com"}},
            "LinkTime answered 302, a redirect",
            BASE,
        ),
        ({"status": 200, "body": "<html>"}, "LinkTime answered 200, but not in readable JSON", BASE),
        ({"close": True}, "the connection to LinkTime broke", SLOW),
        ({"hang": True}, "LinkTime did not answer within 0.5 s", SLOW),
    ],
    ids=str,
)
async def test_an_answer_that_is_none_is_told_with_its_cure_and_was_asked_for_once(
    sandbox: Sandbox, tmp_path: Path, rule: dict[str, Any], seen: str, cure: str
) -> None:
    await misbehave(sandbox, path="/me", times=None, **rule)

    findings = await examined(tmp_path, **over(sandbox, LINKTIME_TIMEOUT="0.5"))

    *before, key = findings["service"]
    assert before == [
        Finding("connection", "good", f"{sandbox.url} can be reached"),
        Finding("clock", "good", "as the service's"),
    ]
    assert (key.subject, key.state, key.cure) == ("key", "fault", cure)
    assert seen in key.seen
    assert paths(sandbox) == ["GET /me"]


@pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b'"ok"', b'{"data": []}', b'{"status": "up"}'])
async def test_an_answer_that_is_no_profile_is_not_taken_for_one(tmp_path: Path, body: bytes) -> None:
    async with upstream(answer(200, body)) as server:
        findings = await asked(tmp_path, server.url)

    assert findings["service"][-1] == Finding("key", "fault", "LinkTime answered 200, but not with a profile", BASE)


@pytest.mark.parametrize(
    "profile", [{"id": 1}, {"email": "x"}, {"username": None}, {"data": {"id": "1"}}, {"id": 1, "data": {}}]
)
async def test_any_field_of_a_profile_tells_one(tmp_path: Path, profile: dict[str, Any]) -> None:
    async with upstream(answer(200, json.dumps(profile).encode())) as server:
        findings = await asked(tmp_path, server.url)

    assert findings["service"][-1] == Finding("key", "good", "LinkTime takes it")


async def test_a_plan_is_told_wherever_the_profile_is(tmp_path: Path) -> None:
    async with upstream(answer(200, b'{"data": {"plan": "BUSINESS"}}')) as server:
        findings = await asked(tmp_path, server.url)

    assert findings["service"][-1] == Finding("key", "good", "LinkTime takes it; the plan is BUSINESS")


async def test_a_base_url_with_a_path_too_many_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    findings = await examined(tmp_path, **over(sandbox, LINKTIME_BASE_URL=f"{sandbox.url}/api/v1"))

    assert findings["service"][-1] == Finding("key", "fault", "LinkTime answered 404", BASE)


async def test_a_plan_that_may_not_is_told(tmp_path: Path) -> None:
    async with Sandbox(owner={"plan": "FREE"}) as sandbox:
        findings = await examined(tmp_path, **over(sandbox))

    assert findings["service"][-1] == Finding("key", "fault", "LinkTime answered 403", PLAN)


# The way there


async def test_where_nothing_listens_nothing_is_asked(tmp_path: Path) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        findings = await asked(tmp_path, url)

    seen = f"{url} refuses connections, so nothing listens there"
    assert findings["service"] == [Finding("connection", "fault", seen, NETWORK), UNASKED]


async def test_a_host_without_an_address_is_told(tmp_path: Path) -> None:
    findings = await asked(tmp_path, "https://linktime.invalid")

    seen = "no address is known for the host of https://linktime.invalid"
    assert findings["service"] == [Finding("connection", "fault", seen, NETWORK), UNASKED]


async def test_a_connection_that_never_stands_is_told(tmp_path: Path) -> None:
    with full_backlog() as url:
        findings = await asked(tmp_path, url)

    assert findings["service"] == [Finding("connection", "fault", f"{url} does not answer", NETWORK), UNASKED]


async def test_a_connection_that_breaks_at_once_is_told(tmp_path: Path) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        Line(reader, writer).reset()

    async with await asyncio.start_server(reset, "127.0.0.1", 0) as listener:
        url = f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        findings = await asked(tmp_path, url)

    seen = f"{url} can't be reached: Connection reset by peer"
    assert findings["service"] == [Finding("connection", "fault", seen, NETWORK), UNASKED]


async def test_what_speaks_no_tls_is_told(tmp_path: Path) -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(400))
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as listener:
        url = f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        findings = await asked(tmp_path, url)

    seen = f"{url} speaks no TLS that we know"
    cure = "Check LINKTIME_BASE_URL: it may be plain http."
    assert findings["service"] == [Finding("connection", "fault", seen, cure), UNASKED]


@pytest.mark.parametrize(
    ("host", "days", "trusted", "seen", "cure"),
    [
        ("127.0.0.1", 9, False, "self-signed certificate", STRANGER),
        ("127.0.0.1", -1, True, "certificate has expired", TIME),
        ("linktime.test", 9, True, "IP address mismatch, certificate is not valid for '127.0.0.1'.", ANOTHER),
    ],
)
async def test_a_certificate_that_cannot_be_trusted_is_told_with_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, days: int, *, trusted: bool, seen: str, cure: str
) -> None:
    tls = self_signed(tmp_path, host, days=days)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    async with upstream(answer(), tls=tls) as server:
        findings = await asked(tmp_path, server.url)

    said = f"the certificate can't be trusted: {seen}"
    assert findings["service"] == [Finding("connection", "fault", said, cure), UNASKED]
    assert server.seen == []


async def test_a_trusted_certificate_is_told_with_its_days(tmp_path: Path) -> None:
    tls = self_signed(tmp_path, "127.0.0.1", days=9)
    async with upstream(answer(200, b'{"plan": "Not a plan"}', Date=date()), tls=tls) as server:
        trust = {"SSL_CERT_FILE": str(tmp_path / "certificate.pem")}
        status, out = await doctor(tmp_path, "--json", LINKTIME_BASE_URL=server.url, LINKTIME_API_KEY=KEY, **trust)

    assert json.loads(out)["service"] == [
        told("connection", f"{server.url} can be reached"),
        told("TLS", "TLSv1.3, with a certificate that is good for 9 days more"),
        told("clock", "as the service's"),
        told("key", "LinkTime takes it"),
    ]
    assert [(seen.method, seen.target) for seen in server.seen] == [("HEAD", "/"), ("GET", "/api/v1/me")]
    assert "authorization" not in server.seen[0].headers
    assert status == 0


def told(subject: str, seen: str) -> dict[str, str]:
    return {"subject": subject, "state": "good", "seen": seen, "cure": ""}


async def test_what_goes_through_a_proxy_is_not_looked_at_directly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://me:sesame@127.0.0.1:9")

    findings = await asked(tmp_path, "https://linktime.test")

    connection, key = findings["service"]
    assert (connection.subject, connection.state) == ("connection", "good")
    assert (key.subject, key.state, key.cure) == ("key", "fault", PROXY)
    assert "the proxy http://127.0.0.1:9" in key.seen
    assert "sesame" not in key.seen


async def test_a_proxy_that_cannot_be_used_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://127.0.0.1")

    findings = await asked(tmp_path, "https://linktime.test")

    key = findings["service"][-1]
    assert (key.subject, key.state, key.cure) == ("key", "fault", PROXY)
    assert "proxy" in key.seen


async def test_a_host_whose_name_is_no_word_is_looked_for(tmp_path: Path) -> None:
    findings = await asked(tmp_path, "http://xn--a.localhost:9")

    assert [(finding.subject, finding.state) for finding in findings["service"]] == [
        ("connection", "fault"),
        ("key", "warning"),
    ]


# The clock


@pytest.mark.parametrize(
    ("ahead", "state", "seen"),
    [
        (-20, "good", "as the service's"),
        (-100, "warning", "100 s ahead of the service's"),
        (1000, "fault", "1000 s behind the service's"),
    ],
)
async def test_a_clock_that_is_off_is_told(tmp_path: Path, ahead: float, state: str, seen: str) -> None:
    async with upstream(answer(200, Date=date(ahead))) as server:
        findings = await asked(tmp_path, server.url)

    clock = findings["service"][1]
    assert (clock.subject, clock.state) == ("clock", state)
    assert abs(seconds(clock.seen) - seconds(seen)) <= 2
    assert clock.cure == (
        "" if state == "good" else "Set this machine's clock, best by switching on its synchronization."
    )


def seconds(seen: str) -> int:
    return int("".join(filter(str.isdigit, seen)) or 0)


async def test_an_answer_that_a_cache_kept_does_not_make_the_clock_wrong(tmp_path: Path) -> None:
    async with upstream(answer(200, Date=date(-3600), Age="3600")) as server:
        findings = await asked(tmp_path, server.url)

    assert findings["service"][1] == Finding("clock", "good", "as the service's")


@pytest.mark.parametrize("age", ["9" * 5000, "-5", "soon"], ids=["long", "negative", "a word"])
async def test_an_age_that_is_none_is_left_out(tmp_path: Path, age: str) -> None:
    async with upstream(answer(200, Date=date(), Age=age)) as server:
        findings = await asked(tmp_path, server.url)

    assert findings["service"][1] == Finding("clock", "good", "as the service's")


@pytest.mark.parametrize("act", [answer(200), closing], ids=["no date", "no answer"])
async def test_a_service_that_tells_no_time_is_told(tmp_path: Path, act: Any) -> None:
    async with upstream(act, answer(200, b'{"id": 1}')) as server:
        findings = await asked(tmp_path, server.url)

    cure = "See that this machine's is right."
    assert findings["service"][1:] == [
        Finding("clock", "warning", "the service does not tell its own", cure),
        Finding("key", "good", "LinkTime takes it"),
    ]
