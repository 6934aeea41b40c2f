from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Final

import pytest

from tests.support.sandbox_client import Visitor, visitor

NEW_TYPE: Final = {"name": "Quick Chat", "slug": "quick-chat", "durationMinutes": 15, "locationType": "ZOOM"}
EVENTS: Final = ["booking.created", "booking.cancelled"]
ACTION: Final = {"type": "SEND_SMS", "config": {"text": "Hello"}}


@pytest.fixture
async def maya() -> AsyncIterator[Visitor]:
    async with visitor() as maya:
        yield maya


async def test_event_type_create_update_delete(maya: Visitor) -> None:
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


async def test_list_has_only_active_event_types(maya: Visitor) -> None:
    listed = (await maya.get("/event-types"))["data"]
    assert [event_type["slug"] for event_type in listed][:2] == ["30min", "quick-call"]
    assert "office-hours" not in {event_type["slug"] for event_type in listed}

    await maya.ask("PATCH", f"/event-types/{listed[0]['id']}", {"isActive": False})

    assert (await maya.get("/event-types"))["data"] == listed[1:]
    assert (await maya.ask("GET", "/availability?eventTypeSlug=30min&from=2026-03-03&to=2026-03-03")).status == 404


async def test_slug_is_unique_until_its_event_type_is_deleted(maya: Visitor) -> None:
    made = await maya.make("/event-types", **NEW_TYPE)
    assert (await maya.ask("POST", "/event-types", NEW_TYPE)).error == (409, "conflict")
    assert (await maya.ask("PATCH", f"/event-types/{made['id']}", {"slug": "30min"})).error == (409, "conflict")
    assert (await maya.ask("PATCH", f"/event-types/{made['id']}", {"slug": "quick-chat"})).status == 200

    await maya.ask("DELETE", f"/event-types/{made['id']}")

    assert (await maya.ask("POST", "/event-types", NEW_TYPE)).status == 201


async def test_contact_create_update_delete(maya: Visitor) -> None:
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


async def test_email_address_is_unique(maya: Visitor) -> None:
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
async def test_contact_search_covers_name_email_and_company(maya: Visitor, search: str, names: list[str]) -> None:
    page = await maya.ask("GET", "/contacts", params={"search": search})

    assert [contact["name"] for contact in page.data["data"]] == names


async def test_contact_search_folds_case_beyond_ascii(maya: Visitor) -> None:
    await maya.make("/contacts", name="Éva Größe", email="eva@g.example")

    page = await maya.ask("GET", "/contacts", params={"search": "éVA GRÖSSE"})

    assert [contact["name"] for contact in page.data["data"]] == ["Éva Größe"]


async def test_lists_are_paged(maya: Visitor) -> None:
    whole = await maya.get("/contacts")
    second = await maya.get("/contacts?page=2&limit=2")
    beyond = await maya.get("/contacts?page=9&limit=100")

    assert whole["pagination"] == {"page": 1, "limit": 20, "total": 5, "totalPages": 1}
    assert second == {"data": whole["data"][2:4], "pagination": {"page": 2, "limit": 2, "total": 5, "totalPages": 3}}
    assert beyond == {"data": [], "pagination": {"page": 9, "limit": 100, "total": 5, "totalPages": 1}}


async def test_conversations_filter_by_channel_and_time(maya: Visitor) -> None:
    threads = (await maya.get("/conversations"))["data"]
    assert [thread["channel"] for thread in threads] == ["SMS", "WHATSAPP", "SMS", "WHATSAPP"]
    assert threads[0]["lastMessageAt"] == threads[0]["messages"][-1]["sentAt"]
    assert threads[0]["messages"][0]["body"] == "Hi Sarah, see you Tuesday at 2."

    assert (await maya.get("/conversations?channel=WHATSAPP&limit=1"))["pagination"]["total"] == 2
    assert (await maya.get("/conversations?from=2026-02-28"))["data"] == threads[:1]
    assert (await maya.get("/conversations?to=2026-02-24"))["data"] == threads[2:]


async def test_calls_filter_by_status_and_time(maya: Visitor) -> None:
    calls = (await maya.get("/calls?from=2026-03-02&status=all"))["data"]

    assert len(calls) == 8
    assert (await maya.get("/calls?status=FAILED"))["data"] == [call for call in calls if call["status"] == "FAILED"]
    assert (await maya.get("/calls?to=2026-03-01"))["data"] == []
    assert (await maya.get(f"/calls?from={calls[0]['startedAt']}&to={calls[0]['startedAt']}"))["data"] == calls[:1]


async def test_put_replaces_all_rules(maya: Visitor) -> None:
    assert len((await maya.get("/availability/rules"))["data"]) == 5
    rules = [
        {"dayOfWeek": 2, "startTime": "13:00", "endTime": "24:00"},
        {"dayOfWeek": 2, "startTime": "09:00", "endTime": "10:00"},
    ]

    answer = await maya.ask("PUT", "/availability/rules", {"rules": rules})

    assert answer.data == {"timezone": "America/New_York", "data": rules[::-1]}
    assert await maya.get("/availability/rules") == answer.data
    assert (await maya.ask("PUT", "/availability/rules", {"rules": []})).data["data"] == []


async def test_override_replaces_the_override_of_its_date(maya: Visitor) -> None:
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
    assert len(await maya.slots("2026-03-10")) == 12  # a seeded hour is taken, with its buffers


async def test_overrides_are_ordered_by_date(maya: Visitor) -> None:
    for day in ("2026-03-12", "2026-03-10", "2026-03-11"):
        await maya.make("/availability/overrides", date=day)

    async def dates(query: str) -> list[str]:
        return [override["date"] for override in (await maya.get(f"/availability/overrides{query}"))["data"]]

    assert await dates("") == ["2026-03-10", "2026-03-11", "2026-03-12"]
    assert await dates("?from=2026-03-11") == ["2026-03-11", "2026-03-12"]
    assert await dates("?from=2026-03-10&to=2026-03-11") == ["2026-03-10", "2026-03-11"]


async def test_settings_update_single_fields(maya: Visitor) -> None:
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


async def test_only_creation_returns_the_webhook_secret(maya: Visitor) -> None:
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


async def test_workflow_create_and_list(maya: Visitor) -> None:
    event_type = (await maya.get("/event-types"))["data"][0]["id"]
    fields = {
        "name": "Remind",
        "trigger": "BEFORE_MEETING",
        "triggerOffsetMinutes": 60,
        "actions": [ACTION, {"type": "AI_CALL", "config": {}}],
        "eventTypeIds": [event_type],
        "isEnabled": False,
    }

    made = await maya.make("/workflows", **fields)

    assert made == {"id": made["id"], **fields, "executionCount": 0, "createdAt": "2026-03-02T13:00:00.000Z"}
    assert (await maya.get("/workflows"))["data"][-1] == made
