"""A `not_found` names the ids and slugs that there are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from linktime.errors import BudgetSpent, Rejected
from linktime.message import Notes, Reply, Request
from linktime.protocol.session import Session
from linktime.protocol.session.hints import NONE_ACTIVE
from linktime.tools import TOOLS
from tests.support.sdk_client import connected
from tests.support.sessions import upstream_of

BOUND = 10.0  # s
GENERAL = "Take ids and slugs from the matching list tool."
TYPES = {"data": [{"id": "e1", "slug": "intro", "name": "Intro Call"}, {"id": "e2", "slug": "demo", "name": "Demo"}]}
ADA = {"id": "c1", "name": "Ada Lovelace", "email": "ada@example.com"}
HOOK = {"id": "w1", "name": "CRM", "url": "https://crm.example/in"}
OVERRIDE = {"id": "o1", "date": "2026-12-24T00:00:00.000Z"}
MEETING = {"id": "b1", "inviteeName": "Ada"}
KNOWN: Mapping[str, Any] = {
    "/event-types": TYPES,
    "/contacts": {"data": [ADA]},
    "/webhooks": [HOOK],
    "/availability/overrides": {"data": [OVERRIDE]},
    "/bookings": {"data": [MEETING]},
}
SLOT: dict[str, Any] = {"eventTypeSlug": "intro", "from": "2026-12-21", "to": "2026-12-21"}
WISH = {
    "startTime": "2026-12-21T15:00:00Z",
    "inviteeName": "A",
    "inviteeEmail": "a@b.example",
    "inviteeTimezone": "UTC",
}


class Service:
    """A `Send` that refuses every call, and answers its lookups from *known*."""

    def __init__(self, known: Mapping[str, Any] = KNOWN, refusal: Rejected | None = None) -> None:
        self.known = known
        self.refusal = refusal or Rejected("not_found", 'LinkTime says "none".', GENERAL, status=404)
        self.lookups: list[Request] = []

    async def __call__(self, request: Request) -> Reply:
        """Refuse the call, and answer each read of a list after it."""
        if not request.is_read or request.ident or request.path == "/availability":
            raise self.refusal
        self.lookups.append(request)
        answer = self.known.get(request.path, BudgetSpent(9.0))
        if isinstance(answer, Exception):
            raise answer
        return Reply(200, answer)


async def failed(service: Service, called: str, /, *, free: int = 42, tools: Any = TOOLS, **arguments: Any) -> str:
    session = Session(upstream_of(service, budget=lambda: Notes(budget_remaining=free)), tools)
    async with asyncio.timeout(BOUND), connected(session.server, mode="legacy") as client:
        result: Any = await client.call_tool(called, arguments)
    assert result.is_error
    text: str = result.content[0].text
    return text


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("check_availability", SLOT | {"eventTypeSlug": "intr"}, ["intro, demo", "Did you mean intro?"]),
        ("check_availability", SLOT | {"eventTypeSlug": "intro call"}, ["Did you mean intro?"]),
        ("check_availability", SLOT | {"eventTypeSlug": "E2"}, ["Did you mean demo?"]),
        ("create_booking", WISH | {"eventTypeSlug": "yoga"}, ["intro, demo"]),
        ("update_event_type", {"eventTypeId": "Demo", "name": "X"}, ["the id e2"]),
        ("delete_event_type", {"eventTypeId": "e9"}, ["e1 (intro), e2 (demo)", "inactive"]),
        ("get_contact", {"contactId": "Ada Lovelace"}, ["a name", "the id c1"]),
        ("update_contact", {"contactId": "ada@example.com", "name": "A"}, ["the id c1"]),
        ("delete_contact", {"contactId": "c77"}, ["list_contacts"]),
        ("get_booking", {"bookingId": "2026-12-24"}, ["a date", "the id b1"]),
        ("cancel_booking", {"bookingId": "2026-12-24T15:00:00Z"}, ["a date", "the id b1"]),
        ("cancel_booking", {"bookingId": "Ada"}, ["list_contacts", "get_contact"]),
        ("reschedule_booking", {"bookingId": "b77", "newStartTime": WISH["startTime"]}, ["list_bookings"]),
        ("update_webhook", {"webhookId": "https://crm.example/in", "name": "X"}, ["the id w1"]),
        ("delete_webhook", {"webhookId": "w7"}, ["w1", "list_webhooks"]),
        ("delete_availability_override", {"overrideId": "o7"}, ["2026-12-24"]),
    ],
)
async def test_unknown_id_leads_to_the_right_one(tool: str, arguments: dict[str, Any], words: list[str]) -> None:
    message = await failed(Service(), tool, **arguments)

    assert message.startswith('not_found: LinkTime says "none". ')
    assert [word for word in words if word not in message] == []
    assert GENERAL not in message
    assert "lovelace" not in message.lower()  # no name of a guest


@pytest.mark.parametrize(
    ("tool", "arguments", "word"),
    [
        ("check_availability", SLOT, "list_event_types"),
        ("delete_event_type", {"eventTypeId": "intro"}, "list_event_types"),
        ("get_contact", {"contactId": "Ada"}, "list_contacts"),
        ("get_booking", {"bookingId": "2026-12-24"}, "from and to 2026-12-24"),
        ("delete_webhook", {"webhookId": "w7"}, "list_webhooks"),
        ("delete_availability_override", {"overrideId": "o7"}, "list_availability_overrides"),
    ],
)
async def test_failed_lookup_names_the_list(tool: str, arguments: dict[str, Any], word: str) -> None:
    assert word in await failed(Service({}), tool, **arguments)


async def test_scarce_budget_is_not_spent_on_hints() -> None:
    service = Service()

    await failed(service, "check_availability", free=10, **SLOT)

    assert [lookup.deadline for lookup in service.lookups] == [1000.0]  # over at once: only a cached answer counts


async def test_lookup_asks_only_once() -> None:
    service = Service()

    await failed(service, "get_contact", contactId="Ada Lovelace")

    assert [(lookup.path, dict(lookup.query)) for lookup in service.lookups] == [
        ("/contacts", {"search": "Ada Lovelace"})
    ]


async def test_hidden_list_tool_costs_no_lookup() -> None:
    service = Service()
    offered = {name: tool for name, tool in TOOLS.items() if name != "list_webhooks"}

    await failed(service, "delete_webhook", tools=offered, webhookId="w7")

    assert service.lookups == []


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"/event-types": {"data": []}}, [NONE_ACTIVE]),
        ({"/event-types": {"data": [{"slug": f"s{number}"} for number in range(30)]}}, ["s11 and 18 more"]),
        ({"/event-types": {"data": [{}, {"slug": 7}]}}, [NONE_ACTIVE]),
    ],
)
async def test_slugs_of_odd_lists(known: Any, words: list[str]) -> None:
    message = await failed(Service(known), "check_availability", **SLOT | {"eventTypeSlug": "nope"})

    assert [word for word in words if word not in message] == []


@pytest.mark.parametrize(("found", "words"), [([], "of 0 contacts"), ([ADA, ADA | {"id": "c2"}], "of 2 contacts")])
async def test_several_matches_are_counted(found: list[Any], words: str) -> None:
    assert words in await failed(Service({"/contacts": {"data": found}}), "get_contact", contactId="Ada")


@pytest.mark.parametrize("status", [400, 422])
async def test_unknown_event_type_of_a_workflow_is_named(status: int) -> None:
    refusal = Rejected("validation_error", 'LinkTime says "eventTypeIds has no event type demo".', status=status)
    action = {"type": "SEND_EMAIL", "config": {"body": "x"}}
    flow: dict[str, Any] = {
        "name": "F",
        "trigger": "BOOKING_CREATED",
        "actions": [action],
        "eventTypeIds": ["e1", "demo"],
    }

    message = await failed(Service(refusal=refusal), "create_workflow", **flow)

    assert message.startswith("validation_error: ")
    assert "the id e2" in message


@pytest.mark.parametrize("refusal", [Rejected("forbidden", "no.", status=403), Rejected("gone", "no.", status=410)])
async def test_other_refusals_have_no_hint(refusal: Rejected) -> None:
    service = Service(refusal=refusal)

    assert await failed(service, "get_contact", contactId="Ada") == str(refusal)
    assert service.lookups == []


async def test_refusal_of_other_arguments_keeps_its_advice() -> None:
    refusal = Rejected("validation_error", "odd.", "Correct the arguments.", status=400)

    assert await failed(Service(refusal=refusal), "check_availability", **SLOT) == str(refusal)
