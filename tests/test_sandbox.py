from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any, Final

import pytest

from linktime.sandbox import Sandbox
from tests.visitor import MONDAY, Visitor, visiting, visitor

NEW_TYPE: Final = {"name": "Quick Chat", "slug": "quick-chat", "durationMinutes": 15, "locationType": "ZOOM"}
EVENTS: Final = ["booking.created", "booking.cancelled"]
ACTION: Final = {"type": "SEND_SMS", "config": {"text": "Hello"}}


@pytest.fixture
async def maya() -> AsyncIterator[Visitor]:
    async with visitor() as maya:
        yield maya


async def test_me_is_the_keys_owner(maya: Visitor) -> None:
    me = await maya.get("/me")

    assert set(me) == {"id", "email", "name", "username", "plan", "effectivePlan"}
    assert (me["plan"], me["effectivePlan"]) == ("PRO", "PRO")
    assert re.fullmatch(r"clx[0-9a-z]{22}", me["id"])
    assert re.fullmatch(r"lt_live_\w{40}", maya.sandbox.key)


async def test_only_the_right_key_opens(maya: Visitor) -> None:
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


async def test_a_free_plan_has_no_api() -> None:
    async with visitor(owner={"plan": "FREE"}) as nobody:
        assert (await nobody.ask("GET", "/me")).error == (403, "forbidden")


async def test_what_is_not_there_and_what_is_not_allowed_come_in_the_envelope(maya: Visitor) -> None:
    assert (await maya.ask("GET", "/nothing")).error == (404, "not_found")
    assert (await maya.ask("PUT", "/me")).error == (405, "method_not_allowed")
    assert (await maya.ask("GET", "/bookings/..%2Fme")).error == (404, "not_found")


async def test_event_types_are_made_changed_and_deleted(maya: Visitor) -> None:
    made = await maya.make("/event-types", **NEW_TYPE)
    assert made == await maya.get(f"/event-types/{made['id']}")
    assert made == {
        "id": made["id"],
        **NEW_TYPE,
        "description": None,
        "price": 0,
        "currency": "USD",
        "bufferBefore": None,
        "bufferAfter": None,
        "minimumNotice": 0,
        "maxBookingsPerDay": None,
        "isActive": True,
        "bookingUrl": "https://linktime.io/maya/quick-chat",
        "createdAt": "2026-03-02T13:00:00.000Z",
        "updatedAt": "2026-03-02T13:00:00.000Z",
    }

    changed = await maya.ask("PATCH", f"/event-types/{made['id']}", {"slug": "chat", "price": 9.5, "bufferAfter": 0})
    assert changed.status == 200
    assert (changed.data["slug"], changed.data["price"], changed.data["bufferAfter"]) == ("chat", 9.5, 0)

    assert (await maya.ask("DELETE", f"/event-types/{made['id']}")).data == {"success": True}
    for method, body in (("GET", None), ("PATCH", {"name": "X"}), ("DELETE", None)):
        assert (await maya.ask(method, f"/event-types/{made['id']}", body)).error == (404, "not_found")


async def test_only_active_event_types_are_listed(maya: Visitor) -> None:
    listed = (await maya.get("/event-types"))["data"]
    assert [event_type["slug"] for event_type in listed][:2] == ["30min", "quick-call"]
    assert "office-hours" not in {event_type["slug"] for event_type in listed}

    await maya.ask("PATCH", f"/event-types/{listed[0]['id']}", {"isActive": False})

    assert (await maya.get("/event-types"))["data"] == listed[1:]
    assert (await maya.ask("GET", "/availability?eventTypeSlug=30min&from=2026-03-03&to=2026-03-03")).status == 404


async def test_a_slug_is_used_once_and_given_back_by_deletion(maya: Visitor) -> None:
    made = await maya.make("/event-types", **NEW_TYPE)
    assert (await maya.ask("POST", "/event-types", NEW_TYPE)).error == (409, "conflict")
    assert (await maya.ask("PATCH", f"/event-types/{made['id']}", {"slug": "30min"})).error == (409, "conflict")
    assert (await maya.ask("PATCH", f"/event-types/{made['id']}", {"slug": "quick-chat"})).status == 200

    await maya.ask("DELETE", f"/event-types/{made['id']}")

    assert (await maya.ask("POST", "/event-types", NEW_TYPE)).status == 201


async def test_contacts_are_made_changed_and_deleted(maya: Visitor) -> None:
    made = await maya.make("/contacts", name="Jo Ng", email="Jo@Ng.example", phone="1", company="Ng", notes="")
    assert made == {
        "id": made["id"],
        "name": "Jo Ng",
        "email": "jo@ng.example",
        "phone": "1",
        "company": "Ng",
        "jobTitle": None,
        "notes": "",
        "createdAt": "2026-03-02T13:00:00.000Z",
        "updatedAt": "2026-03-02T13:00:00.000Z",
        "meetingCount": 0,
    }
    assert await maya.get(f"/contacts/{made['id']}") == {**made, "upcomingMeetings": [], "pastMeetings": []}

    changed = await maya.ask("PATCH", f"/contacts/{made['id']}", {"phone": None, "email": "jo@new.example"})
    assert changed.data == {**made, "phone": None, "email": "jo@new.example"}

    assert (await maya.ask("DELETE", f"/contacts/{made['id']}")).data == {"success": True}
    for method, body in (("GET", None), ("PATCH", {"name": "X"}), ("DELETE", None)):
        assert (await maya.ask(method, f"/contacts/{made['id']}", body)).error == (404, "not_found")


async def test_an_e_mail_address_has_one_contact(maya: Visitor) -> None:
    made = await maya.make("/contacts", name="Jo Ng", email="jo@ng.example")

    again = await maya.ask("POST", "/contacts", {"name": "J", "email": "JO@NG.example"})
    taken = await maya.ask("PATCH", f"/contacts/{made['id']}", {"email": "sarah.chen@acme.example"})
    same = await maya.ask("PATCH", f"/contacts/{made['id']}", {"email": "jo@ng.example"})

    assert (again.error, taken.error, same.status) == ((409, "conflict"), (409, "conflict"), 200)


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("sarah", ["Sarah Chen"]),
        ("SARAH CHEN", ["Sarah Chen"]),
        ("acme corp", ["Sarah Chen"]),
        ("@globex.", ["Jordan Lee"]),
        ("%", []),
        ("", ["Alex Rivera", "Jordan Lee", "Priya Nair", "Sam Okafor", "Sarah Chen"]),
    ],
)
async def test_contacts_are_searched_by_name_address_and_company(maya: Visitor, search: str, names: list[str]) -> None:
    found = await maya.ask("GET", "/contacts", params={"search": search})

    assert [contact["name"] for contact in found.data["data"]] == names


async def test_a_search_folds_letters_beyond_ascii(maya: Visitor) -> None:
    await maya.make("/contacts", name="Éva Größe", email="eva@g.example")

    found = await maya.ask("GET", "/contacts", params={"search": "éVA GRÖSSE"})

    assert [contact["name"] for contact in found.data["data"]] == ["Éva Größe"]


async def test_lists_come_in_pages(maya: Visitor) -> None:
    whole = await maya.get("/contacts")
    second = await maya.get("/contacts?page=2&limit=2")
    beyond = await maya.get("/contacts?page=9&limit=100")

    assert whole["pagination"] == {"page": 1, "limit": 20, "total": 5, "totalPages": 1}
    assert second == {"data": whole["data"][2:4], "pagination": {"page": 2, "limit": 2, "total": 5, "totalPages": 3}}
    assert beyond == {"data": [], "pagination": {"page": 9, "limit": 100, "total": 5, "totalPages": 1}}


async def test_conversations_are_chosen_by_channel_and_time(maya: Visitor) -> None:
    threads = (await maya.get("/conversations"))["data"]
    assert [thread["channel"] for thread in threads] == ["SMS", "WHATSAPP", "SMS", "WHATSAPP"]
    assert threads[0]["lastMessageAt"] == threads[0]["messages"][-1]["sentAt"]
    assert threads[0]["messages"][0]["body"] == "Hi Sarah, see you Tuesday at 2."

    assert (await maya.get("/conversations?channel=WHATSAPP&limit=1"))["pagination"]["total"] == 2
    assert (await maya.get("/conversations?from=2026-02-28"))["data"] == threads[:1]
    assert (await maya.get("/conversations?to=2026-02-24"))["data"] == threads[2:]


async def test_calls_are_chosen_by_outcome_and_time(maya: Visitor) -> None:
    calls = (await maya.get("/calls?from=2026-03-02&status=all"))["data"]

    assert len(calls) == 8
    assert (await maya.get("/calls?status=FAILED"))["data"] == [call for call in calls if call["status"] == "FAILED"]
    assert (await maya.get("/calls?to=2026-03-01"))["data"] == []
    assert (await maya.get(f"/calls?from={calls[0]['startedAt']}&to={calls[0]['startedAt']}"))["data"] == calls[:1]


async def test_rules_are_replaced_as_a_whole(maya: Visitor) -> None:
    assert len((await maya.get("/availability/rules"))["data"]) == 5
    rules = [
        {"dayOfWeek": 2, "startTime": "13:00", "endTime": "24:00"},
        {"dayOfWeek": 2, "startTime": "09:00", "endTime": "10:00"},
    ]

    answer = await maya.ask("PUT", "/availability/rules", {"rules": rules})

    assert answer.data == {"timezone": "America/New_York", "data": rules[::-1]}
    assert await maya.get("/availability/rules") == answer.data
    assert (await maya.ask("PUT", "/availability/rules", {"rules": []})).data["data"] == []


async def test_an_override_replaces_the_one_of_its_date(maya: Visitor) -> None:
    blocked = await maya.make("/availability/overrides", date="2026-03-10", reason="Vacation")
    assert blocked == {
        "id": blocked["id"],
        "date": "2026-03-10",
        "isBlocked": True,
        "startTime": None,
        "endTime": None,
        "reason": "Vacation",
    }
    assert await maya.slots("2026-03-10") == []

    hours = {"isBlocked": False, "startTime": "18:00", "endTime": "19:00"}
    custom = await maya.make("/availability/overrides", date="2026-03-10", **hours)
    assert (await maya.get("/availability/overrides"))["data"] == [custom]
    assert await maya.slots("2026-03-10") == ["2026-03-10T22:00:00.000Z", "2026-03-10T22:30:00.000Z"]

    assert (await maya.ask("DELETE", f"/availability/overrides/{custom['id']}")).data == {"success": True}
    assert (await maya.ask("DELETE", f"/availability/overrides/{custom['id']}")).error == (404, "not_found")
    assert len(await maya.slots("2026-03-10")) == 14  # a seeded hour is taken


async def test_overrides_are_listed_by_date(maya: Visitor) -> None:
    for day in ("2026-03-12", "2026-03-10", "2026-03-11"):
        await maya.make("/availability/overrides", date=day)

    async def dates(query: str) -> list[str]:
        return [override["date"] for override in (await maya.get(f"/availability/overrides{query}"))["data"]]

    assert await dates("") == ["2026-03-10", "2026-03-11", "2026-03-12"]
    assert await dates("?from=2026-03-11") == ["2026-03-11", "2026-03-12"]
    assert await dates("?from=2026-03-10&to=2026-03-11") == ["2026-03-10", "2026-03-11"]


async def test_settings_change_field_by_field(maya: Visitor) -> None:
    before = await maya.get("/settings")
    changes = {
        "timezone": "Europe/Vienna",
        "bufferBefore": 5,
        "bufferAfter": 10,
        "maxMeetingsPerDay": 3,
        "minGapMinutes": 15,
        "focusTimeEnabled": True,
        "focusTimeBlocks": [{"dayOfWeek": 6, "startTime": "08:00", "endTime": "10:00"}],
    }

    after = await maya.ask("PATCH", "/settings", {**changes, "timeFormat": "24h"})

    assert after.data == {**before, **changes}
    assert (await maya.ask("PATCH", "/settings", {"maxMeetingsPerDay": None})).data["maxMeetingsPerDay"] is None
    assert (await maya.get("/settings")) == {**after.data, "maxMeetingsPerDay": None}


async def test_integrations_cover_every_category(maya: Visitor) -> None:
    listed = (await maya.get("/integrations"))["data"]

    assert {row["category"] for row in listed} == {"calendar", "video", "crm", "payments"}
    assert {row["connected"] for row in listed} == {True, False}


async def test_a_webhooks_secret_is_shown_once(maya: Visitor) -> None:
    made = await maya.make("/webhooks", url="https://api.maya.example/hook", events=[*EVENTS, EVENTS[0]])
    assert re.fullmatch(r"whsec_[0-9a-f]{48}", made.pop("secret"))
    assert made == {
        "id": made["id"],
        "name": "api.maya.example",
        "url": "https://api.maya.example/hook",
        "events": EVENTS,
        "isActive": True,
        "deliveryCount": 0,
        "failureCount": 0,
        "lastDeliveryAt": None,
        "createdAt": "2026-03-02T13:00:00.000Z",
    }
    assert (await maya.get("/webhooks"))["data"][-1] == made

    changed = await maya.ask("PATCH", f"/webhooks/{made['id']}", {"name": "Hook", "isActive": False})
    assert changed.data == {**made, "name": "Hook", "isActive": False}

    assert (await maya.ask("DELETE", f"/webhooks/{made['id']}")).data == {"success": True}
    assert (await maya.ask("PATCH", f"/webhooks/{made['id']}", {"name": "X"})).error == (404, "not_found")
    assert (await maya.ask("DELETE", f"/webhooks/{made['id']}")).error == (404, "not_found")


async def test_workflows_are_made_and_listed(maya: Visitor) -> None:
    event_type = (await maya.get("/event-types"))["data"][0]["id"]
    asked = {
        "name": "Remind",
        "trigger": "BEFORE_MEETING",
        "triggerOffsetMinutes": 60,
        "actions": [ACTION, {"type": "AI_CALL", "config": {}}],
        "eventTypeIds": [event_type],
        "isEnabled": False,
    }

    made = await maya.make("/workflows", **asked)

    assert made == {"id": made["id"], **asked, "executionCount": 0, "createdAt": "2026-03-02T13:00:00.000Z"}
    assert (await maya.get("/workflows"))["data"][-1] == made


BOOKING: Final = {
    "eventTypeSlug": "30min",
    "startTime": "2026-03-03T14:00:00.000Z",
    "inviteeName": "Robin",
    "inviteeEmail": "robin@hale.example",
    "inviteeTimezone": "UTC",
}
HOURS: Final = {"dayOfWeek": 1, "startTime": "09:00", "endTime": "10:00"}


@pytest.mark.parametrize(
    ("method", "path", "body", "name"),
    [
        *[
            ("POST", "/bookings", {**BOOKING, name: value}, name)
            for name, value in [
                ("startTime", "2026-03-03T14:00:00"),
                ("startTime", "2026-02-30T14:00:00Z"),
                ("startTime", "1969-03-03T14:00:00Z"),
                ("startTime", 1),
                ("inviteeName", "  "),
                ("inviteeEmail", "robin"),
                ("inviteeEmail", "a@b"),
                ("inviteeTimezone", "Mars/Base"),
                ("inviteeTimezone", "../etc/passwd"),
                ("inviteeTimezone", "America"),
                ("notes", 7),
                ("notes", "x" * 5001),
            ]
        ],
        *[("POST", "/bookings", {k: v for k, v in BOOKING.items() if k != name}, name) for name in BOOKING],
        ("POST", "/bookings/x/reschedule", {}, "newStartTime"),
        ("POST", "/event-types", {**NEW_TYPE, "slug": "Quick Chat"}, "slug"),
        ("POST", "/event-types", {**NEW_TYPE, "durationMinutes": 0}, "durationMinutes"),
        ("POST", "/event-types", {**NEW_TYPE, "durationMinutes": True}, "durationMinutes"),
        ("POST", "/event-types", {**NEW_TYPE, "durationMinutes": "15"}, "durationMinutes"),
        ("POST", "/event-types", {**NEW_TYPE, "locationType": "MOON"}, "locationType"),
        ("POST", "/event-types", {**NEW_TYPE, "price": -1}, "price"),
        ("POST", "/event-types", {**NEW_TYPE, "currency": "euro"}, "currency"),
        ("PATCH", "/event-types/x", {}, "nothing to update"),
        ("PATCH", "/event-types/x", {"isActive": 1}, "isActive"),
        ("POST", "/contacts", {"name": "X"}, "email"),
        ("PATCH", "/contacts/x", {"unknown": 1}, "nothing to update"),
        ("PUT", "/availability/rules", {}, "rules"),
        ("PUT", "/availability/rules", {"rules": {}}, "rules"),
        ("PUT", "/availability/rules", {"rules": [1]}, "rules"),
        ("PUT", "/availability/rules", {"rules": [{**HOURS, "dayOfWeek": 7}]}, "dayOfWeek"),
        ("PUT", "/availability/rules", {"rules": [{**HOURS, "startTime": "9:00"}]}, "startTime"),
        ("PUT", "/availability/rules", {"rules": [{**HOURS, "endTime": "09:00"}]}, "endTime"),
        ("PUT", "/availability/rules", {"rules": [HOURS, {**HOURS, "startTime": "09:59"}]}, "overlap"),
        ("POST", "/availability/overrides", {}, "date"),
        ("POST", "/availability/overrides", {"date": "2026-02-29"}, "date"),
        ("POST", "/availability/overrides", {"date": "1900-01-01"}, "date"),
        ("POST", "/availability/overrides", {"date": "2026-03-10", "startTime": "09:00"}, "isBlocked"),
        ("POST", "/availability/overrides", {"date": "2026-03-10", "isBlocked": False}, "startTime"),
        ("PATCH", "/settings", {"timezone": 5}, "timezone"),
        ("PATCH", "/settings", {"maxMeetingsPerDay": 0}, "maxMeetingsPerDay"),
        ("POST", "/webhooks", {"url": "ftp://x.example", "events": EVENTS}, "url"),
        ("POST", "/webhooks", {"url": "https://[x", "events": EVENTS}, "url"),
        ("POST", "/webhooks", {"url": "https://x.example", "events": []}, "events"),
        ("POST", "/webhooks", {"url": "https://x.example", "events": ["all"]}, "events"),
        ("POST", "/workflows", {"name": "X", "trigger": "BOOKING_CREATED", "actions": []}, "actions"),
        ("POST", "/workflows", {"name": "X", "trigger": "BOOKING_CREATED", "actions": [ACTION] * 6}, "actions"),
        ("POST", "/workflows", {"name": "X", "trigger": "BOOKING_CREATED", "actions": [{"type": "FAX"}]}, "config"),
        ("POST", "/workflows", {"name": "X", "trigger": "NOON", "actions": [ACTION]}, "trigger"),
        (
            "POST",
            "/workflows",
            {"name": "X", "trigger": "BOOKING_CREATED", "actions": [ACTION], "eventTypeIds": ["clx1"]},
            "eventTypeIds",
        ),
        ("POST", "/contacts", ["name"], "object"),
        ("GET", "/bookings?status=confirmed", None, "status"),
        ("GET", "/bookings?page=0", None, "page"),
        ("GET", "/bookings?limit=101", None, "limit"),
        ("GET", "/bookings?limit=ten", None, "limit"),
        ("GET", "/bookings?from=2026-03-03&to=2026-03-02", None, "from"),
        ("GET", "/bookings?from=yesterday", None, "from"),
        ("GET", "/conversations?channel=FAX", None, "channel"),
        ("GET", "/calls?status=BUSY", None, "status"),
        ("GET", "/availability?from=2026-03-03&to=2026-03-03", None, "eventTypeSlug"),
        ("GET", "/availability?eventTypeSlug=30min&from=2026-03-03", None, "to"),
        ("GET", "/availability?eventTypeSlug=30min&from=2026-03-03&to=2026-03-02", None, "to"),
        ("GET", "/availability?eventTypeSlug=30min&from=2026-03-03&to=2028-03-02", None, "to"),
        ("GET", "/availability?eventTypeSlug=30min&from=2026-03-03&to=2026-03-03&timezone=X", None, "timezone"),
        ("GET", "/availability/overrides?from=2026-03-03&to=2026-03-02", None, "from"),
    ],
)
async def test_what_cannot_be_right_is_refused_by_name(
    maya: Visitor, method: str, path: str, body: Any, name: str
) -> None:
    answer = await maya.ask(method, path, body)

    assert answer.error == (400, "validation_error")
    assert name in answer.data["error"]["message"]


@pytest.mark.parametrize("raw", [b"{", b"\xff", b'{"name": NaN}', b"[" * 5000])
async def test_a_body_that_is_not_json_is_refused(maya: Visitor, raw: bytes) -> None:
    assert (await maya.ask("POST", "/contacts", data=raw)).error == (400, "validation_error")
    assert maya.sandbox.requests[-1].body == raw.decode(errors="replace")


async def test_a_body_that_is_too_large_is_refused(maya: Visitor) -> None:
    answer = await maya.ask("POST", "/contacts", data=BytesIO(b"x" * (1 << 21)))

    assert answer.error == (413, "validation_error")
    assert maya.sandbox.requests[-1].status == 413


async def test_the_journal_tells_what_came_in_and_no_key(maya: Visitor) -> None:
    headers = {"Idempotency-Key": "abc", "Traceparent": "00-1-2-01", "User-Agent": "me/1"}
    await maya.ask("POST", "/contacts?a=1&b=%20", {"name": 5}, headers=headers)
    await maya.ask("GET", "/me", headers={"Authorization": "Bearer wrong"})

    first, second = maya.sandbox.requests
    assert (first.method, first.path, first.query, first.status) == ("POST", "/contacts", "a=1&b=%20", 400)
    assert first.body == {"name": 5}
    assert first.headers == {name.lower(): value for name, value in headers.items()}
    assert (second.path, second.body, second.status) == ("/me", None, 401)
    assert first.at <= second.at

    shown = await maya.own("GET", "/requests")
    assert [entry["status"] for entry in shown.data["data"]] == [400, 401]
    assert maya.sandbox.key not in str(shown)


async def test_a_fault_of_the_sandbox_itself_is_an_internal_error(tmp_path: Any, caplog: Any) -> None:
    async with visitor(db=str(tmp_path / "db")) as maya:
        with sqlite3.connect(tmp_path / "db") as other:
            other.execute("DROP TABLE rules")
        other.close()

        assert (await maya.ask("GET", "/availability/rules")).error == (500, "internal_error")
    assert "no such table" in caplog.text


async def test_the_limit_is_a_sliding_window_that_counts_no_refusals() -> None:
    times = [1000.0]
    async with visitor(limit=3, period=60, clock=lambda: times[-1]) as maya:

        async def ask() -> tuple[int, str | None, tuple[str, str, str]]:
            answer = await maya.ask("GET", "/me")
            told = tuple(answer.headers[f"X-RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset"))
            return answer.status, answer.headers.get("Retry-After"), told

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


async def test_a_wrong_key_uses_none_of_the_limit() -> None:
    async with visitor(limit=1) as maya:
        for _ in range(3):
            assert (await maya.ask("GET", "/me", headers={"Authorization": "Bearer wrong"})).status == 401

        assert (await maya.ask("GET", "/me")).status == 200
        assert maya.sandbox.peak() == 1


async def test_without_a_limit_the_peak_is_still_known() -> None:
    async with visitor(limit=0) as maya:
        answers = [await maya.ask("GET", "/me") for _ in range(70)]

        assert {answer.status for answer in answers} == {200}
        assert "X-RateLimit-Limit" not in answers[0].headers
        assert maya.sandbox.peak() == 70


async def test_two_sandboxes_stand_side_by_side() -> None:
    async with Sandbox(now=lambda: MONDAY) as one, Sandbox(now=lambda: MONDAY) as other:
        assert one.url != other.url
        assert one.key != other.key
        async with visiting(one) as maya:
            assert (await maya.get("/me"))["name"] == "Maya Brooks"


async def test_a_sandbox_can_stand_on_ipv6() -> None:
    try:
        async with visitor(address=("::1", 0)) as maya:
            assert maya.sandbox.url.startswith("http://[::1]:")
            assert (await maya.ask("GET", "/me")).status == 200
    except OSError:
        pytest.skip("no IPv6 here")
