from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any, Final

import aiohttp
import pytest

from linktime.sandbox import Sandbox
from tests.support.sandbox_client import Visitor, visitor

NINE: Final = "2026-03-03T14:00:00.000Z"


@pytest.fixture
async def maya() -> AsyncIterator[Visitor]:
    async with visitor() as maya:
        yield maya


async def bookings_at_nine(maya: Visitor) -> int:
    listed = (await maya.get("/bookings?from=2026-03-03&to=2026-03-03"))["data"]
    return [booking["startTime"] for booking in listed].count(NINE)


async def taken(maya: Visitor) -> None:
    """Wait until the fault has met its request."""
    async with asyncio.timeout(5):
        while (await maya.own("GET", "/faults")).data["data"][0]["times"]:
            pass


async def test_a_request_can_fail_before_it_is_carried_out(maya: Visitor) -> None:
    await maya.fault(method="POST", path="/bookings", status=500)

    assert (await maya.book(NINE)).error == (500, "internal_error")
    assert await bookings_at_nine(maya) == 0
    assert (await maya.book(NINE)).status == 201


async def test_a_request_can_fail_after_it_was_carried_out(maya: Visitor) -> None:
    rule = {"method": "POST", "path": "/bookings", "when": "after", "status": 502}
    await maya.fault(**rule, headers={"Content-Type": "text/html"}, body="<html>bad</html>")

    assert (await maya.book(NINE)).status == 502
    assert await bookings_at_nine(maya) == 1


async def test_a_refused_request_can_be_spoiled_as_well(maya: Visitor) -> None:
    await maya.fault(when="after", status=503)

    assert (await maya.ask("GET", "/bookings/clx1")).error == (503, "internal_error")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429])
async def test_a_status_has_the_code_that_goes_with_it(maya: Visitor, status: int) -> None:
    await maya.fault(status=status, headers={"Retry-After": "7"})

    answer = await maya.ask("GET", "/me")

    codes = ["validation_error", "unauthorized", "forbidden", "not_found", "conflict", "rate_limited"]
    assert answer.error[0] == status
    assert answer.error[1] in codes
    assert answer.headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("rule", "body"),
    [
        ({"body": "<html>"}, b"<html>"),
        ({"body": ""}, b""),
        ({"body": {"half": [1]}}, b'{"half":[1]}'),
        ({"bodyBase64": base64.b64encode(b"\xff\xfe").decode()}, b"\xff\xfe"),
    ],
)
async def test_an_answer_can_be_garbage(maya: Visitor, rule: dict[str, Any], body: bytes) -> None:
    await maya.fault(status=200, headers={"Content-Type": "text/html; charset=utf-8"}, **rule)

    answer = await maya.ask("GET", "/me")

    assert (answer.status, answer.data, answer.headers["Content-Type"]) == (200, body, "text/html; charset=utf-8")


async def test_an_answer_can_be_a_redirect(maya: Visitor) -> None:
    await maya.fault(status=302, headers={"Location": "http://127.0.0.1:9/"})

    answer = await maya.ask("GET", "/me")

    assert (answer.status, answer.headers["Location"]) == (302, "http://127.0.0.1:9/")


@pytest.mark.parametrize("end", [pytest.param("reset", marks=pytest.mark.posix), "close"])  # Windows shuts down first
@pytest.mark.parametrize(("when", "booked"), [("before", 0), ("after", 1)])
async def test_a_connection_can_break(maya: Visitor, end: str, when: str, booked: int) -> None:
    await maya.fault(method="POST", path="/bookings", when=when, **{end: True})

    expected = aiohttp.ClientOSError if end == "reset" else aiohttp.ServerDisconnectedError
    with pytest.raises(expected):
        await maya.book(NINE)

    assert maya.sandbox.requests[-1].status is None
    assert await bookings_at_nine(maya) == booked


async def test_an_answer_can_be_cut_off(maya: Visitor) -> None:
    await maya.fault(method="POST", path="/bookings", truncate=True)

    with pytest.raises(aiohttp.ClientPayloadError):
        await maya.book(NINE)

    assert maya.sandbox.requests[-1].status == 201
    assert await bookings_at_nine(maya) == 1


async def test_truncated_custom_answer_changes_nothing(maya: Visitor) -> None:
    await maya.fault(method="POST", path="/bookings", truncate=True, status=201, body='{"bookingId":"clx"}')

    with pytest.raises(aiohttp.ClientPayloadError):
        await maya.book(NINE)

    assert await bookings_at_nine(maya) == 0


async def test_a_drip_comes_byte_by_byte_and_whole(maya: Visitor) -> None:
    right = await maya.get("/me")
    await maya.fault(path="/me", drip=0.0001)

    assert await maya.get("/me") == right


async def test_a_drip_ends_when_the_client_leaves(maya: Visitor) -> None:
    await maya.fault(path="/me", drip=0.0001, when="before")
    await maya.fault(path="/contacts", drip=3600)

    assert (await maya.ask("GET", "/me")).error == (500, "internal_error")
    with pytest.raises(TimeoutError):
        await maya.ask("GET", "/contacts", timeout=aiohttp.ClientTimeout(total=0.05))


async def test_slow_is_not_wrong(maya: Visitor) -> None:
    await maya.fault(path="/me", delaySeconds=0.01, times=None)
    await maya.fault(method="POST", delaySeconds=0.01, when="after")

    assert (await maya.get("/me"))["name"] == "Maya Brooks"
    assert (await maya.book(NINE)).status == 201


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_hung_request_is_left_by_its_client(maya: Visitor, when: str) -> None:
    await maya.fault(method="POST", path="/bookings", hang=True, when=when)

    hung = asyncio.create_task(maya.book(NINE))
    await taken(maya)
    hung.cancel()
    await asyncio.gather(hung, return_exceptions=True)

    assert maya.sandbox.requests[0].status is None
    assert await bookings_at_nine(maya) == (when == "after")


async def test_a_write_can_be_answered_now_and_carried_out_later(maya: Visitor) -> None:
    rule = {"method": "POST", "path": "/bookings", "when": "later", "delaySeconds": 0.05}
    await maya.fault(**rule, status=202, body={"status": "accepted"})

    answer = await maya.book(NINE)

    assert (answer.status, answer.data) == (202, {"status": "accepted"})
    assert await bookings_at_nine(maya) == 0
    async with asyncio.timeout(5):
        while not await bookings_at_nine(maya):
            await asyncio.sleep(0.01)


async def test_a_sandbox_that_stops_carries_nothing_out_later() -> None:
    async with visitor() as maya:
        await maya.fault(method="POST", path="/bookings", when="later", delaySeconds=3600, status=500)
        assert (await maya.book(NINE)).status == 500

    assert maya.sandbox.variant.handled == []


@pytest.mark.parametrize("member", ['"deep":' + "[" * 600 + "]" * 600, '"cut":"\\ud83d"'])
async def test_a_correct_answer_can_get_a_member(maya: Visitor, member: str) -> None:
    await maya.fault(method="GET", path="/me", member=member)
    url, headers = f"{maya.sandbox.url}/api/v1/me", {"Authorization": f"Bearer {maya.sandbox.key}"}

    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as got:
        text = await got.text()

    assert text.endswith(f",{member}}}")
    assert '"name":"Maya Brooks"' in text


@pytest.mark.parametrize("seconds", [0, 0.01])
async def test_a_second_response_can_follow_the_first(maya: Visitor, seconds: float) -> None:
    await maya.fault(path="/me", unsolicited=True, unsolicitedSeconds=seconds)
    host, port = maya.sandbox.url.removeprefix("http://").split(":")
    head = f"GET /api/v1/me HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {maya.sandbox.key}\r\n\r\n"
    reader, writer = await asyncio.open_connection(host, int(port))
    received = b""
    try:
        writer.write(head.encode())
        async with asyncio.timeout(5):
            while received.count(b"Maya Brooks") < 2 and (part := await reader.read(1 << 16)):
                received += part
    finally:
        writer.close()

    assert received.count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.parametrize("rule", [{"hang": True}, {"delaySeconds": 3600}, {"drip": 3600}])
async def test_sandbox_stops_without_its_delayed_requests(rule: dict[str, Any]) -> None:
    async with asyncio.timeout(5), aiohttp.ClientSession() as session:
        async with Sandbox() as sandbox:
            maya = Visitor(sandbox, session)
            await maya.fault(**rule)
            held = asyncio.create_task(maya.ask("POST", "/contacts", {"name": "Jo"}))
            await taken(maya)
        await asyncio.gather(held, return_exceptions=True)


async def test_a_rule_skips_counts_and_ends(maya: Visitor) -> None:
    await maya.fault(path="/me", skip=1, times=2, status=500)

    assert [(await maya.ask("GET", "/me")).status for _ in range(5)] == [200, 500, 500, 200, 200]


async def test_a_rule_looks_at_method_and_path(maya: Visitor) -> None:
    await maya.fault(method="GET", path="/contacts*", times=None, status=500)
    requests = [("GET", "/contacts"), ("GET", "/contacts/clx1"), ("POST", "/contacts"), ("GET", "/me")]

    assert [(await maya.ask(method, path)).status for method, path in requests] == [500, 500, 400, 200]


async def test_the_oldest_rule_comes_first(maya: Visitor) -> None:
    await maya.fault(path="/me", status=503)
    await maya.fault(status=504)

    assert [(await maya.ask("GET", "/me")).status for _ in range(3)] == [503, 504, 200]


async def test_faulted_requests_count_and_strangers_meet_no_fault() -> None:
    async with visitor(limit=1) as maya:
        await maya.fault(status=500, times=None)

        assert (await maya.ask("GET", "/me", headers={"Authorization": ""})).status == 401
        assert (await maya.ask("GET", "/me")).status == 500
        assert (await maya.ask("GET", "/me")).status == 429


async def test_rules_are_listed_and_cleared(maya: Visitor) -> None:
    await maya.fault(
        method="POST", path="/bookings", times=3, skip=2, when="after", delaySeconds=0.5, status=500, body="x"
    )

    assert (await maya.own("GET", "/faults")).data["data"] == [
        {
            "method": "POST",
            "path": "/bookings",
            "times": 3,
            "skip": 2,
            "when": "after",
            "delaySeconds": 0.5,
            "status": 500,
            "headers": {},
            "body": "x",
            "member": "",
            "end": None,
            "pace": 0,
        }
    ]
    assert (await maya.own("DELETE", "/faults")).data == {"data": []}
    assert (await maya.own("GET", "/faults")).data == {"data": []}
    assert (await maya.book(NINE)).status == 201


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"path": "/me"},
        {"hang": False},
        {"hang": True, "reset": True},
        {"hang": True, "status": 500},
        {"close": True, "body": "x"},
        {"truncate": True, "headers": {}},
        {"body": "x"},
        {"status": 99},
        {"status": "500"},
        {"status": 500, "times": 0},
        {"status": 500, "skip": -1},
        {"status": 500, "when": "during"},
        {"delaySeconds": 1, "when": "later"},
        {"member": ""},
        {"unsolicited": True, "hang": True},
        {"status": 500, "method": "FETCH"},
        {"status": 500, "headers": {"X": 1}},
        {"status": 500, "headers": {"X": "a\r\nb"}},
        {"status": 500, "headers": []},
        {"status": 500, "bodyBase64": "&"},
        {"delaySeconds": -1},
        {"delaySeconds": True},
        {"drip": "slow"},
        [],
    ],
)
async def test_a_bad_rule_is_refused(maya: Visitor, rule: Any) -> None:
    assert (await maya.own("POST", "/faults", rule)).error == (400, "validation_error")
    assert (await maya.own("GET", "/faults")).data == {"data": []}
