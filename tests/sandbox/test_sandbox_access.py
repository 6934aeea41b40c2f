from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator
from typing import Any

import pytest

from linktime.sandbox import Sandbox
from tests.support.sandbox_client import MONDAY, Visitor, visiting, visitor


@pytest.fixture
async def maya() -> AsyncIterator[Visitor]:
    async with visitor() as maya:
        yield maya


async def test_me_returns_the_owner_of_the_key(maya: Visitor) -> None:
    me = await maya.get("/me")

    assert set(me) == {"id", "email", "name", "username", "plan", "effectivePlan"}
    assert (me["plan"], me["effectivePlan"]) == ("PRO", "PRO")
    assert re.fullmatch(r"clx[0-9a-z]{22}", me["id"])
    assert re.fullmatch(r"lt_live_\w{40}", maya.sandbox.key)


async def test_wrong_keys_are_unauthorized(maya: Visitor) -> None:
    for header in (
        "",
        maya.sandbox.key,
        "Bearer ",
        f"Bearer {maya.sandbox.key}x",
        f"Basic {maya.sandbox.key}",
        "Bearer é",
    ):
        answer = await maya.ask("GET", "/nothing", headers={"Authorization": header})

        assert answer.error == (401, "unauthorized")


async def test_free_plan_is_forbidden() -> None:
    async with visitor(owner={"plan": "FREE"}) as maya:
        assert (await maya.ask("GET", "/me")).error == (403, "forbidden")


async def test_unknown_routes_and_methods_use_the_envelope(maya: Visitor) -> None:
    assert (await maya.ask("GET", "/nothing")).error == (404, "not_found")
    assert (await maya.ask("PUT", "/me")).error == (405, "method_not_allowed")
    assert (await maya.ask("GET", "/bookings/..%2Fme")).error == (404, "not_found")


async def test_request_log_has_requests_without_the_key(maya: Visitor) -> None:
    headers = {"Idempotency-Key": "abc", "Traceparent": "00-1-2-01", "User-Agent": "me/1"}
    await maya.ask("POST", "/contacts?a=1&b=%20", {"name": 5}, headers=headers)
    await maya.ask("GET", "/me", headers={"Authorization": "Bearer wrong"})

    first, second = maya.sandbox.requests
    assert (first.method, first.path, first.query, first.status) == ("POST", "/contacts", "a=1&b=%20", 400)
    assert first.body == {"name": 5}
    assert first.headers == {name.lower(): value for name, value in headers.items()}
    assert (second.path, second.body, second.status) == ("/me", None, 401)
    assert first.at <= second.at

    log = await maya.own("GET", "/requests")
    assert [entry["status"] for entry in log.data["data"]] == [400, 401]
    assert maya.sandbox.key not in str(log)


async def test_unexpected_error_is_an_internal_error(tmp_path: Any, caplog: Any) -> None:
    async with visitor(db=str(tmp_path / "db")) as maya:
        with sqlite3.connect(tmp_path / "db") as other:
            other.execute("DROP TABLE rules")
        other.close()

        assert (await maya.ask("GET", "/availability/rules")).error == (500, "internal_error")
    assert "no such table" in caplog.text


async def test_rate_limit_is_a_sliding_window() -> None:
    times = [1000.0]
    async with visitor(limit=3, period=60, clock=lambda: times[-1]) as maya:

        async def ask() -> tuple[int, str | None, tuple[str, str, str]]:
            answer = await maya.ask("GET", "/me")
            limit, remaining, reset = (
                answer.headers[f"X-RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset")
            )
            return answer.status, answer.headers.get("Retry-After"), (limit, remaining, reset)

        assert await ask() == (200, None, ("3", "2", "60"))
        times.append(1020.5)
        assert await ask() == (200, None, ("3", "1", "40"))
        assert await ask() == (200, None, ("3", "0", "40"))
        assert await ask() == (429, "40", ("3", "0", "40"))
        times.append(1059.9)
        assert await ask() == (429, "1", ("3", "0", "1"))
        times.append(1060.0)
        assert await ask() == (200, None, ("3", "0", "21"))
        assert (await maya.ask("GET", "/me")).error == (429, "rate_limited")
        assert [entry.status for entry in maya.sandbox.requests] == [200, 200, 200, 429, 429, 200, 429]
        assert maya.sandbox.peak() == 6


async def test_wrong_key_does_not_count_against_the_limit() -> None:
    async with visitor(limit=1) as maya:
        for _ in range(3):
            assert (await maya.ask("GET", "/me", headers={"Authorization": "Bearer wrong"})).status == 401

        assert (await maya.ask("GET", "/me")).status == 200
        assert maya.sandbox.peak() == 1


async def test_peak_is_counted_without_a_limit() -> None:
    async with visitor(limit=0) as maya:
        answers = [await maya.ask("GET", "/me") for _ in range(70)]

        assert {answer.status for answer in answers} == {200}
        assert "X-RateLimit-Limit" not in answers[0].headers
        assert maya.sandbox.peak() == 70


async def test_two_sandboxes_run_side_by_side() -> None:
    async with Sandbox(now=lambda: MONDAY) as one, Sandbox(now=lambda: MONDAY) as other:
        assert one.url != other.url
        assert one.key != other.key
        async with visiting(one) as maya:
            assert (await maya.get("/me"))["name"] == "Maya Brooks"


async def test_sandbox_listens_on_ipv6() -> None:
    try:
        async with visitor(address=("::1", 0)) as maya:
            assert maya.sandbox.url.startswith("http://[::1]:")
            assert (await maya.ask("GET", "/me")).status == 200
    except OSError:
        pytest.skip("no IPv6 here")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8787", "127.0.0.1.evil.example", "[x", ""])
@pytest.mark.parametrize("path", ["/api/v1/me", "/sandbox/requests"])
async def test_foreign_host_names_are_forbidden(maya: Visitor, host: str, path: str) -> None:
    answer = await maya.raw("GET", path, headers={"Host": host})

    assert answer.error == (403, "forbidden")
    assert not maya.sandbox.requests


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:9", "[::1]:8787", "192.0.2.7"])
async def test_local_host_names_are_served(maya: Visitor, host: str) -> None:
    assert (await maya.raw("GET", "/api/v1/me", headers={"Host": host})).status == 200


async def test_the_host_name_to_listen_on_is_served() -> None:
    async with visitor(address=("LocalHost", 0)) as maya:
        assert (await maya.raw("GET", "/api/v1/me", headers={"Host": "localhost:80"})).status == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_control_routes_accept_json_bodies_only(maya: Visitor, content_type: str) -> None:
    rule = b'{"status": 500}'

    refused = await maya.raw("POST", "/sandbox/faults", headers={"Content-Type": content_type}, data=rule)

    assert refused.error == (415, "validation_error")
    assert (await maya.own("GET", "/faults")).data == {"data": []}
    with_charset = {"Content-Type": "application/json; charset=utf-8"}
    assert (await maya.raw("POST", "/sandbox/faults", headers=with_charset, data=rule)).status == 201
