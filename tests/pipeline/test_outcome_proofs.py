"""Answers that look like proof and are none: unusual paging, gateways, future times, and refused twins."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from linktime.errors import NotCommitted, OutcomeUnknown, Rejected, Unavailable
from linktime.message import Reply, Request
from linktime.tools import TOOLS

from ..support.http_server import answer
from ..support.rest_client import READ, WRITES, failure_to, reply_to
from ..support.scripted_service import Fated, Service, met
from ..support.write_cases import ADA, BOOKING, MISSING, NEW_HOOK

FAILED = OutcomeUnknown("LinkTime answered 500.", answered=True)
PAGE = [{"id": f"w{number}", "url": f"https://{number}.example", "events": []} for number in range(20)]
MORE = [
    {"data": PAGE, "nextCursor": "abc"},
    {"data": PAGE, "pagination": {"hasMore": True, "page": 1}},
    {"data": PAGE, "meta": {"total": 43}},
    {"data": PAGE, "total": 43},
    {"data": PAGE, "links": {"next": "/api/v1/webhooks?page=2"}},
    {"data": PAGE, "pagination": {"total": "43"}},
    {"data": PAGE},
    PAGE,
]
DELETE_HOOK = TOOLS["delete_webhook"].request({"webhookId": "w99"})
DELETE_CONTACT = TOOLS["delete_contact"].request({"contactId": "c1"})


@pytest.mark.parametrize("page", MORE)
async def test_list_with_another_page_proves_no_absence(page: Any) -> None:
    for write in (DELETE_HOOK, TOOLS["create_webhook"].request(NEW_HOOK)):
        assert isinstance(await Service(FAILED, [page]).failure(write), OutcomeUnknown)


@pytest.mark.parametrize(
    "page",
    [{"data": PAGE, "pagination": {"total": "20", "totalPages": "1"}}, {"data": PAGE[:7]}, {"data": PAGE, "count": 20}],
)
async def test_whole_list_proves_absence(page: Any) -> None:
    create = TOOLS["create_webhook"].request(NEW_HOOK)

    assert isinstance(await Service(FAILED, [page]).failure(create), NotCommitted)


@pytest.mark.parametrize(
    ("body", "proves"),
    [
        (b'{"error":{"code":"not_found","message":"No such contact."}}', True),
        (b'{"error":"not_found","message":"no Route matched with those values"}', False),
        (b'{"error":"no_healthy_upstream"}', False),
        (b'{"error":{"code":"unauthorized"}}', False),
    ],
)
async def test_only_linktimes_envelope_proves_absence(body: bytes, proves: object) -> None:
    failure = await failure_to(READ, answer(404, body))

    assert isinstance(failure, Rejected)
    assert failure.proves_absence is proves


async def test_foreign_absence_proves_no_deletion() -> None:
    foreign = Rejected("route_not_found", "no route", status=404)

    assert isinstance(await Service(FAILED, [foreign]).failure(DELETE_CONTACT), OutcomeUnknown)


@pytest.mark.parametrize(("fates", "done"), [([MISSING, MISSING], False), ([Reply(200), MISSING], True)])
async def test_twin_deletions_succeed_only_if_one_does(fates: list[Any], done: object) -> None:
    service = Fated(fates=fates)

    results = await asyncio.gather(met(service, DELETE_CONTACT), met(service, DELETE_CONTACT))

    assert [isinstance(result, Reply) for result in results] == [done, done]
    assert done or all(isinstance(result, Rejected) for result in results)


async def test_creation_in_the_future_is_no_proof() -> None:
    book = TOOLS["create_booking"].request(
        {
            "eventTypeSlug": "intro",
            "startTime": "2026-03-01T14:00:00Z",
            "inviteeName": "Ada",
            "inviteeEmail": "ada@example.com",
            "inviteeTimezone": "Europe/London",
        }
    )
    ahead = BOOKING | {"createdAt": "2026-03-01T12:50:00.000Z"}

    assert isinstance(await Service(FAILED, [[ahead]]).failure(book), OutcomeUnknown)


async def test_search_in_capitals_does_not_prove_absence() -> None:
    """The service stores lower case, and its search regards the letter case."""

    class Searching(Service):
        async def __call__(self, request: Request) -> Reply:
            wanted = dict(request.query).get("search", "")
            self.answers = [
                [ADA | {"name": "Ada", "createdAt": "2026-03-01T12:00:00.100Z"}] if wanted.islower() else []
            ]
            return await super().__call__(request)

    create = TOOLS["create_contact"].request({"name": "Ada", "email": "ADA@example.com"})

    assert (await Searching(FAILED, [[]]).send(create)).notes.outcome == "verified"


@pytest.mark.parametrize("body", [b'{"success":false,"error":"taken"}', b'{"error":{"code":"conflict"}}'])
async def test_success_that_states_a_failure_is_none(body: bytes) -> None:
    assert isinstance(await failure_to(WRITES[0], answer(200, body)), OutcomeUnknown)
    assert isinstance(await failure_to(READ, answer(200, body)), Unavailable)


@pytest.mark.parametrize("body", [b'{"id":"b1","error":null}', b'{"success":true}', b'{"error":"none"}', b"{}"])
async def test_success_with_other_fields_stays_one(body: bytes) -> None:
    assert (await reply_to(READ, answer(200, body))).status == 200
