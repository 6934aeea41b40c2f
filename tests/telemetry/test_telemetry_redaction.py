from __future__ import annotations

import json
from typing import Any

import pytest

from linktime.telemetry.redaction import redacted, shown_id, shown_request_id
from tests.support.privacy import slipped

HIDDEN = "[redacted]"


@pytest.mark.parametrize("ident", ["clx1eimkzcksmvryh1727fr8v", "evt_30min_01", "a1b2c3d4"])
def test_value_in_the_form_of_an_id_is_shown(ident: str) -> None:
    assert shown_id(ident) == ident


@pytest.mark.parametrize(
    "ident",
    [
        "Ada",
        "AdaLovelace",
        "ada.lovelace",
        "ada@example.com",
        "+15551234567",
        "15551234567",
        "lt_live_0123456789",
        "a b1",
    ],
)
def test_personal_data_is_not_shown_as_an_id(ident: str) -> None:
    assert shown_id(ident) == HIDDEN


@pytest.mark.parametrize(("ident", "emitted"), [("7", "7"), ("discover-probe-1", "discover-probe-1"), ("a b", HIDDEN)])
def test_request_id_is_emitted_if_it_is_plain(ident: str, emitted: str) -> None:
    assert shown_request_id(ident) == emitted


@pytest.mark.parametrize(
    ("name", "value", "emitted"),
    [
        ("contactId", "clx1eimkzcksmvryh1727fr8v", "clx1eimkzcksmvryh1727fr8v"),
        ("contactId", "Ada.Lovelace", HIDDEN),
        ("eventTypeSlug", "30min", "30min"),
        ("slug", "intro-call", "intro-call"),
        ("slug", "ada", HIDDEN),
        ("from", "2026-11-23", "2026-11-23"),
        ("from", "Ada.Lovelace", HIDDEN),
        ("startTime", "2026-11-24T18:30:00.000Z", "2026-11-24T18:30:00.000Z"),
        ("timezone", "America/New_York", "America/New_York"),
        ("timeFrom", "13:00", "13:00"),
        ("timeTo", "call me", HIDDEN),
        ("status", "CONFIRMED", "CONFIRMED"),
        ("status", "Ada-has-cancer", HIDDEN),
        ("type", "tel:+15551234567", HIDDEN),
        ("events", ["booking.created", "ada.lovelace"], ["booking.created", HIDDEN]),
        ("rules", [{"dayOfWeek": 1, "startTime": "09:00", "note": "x"}], [{"dayOfWeek": 1, "startTime": "09:00"}]),
        ("limit", 20, 20),
        ("limit", 15551234567, HIDDEN),
        ("isBlocked", True, True),
        ("search", "clx1eimkzcksmvryh1727fr8v", HIDDEN),
        ("inviteeEmail", "ada@example.com", HIDDEN),
    ],
)
def test_argument_is_emitted_only_if_it_names_no_person(name: str, value: Any, emitted: Any) -> None:
    assert json.loads(redacted({name: value}, {name})) == {name: emitted}


def test_the_name_of_an_unknown_argument_is_not_shown() -> None:
    assert json.loads(redacted({"Ada Lovelace": 1}, {"limit"})) == {HIDDEN: HIDDEN}


@pytest.mark.parametrize(
    "text",
    [
        "secret=whsec_1f",
        "Bearer lt_live_0123456789",
        "ada@lovelace.example",
        "?search=ada%40lovelace.example",
        "?search=Ada+Lovelace",
        "/contacts/Sarah%20Chen",
        "+44 20 7946 0958",
        "+15550100",
        "?phone=%2b15550100",
        "phone=442079460958",
    ],
)
def test_search_of_the_output_finds_keys_secrets_and_people(text: str) -> None:
    assert slipped(f"12:00:00.000Z SPAN {text} url.template=/contacts/{{id}}")


@pytest.mark.parametrize("number", ["4bf92f5550100e0e4736a3ce929d0e0e", "1764374655501007531", "1764379460958000000"])
def test_search_of_the_output_passes_over_ids_and_times(number: str) -> None:
    assert slipped(f"12:00:00.000Z SPAN trace={number}") == []
