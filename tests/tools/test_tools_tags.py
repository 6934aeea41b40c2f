from __future__ import annotations

from typing import Any

import pytest

from linktime.message import Request
from linktime.tools import TOOLS

from ..support.tool_requests import REQUESTS


def request(name: str, **arguments: Any) -> Request:
    example = next(expected.arguments for expected in REQUESTS if expected.tool == name)
    return TOOLS[name].request(example | arguments)


READS = {tool.name: request(tool.name) for tool in TOOLS.values() if tool.reads}
WRITES = {tool.name: request(tool.name) for tool in TOOLS.values() if not tool.reads}

BOOKED = {
    "check_availability",
    "list_bookings",
    "list_contacts",  # a guest becomes a contact, and meetings are counted
    "get_contact",
    "list_conversations",  # a workflow writes messages
    "list_call_history",  # or makes calls
    "list_webhooks",  # deliveries are counted
    "list_workflows",  # and executions
}
PEOPLE = {"list_contacts", "list_bookings", "get_booking", "list_conversations", "list_call_history", "list_webhooks"}
OFFERS = {
    "list_event_types",
    "check_availability",
    "list_bookings",
    "get_booking",
    "get_contact",
    "list_workflows",
}
OUTDATED = {
    "create_booking": BOOKED,
    "cancel_booking": BOOKED | {"get_booking"},
    "reschedule_booking": BOOKED | {"get_booking"},
    "create_contact": PEOPLE,
    "update_contact": PEOPLE | {"get_contact"},
    "delete_contact": PEOPLE | {"get_contact"},
    "create_event_type": OFFERS,
    "update_event_type": OFFERS,
    "delete_event_type": OFFERS,
    "update_availability_rules": {"check_availability", "get_availability_rules"},
    "create_availability_override": {"check_availability", "list_availability_overrides"},
    "delete_availability_override": {"check_availability", "list_availability_overrides"},
    "update_settings": {"check_availability", "get_availability_rules", "get_settings", "get_me"},
    "create_webhook": {"list_webhooks"},
    "update_webhook": {"list_webhooks"},
    "delete_webhook": {"list_webhooks"},
    "create_workflow": {"list_workflows"},
}


def outdated(write: Request) -> set[str]:
    return {name for name, read in READS.items() if read.tags & write.tags}


@pytest.mark.parametrize("name", WRITES)
def test_write_invalidates_exactly_the_reads_with_its_effect(name: str) -> None:
    assert outdated(WRITES[name]) == OUTDATED[name]


@pytest.mark.parametrize("name", READS)
def test_every_read_has_tags(name: str) -> None:
    assert READS[name].tags


@pytest.mark.parametrize("name", WRITES)
def test_every_tag_of_a_write_is_a_tag_of_a_read(name: str) -> None:
    assert WRITES[name].tags
    assert WRITES[name].tags <= frozenset().union(*(read.tags for read in READS.values()))


@pytest.mark.parametrize("write", ["update_contact", "delete_contact"])
def test_contact_change_keeps_the_profile_of_another(write: str) -> None:
    assert not request(write, contactId="other").tags & READS["get_contact"].tags


@pytest.mark.parametrize("write", ["cancel_booking", "reschedule_booking"])
def test_booking_change_keeps_the_details_of_another(write: str) -> None:
    assert not request(write, bookingId="other").tags & READS["get_booking"].tags


def test_only_free_slots_are_never_cached() -> None:
    assert {name for name, read in READS.items() if read.volatile} == {"check_availability"}
    assert not any(write.volatile for write in WRITES.values())
