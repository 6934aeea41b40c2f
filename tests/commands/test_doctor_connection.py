"""The doctor checks the connection to the service and the key, against real faults."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from linktime.commands.doctor.api_key import BASE, LATER, OWN_KEY, PLAN, PROXY, SLOW
from linktime.commands.doctor.connection import (
    CLOCK,
    DATES,
    NETWORK,
    NO_TIME,
    NO_TLS,
    OTHER_HOST,
    START_LOCAL,
    UNTRUSTED,
)
from linktime.sandbox import Sandbox
from tests.support.certificate import self_signed
from tests.support.doctor_user import KEY, Findings, date, doctor, examined, over, states
from tests.support.http_server import Line, answer, closing, full_backlog, upstream
from tests.support.sandbox_client import misbehave, paths

SKIPPED = ("key", "warning", "skipped")


async def examined_at(home: Path, url: str, **settings: str) -> Findings:
    return await examined(home, **{"LINKTIME_BASE_URL": url, "LINKTIME_API_KEY": KEY} | settings)


# The key


@pytest.mark.parametrize(
    ("rule", "code", "cure"),
    [
        ({"status": 403}, "rejected", PLAN),
        ({"status": 400}, "rejected", BASE),
        ({"status": 429, "headers": {"Retry-After": "7"}}, "rate_limited", f"Wait 7 s. {OWN_KEY}"),
        ({"status": 429}, "rate_limited", f"Wait a minute. {OWN_KEY}"),
        ({"status": 503, "body": "Ada Lovelace"}, "service_fault", LATER),
        ({"status": 302, "headers": {"Location": "https://ada@example.com"}}, "redirect", BASE),
        ({"status": 200, "body": "<html>"}, "no_json", BASE),
        ({"close": True}, "no_answer", SLOW),
        ({"hang": True}, "no_answer", SLOW),
    ],
    ids=str,
)
async def test_unusable_answer_is_a_fault_after_one_request(
    sandbox: Sandbox, tmp_path: Path, rule: dict[str, Any], code: str, cure: str
) -> None:
    await misbehave(sandbox, path="/me", times=None, **rule)

    findings = await examined(tmp_path, **over(sandbox, LINKTIME_TIMEOUT="1" if "hang" in rule else "9"))

    assert states(findings["service"]) == [
        ("connection", "good", "reachable"),
        ("clock", "good", "agrees"),
        ("key", "fault", code),
    ]
    assert str(rule.get("status", "")) in findings["service"][-1].message
    assert findings["service"][-1].cure == cure
    assert paths(sandbox) == ["GET /me"]


@pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b'"ok"', b'{"data": []}', b'{"status": "up"}'])
async def test_non_profile_answer_is_a_fault(tmp_path: Path, body: bytes) -> None:
    async with upstream(answer(200, body)) as server:
        findings = await examined_at(tmp_path, server.url)

    assert states(findings["service"])[-1] == ("key", "fault", "no_profile")
    assert findings["service"][-1].cure == BASE


@pytest.mark.parametrize(
    "profile", [{"id": 1}, {"email": "x"}, {"username": None}, {"data": {"id": "1"}}, {"id": 1, "data": {}}]
)
async def test_any_field_of_a_profile_is_enough(tmp_path: Path, profile: dict[str, Any]) -> None:
    async with upstream(answer(200, json.dumps(profile).encode())) as server:
        findings = await examined_at(tmp_path, server.url)

    assert states(findings["service"])[-1] == ("key", "good", "accepted")


async def test_plan_is_shown(tmp_path: Path) -> None:
    async with upstream(answer(200, b'{"data": {"plan": "BUSINESS"}}')) as server:
        findings = await examined_at(tmp_path, server.url)

    assert states(findings["service"])[-1] == ("key", "good", "accepted")
    assert "BUSINESS" in findings["service"][-1].message


async def test_base_url_with_another_path_is_rejected(sandbox: Sandbox, tmp_path: Path) -> None:
    findings = await examined(tmp_path, **over(sandbox, LINKTIME_BASE_URL=f"{sandbox.url}/app"))

    assert states(findings["service"])[-1] == ("key", "fault", "rejected")
    assert findings["service"][-1].cure == BASE


async def test_free_plan_is_reported(tmp_path: Path) -> None:
    async with Sandbox(owner={"plan": "FREE"}) as sandbox:
        findings = await examined(tmp_path, **over(sandbox))

    assert states(findings["service"])[-1] == ("key", "fault", "rejected")
    assert findings["service"][-1].cure == PLAN


# The way there


async def test_refused_connection(tmp_path: Path) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        findings = await examined_at(tmp_path, url)

    assert states(findings["service"]) == [("connection", "fault", "refused"), SKIPPED]
    assert (url in findings["service"][0].message, findings["service"][0].cure) == (True, START_LOCAL)


async def test_host_without_an_address(tmp_path: Path) -> None:
    findings = await examined_at(tmp_path, "https://linktime.invalid")

    assert states(findings["service"]) == [("connection", "fault", "unresolved"), SKIPPED]
    assert ("https://linktime.invalid" in findings["service"][0].message, findings["service"][0].cure) == (
        True,
        NETWORK,
    )


async def test_connection_timeout(tmp_path: Path) -> None:
    with full_backlog() as url:
        findings = await examined_at(tmp_path, url, LINKTIME_TIMEOUT="0.5")

    assert states(findings["service"]) == [("connection", "fault", "timeout"), SKIPPED]
    assert (url in findings["service"][0].message, findings["service"][0].cure) == (True, NETWORK)


@pytest.mark.posix  # Windows shuts down first
async def test_connection_reset(tmp_path: Path) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        Line(reader, writer).reset()

    async with await asyncio.start_server(reset, "127.0.0.1", 0) as listener:
        url = f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        findings = await examined_at(tmp_path, url)

    assert states(findings["service"]) == [("connection", "fault", "unreachable"), SKIPPED]
    assert ("Connection reset by peer" in findings["service"][0].message, findings["service"][0].cure) == (
        True,
        NETWORK,
    )


async def test_server_without_tls(tmp_path: Path) -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(400))
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as listener:
        url = f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        findings = await examined_at(tmp_path, url)

    assert states(findings["service"]) == [("connection", "fault", "no_tls"), SKIPPED]
    assert (url in findings["service"][0].message, findings["service"][0].cure) == (True, NO_TLS)


@pytest.mark.parametrize(
    ("host", "days", "trusted", "seen", "cure"),
    [
        ("127.0.0.1", 9, False, "self-signed certificate", UNTRUSTED),
        ("127.0.0.1", -1, True, "certificate has expired", DATES),
        ("linktime.test", 9, True, "IP address mismatch, certificate is not valid for '127.0.0.1'.", OTHER_HOST),
    ],
)
async def test_untrusted_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, days: int, *, trusted: bool, seen: str, cure: str
) -> None:
    tls = self_signed(tmp_path, host, days=days)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    async with upstream(answer(), tls=tls) as server:
        findings = await examined_at(tmp_path, server.url)

    assert states(findings["service"]) == [("connection", "fault", "untrusted"), SKIPPED]
    assert (seen in findings["service"][0].message, findings["service"][0].cure) == (True, cure)
    assert server.seen == []


async def test_trusted_certificate_and_its_days(tmp_path: Path) -> None:
    tls = self_signed(tmp_path, "127.0.0.1", days=9)
    async with upstream(answer(200, b'{"plan": "Not a plan"}', Date=date()), tls=tls) as server:
        trust = {"SSL_CERT_FILE": str(tmp_path / "certificate.pem")}
        status, out = await doctor(tmp_path, "--json", LINKTIME_BASE_URL=server.url, LINKTIME_API_KEY=KEY, **trust)

    service = json.loads(out)["service"]
    assert [(each["subject"], each["state"], each["code"]) for each in service] == [
        ("connection", "good", "reachable"),
        ("TLS", "good", "trusted"),
        ("clock", "good", "agrees"),
        ("key", "good", "accepted"),
    ]
    assert ("TLSv1.3" in service[1]["seen"], " 9 days" in service[1]["seen"]) == (True, True)
    assert "Not a plan" not in out
    assert [(seen.method, seen.target) for seen in server.seen] == [("HEAD", "/"), ("GET", "/api/v1/me")]
    assert "authorization" not in server.seen[0].headers
    assert status == 0


async def test_proxied_connection_is_not_checked_directly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://me:sesame@127.0.0.1:9")

    findings = await examined_at(tmp_path, "https://linktime.test")

    assert states(findings["service"]) == [("connection", "good", "proxy"), ("key", "fault", "unreachable")]
    assert findings["service"][-1].cure == PROXY
    assert "http://127.0.0.1:9" in findings["service"][-1].message
    assert "sesame" not in findings["service"][-1].message


async def test_unusable_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://127.0.0.1")

    findings = await examined_at(tmp_path, "https://linktime.test")

    assert states(findings["service"])[-1] == ("key", "fault", "unreachable")
    assert findings["service"][-1].cure == PROXY


async def test_malformed_international_host_name(tmp_path: Path) -> None:
    findings = await examined_at(tmp_path, "http://xn--a.localhost:9")

    assert [(finding.subject, finding.state) for finding in findings["service"]] == [
        ("connection", "fault"),
        ("key", "warning"),
    ]


# The clock


@pytest.mark.parametrize(
    ("ahead", "state", "code", "seen"),
    [
        (-20, "good", "agrees", ""),
        (-100, "warning", "differs", "100 s ahead of"),
        (1000, "fault", "differs", "1000 s behind"),
    ],
)
async def test_clock_difference(tmp_path: Path, ahead: float, state: str, code: str, seen: str) -> None:
    async with upstream(answer(200, Date=date(ahead))) as server:
        findings = await examined_at(tmp_path, server.url)

    clock = findings["service"][1]
    assert (clock.subject, clock.state, clock.code) == ("clock", state, code)
    assert abs(seconds(clock.message) - seconds(seen)) <= 2
    assert re.sub(r"\d+ s", "", seen).strip() in clock.message
    assert clock.cure == ("" if state == "good" else CLOCK)


def seconds(seen: str) -> int:
    return int("".join(filter(str.isdigit, seen)) or 0)


async def test_age_of_a_cached_answer_counts(tmp_path: Path) -> None:
    async with upstream(answer(200, Date=date(-3600), Age="3600")) as server:
        findings = await examined_at(tmp_path, server.url)

    assert states(findings["service"])[1] == ("clock", "good", "agrees")


@pytest.mark.parametrize("age", ["9" * 5000, "-5", "soon"], ids=["long", "negative", "a word"])
async def test_malformed_age_is_ignored(tmp_path: Path, age: str) -> None:
    async with upstream(answer(200, Date=date(), Age=age)) as server:
        findings = await examined_at(tmp_path, server.url)

    assert states(findings["service"])[1] == ("clock", "good", "agrees")


@pytest.mark.parametrize("act", [answer(200), closing], ids=["no date", "no answer"])
async def test_service_without_a_time(tmp_path: Path, act: Any) -> None:
    async with upstream(act, answer(200, b'{"id": 1}')) as server:
        findings = await examined_at(tmp_path, server.url)

    assert states(findings["service"])[1:] == [("clock", "warning", "unknown"), ("key", "good", "accepted")]
    assert findings["service"][1].cure == NO_TIME
