"""`check_availability` keeps the slots of a part of the day."""

from __future__ import annotations

from typing import Any

import pytest

from linktime.errors import InvalidArguments, Unavailable
from linktime.message import Notes, Reply
from linktime.tools import TOOLS
from linktime.tools.plan import Plan

DAYS = {"eventTypeSlug": "intro", "from": "2026-10-24", "to": "2026-10-26"}
TOOL = TOOLS["check_availability"]
STARTS = {  # on the clocks of Berlin, which go back on the 25th
    "2026-10-24T10:30:00.000Z": "12:30",
    "2026-10-24T11:00:00Z": "13:00",
    "2026-10-26T13:00:00+01:00": "13:00",
    "2026-10-26T15:30:00.000Z": "16:30",
    "2026-10-26T16:00:00.000Z": "17:00",
}


def planned(**times: str) -> Plan:
    return TOOL.planned(TOOL.read({**DAYS, **times}))


def kept(slots: list[Any], *, zone: str | None = "Europe/Berlin", **times: str) -> dict[str, Any]:
    plan = planned(**times)
    answer: dict[str, Any] = plan.finish(Reply(200, {"timezone": zone, "slots": slots}, Notes(timezone=zone))).data
    return answer


@pytest.mark.parametrize(
    ("times", "clocks"),
    [
        ({"timeFrom": "13:00", "timeTo": "17:00"}, ["13:00", "13:00", "16:30"]),
        ({"timeFrom": "13:01"}, ["16:30", "17:00"]),
        ({"timeTo": "13:00"}, ["12:30"]),
        ({"timeFrom": "00:00", "timeTo": "23:59"}, ["12:30", "13:00", "13:00", "16:30", "17:00"]),
    ],
)
def test_slots_are_kept_by_the_local_start(times: dict[str, str], clocks: list[str]) -> None:
    answer = kept([{"startTime": start} for start in STARTS], **times)

    assert [STARTS[slot["startTime"]] for slot in answer["slots"]] == clocks
    assert answer["leftOut"] == len(STARTS) - len(clocks)
    assert answer["timezone"] == "Europe/Berlin"


def test_slot_without_a_readable_start_stays() -> None:
    odd: list[Any] = [{}, None, {"startTime": "soon"}, {"startTime": 7}, {"startTime": "9999-12-31T23:59:59-12:00"}]

    assert kept(odd, timeFrom="13:00") == {"timezone": "Europe/Berlin", "slots": odd, "leftOut": 0}


@pytest.mark.parametrize("data", [{"slots": []}, {"slots": 7}, {}, [], None, "odd"])
def test_answer_without_slots_is_as_it_was(data: Any) -> None:
    reply = Reply(200, data)

    assert planned(timeFrom="13:00").finish(reply) is reply


def test_unknown_zone_refuses_the_filter() -> None:
    with pytest.raises(Unavailable, match="timeFrom"):
        kept([{"startTime": "2026-10-24T10:30:00.000Z"}], zone=None, timeFrom="13:00")


def test_without_times_nothing_is_left_out() -> None:
    reply = Reply(200, {"slots": [{"startTime": "2026-10-24T10:30:00.000Z"}]})

    assert planned().finish(reply) is reply


def test_filter_is_no_part_of_the_request() -> None:
    assert TOOL.request({**DAYS, "timeFrom": "13:00"}) == TOOL.request(DAYS)


@pytest.mark.parametrize("times", [("13:00", "13:00"), ("22:00", "02:00")])
def test_empty_part_of_the_day_is_refused(times: tuple[str, str]) -> None:
    with pytest.raises(InvalidArguments, match="timeTo"):
        planned(timeFrom=times[0], timeTo=times[1])
