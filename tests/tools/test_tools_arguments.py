from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings, strategies as st

from linktime.errors import InvalidArguments
from linktime.message import Request
from linktime.tools import TOOLS

from ..support.tool_requests import REQUESTS

BOOKING: dict[str, Any] = {
    "eventTypeSlug": "intro-call",
    "startTime": "2026-03-01T14:00:00Z",
    "inviteeName": "Sarah Chen",
    "inviteeEmail": "sarah.chen@acme.example",
    "inviteeTimezone": "America/New_York",
}
EVENT_TYPE: dict[str, Any] = {"name": "Chat", "slug": "chat", "durationMinutes": 15, "locationType": "ZOOM"}
WINDOW: dict[str, Any] = {"dayOfWeek": 1, "startTime": "09:00", "endTime": "17:00"}


def body(request: Request) -> Any:
    assert request.body is not None
    return orjson.loads(request.body)


@pytest.mark.parametrize(
    ("local_time", "sent"),
    [
        ("2026-03-01T14:00:00.000Z", "2026-03-01T14:00:00.000Z"),
        ("2026-03-01T14:00Z", "2026-03-01T14:00:00.000Z"),
        ("2026-03-01 09:00:00-05:00", "2026-03-01T14:00:00.000Z"),
        ("2026-03-01T00:15:00+05:45", "2026-02-28T18:30:00.000Z"),
        ("2026-03-01T14:00:00.123456Z", "2026-03-01T14:00:00.123Z"),
    ],
)
def test_time_is_sent_in_utc_with_milliseconds(local_time: str, sent: str) -> None:
    assert body(TOOLS["create_booking"].request(BOOKING | {"startTime": local_time}))["startTime"] == sent


@pytest.mark.parametrize(
    ("name", "arguments", "field", "sent"),
    [
        ("create_event_type", EVENT_TYPE | {"durationMinutes": "30"}, "durationMinutes", 30),
        ("create_event_type", EVENT_TYPE | {"durationMinutes": 30.0}, "durationMinutes", 30),
        ("create_event_type", EVENT_TYPE | {"price": "25.00"}, "price", 25),
        ("create_event_type", EVENT_TYPE | {"price": 0.5}, "price", 0.5),
        ("update_settings", {"focusTimeEnabled": "true"}, "focusTimeEnabled", True),
        ("update_settings", {"maxMeetingsPerDay": "0"}, "maxMeetingsPerDay", None),
        ("update_settings", {"focusTimeBlocks": "[]"}, "focusTimeBlocks", []),
        ("update_availability_rules", {"rules": [json.dumps(WINDOW)]}, "rules", [WINDOW]),
    ],
)
def test_unambiguous_spelling_is_accepted(name: str, arguments: dict[str, Any], field: str, sent: Any) -> None:
    assert body(TOOLS[name].request(arguments))[field] == sent


def _numbers() -> list[tuple[str, str, str, int]]:
    return [
        (tool.name, field, bound, schema[bound])
        for tool in TOOLS.values()
        for field, schema in tool.input_schema["properties"].items()
        for bound in ("minimum", "maximum")
        if bound in schema and (field, bound) != ("limit", "maximum")  # a larger limit is lowered
    ]


@pytest.mark.parametrize(("name", "field", "bound", "number"), _numbers())
def test_bounds_of_the_schema_are_checked(name: str, field: str, bound: str, number: int) -> None:
    calls = [expected.arguments for expected in REQUESTS if expected.tool == name]
    call = next((arguments for arguments in calls if field in arguments), calls[0])

    TOOLS[name].request(call | {field: number})
    with pytest.raises(InvalidArguments, match=f"^invalid_arguments: {field}: should be "):
        TOOLS[name].request(call | {field: number + (1 if bound == "maximum" else -1)})


def test_equal_questions_are_equal_requests() -> None:
    once, again = (TOOLS["list_bookings"].request({"limit": limit, "page": None}) for limit in (30, "30"))

    assert once == again
    assert hash(once) == hash(again)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=8,
)
texts = st.sampled_from(
    ["", "..", "clx1", "2026-03-01", "2026-03-01T14:00Z", "09:00", "25:00", "UTC", "[]", "{}", "[1]"]
)


@settings(max_examples=300)
@given(st.data())
def test_any_json_becomes_a_request_or_a_readable_refusal(data: st.DataObject) -> None:
    example = data.draw(st.sampled_from(REQUESTS))
    tool = TOOLS[example.tool]
    names = st.sampled_from([*tool.input_schema["properties"], "limits"])
    changed = data.draw(st.dictionaries(names, json_values | texts | json_values.map(json.dumps), max_size=3))

    try:
        request = tool.request(example.arguments | changed)
    except InvalidArguments as refused:
        assert refused.message.encode()
        assert "pydantic" not in refused.message
    else:
        assert hash(request)
        assert request.path.encode("ascii").startswith(b"/")
