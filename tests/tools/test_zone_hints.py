"""Hints for wrong names of zones: a hint never points to another time."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

import orjson
import pytest
from hypothesis import given, strategies as st

from linktime.errors import InvalidArguments
from linktime.tools import TOOLS
from tests.support.process import Child

HINT: Final = re.compile(r"did you mean (\S+)\?")

SPELLINGS: Final = {
    "america/new_york": "America/New_York",
    "AMERICA/NEW_YORK": "America/New_York",
    "America/new_york": "America/New_York",
    "America/New York": "America/New_York",
    "America/NewYork": "America/New_York",
    "America / New_York": "America/New_York",
    "America/New-York": "America/New_York",
    "America/Los Angeles": "America/Los_Angeles",
    "America/LosAngeles": "America/Los_Angeles",
    "America/Sao Paulo": "America/Sao_Paulo",
    "America/Mexico City": "America/Mexico_City",
    "america/argentina/buenos aires": "America/Argentina/Buenos_Aires",
    "europe/london ": "Europe/London",
    "utc": "UTC",
    "gmt": "GMT",
    "us/pacific": "America/Los_Angeles",
    "singapore": "Asia/Singapore",
    "Berlin": "Europe/Berlin",
    " new york ": "America/New_York",
    "NEW_YORK": "America/New_York",
    "St. Johns": "America/St_Johns",
    "Calcutta": "Asia/Kolkata",
}
"""Names that differ by case, blanks or hyphens, or are only a city, each with the zone that is meant."""

MISTAKES: Final = {
    "America/New_Yrok": "America/New_York",
    "Amercia/New_York": "America/New_York",
    "America/Los_Angelas": "America/Los_Angeles",
    "America/Chiago": "America/Chicago",
    "America/Denvor": "America/Denver",
    "America/São_Paulo": "America/Sao_Paulo",
    "America/Bogata": "America/Bogota",
    "Europe/Lodnon": "Europe/London",
    "Europe/Rom": "Europe/Rome",
    "Europe/Brlin": "Europe/Berlin",
    "Europe/Lisboa": "Europe/Lisbon",
    "Europe/Istambul": "Europe/Istanbul",
    "Asia/Tokio": "Asia/Tokyo",
    "Asia/Honkong": "Asia/Hong_Kong",
    "Asia/Calcuta": "Asia/Kolkata",
    "Asia/Kolkatta": "Asia/Kolkata",
    "Asia/Kathmando": "Asia/Kathmandu",
    "Asia/Seol": "Asia/Seoul",
    "Asia/Sanghai": "Asia/Shanghai",
    "Australia/Sidney": "Australia/Sydney",
    "Africa/Johannesberg": "Africa/Johannesburg",
}
"""Names with one typing mistake, each with the zone that is meant."""

OTHER: Final = {
    **dict.fromkeys(["Asia/Pune", "Asia/Mumbai", "Asia/Delhi", "Asia/New_Delhi", "Asia/Bangalore"], "Asia/Kolkata"),
    **dict.fromkeys(["Asia/Chennai", "Asia/Hyderabad", "IST", "India Standard Time", "GMT+5:30"], "Asia/Kolkata"),
    **dict.fromkeys(["Asia/Beijing", "Asia/Shenzhen", "Asia/Guangzhou", "China Standard Time"], "Asia/Shanghai"),
    **dict.fromkeys(["Asia/Osaka", "Asia/Kyoto", "JST", "Tokyo Standard Time", "UTC+9"], "Asia/Tokyo"),
    **dict.fromkeys(["Asia/Hanoi", "Asia/Da_Nang"], "Asia/Ho_Chi_Minh"),
    **dict.fromkeys(["Asia/Islamabad", "Asia/Lahore", "PKT"], "Asia/Karachi"),
    **dict.fromkeys(["Asia/Abu_Dhabi", "Asia/Sharjah", "GST"], "Asia/Dubai"),
    **dict.fromkeys(["Asia/Bali"], "Asia/Makassar"),
    **dict.fromkeys(["Asia/Jeddah", "Asia/Doha"], "Asia/Riyadh"),
    **dict.fromkeys(["America/Boston", "America/Miami", "America/Atlanta", "America/Washington"], "America/New_York"),
    **dict.fromkeys(["America/Philadelphia", "EDT", "ET", "Eastern Time", "GMT-5", "UTC-5"], "America/New_York"),
    **dict.fromkeys(["Eastern Standard Time", "US/NewYork", "-05:00", "UTC-05:00"], "America/New_York"),
    **dict.fromkeys(["America/San_Francisco", "America/Seattle", "America/Portland", "PST"], "America/Los_Angeles"),
    **dict.fromkeys(["America/San_Diego", "PDT", "PT", "Pacific Time", "Pacific Standard Time"], "America/Los_Angeles"),
    **dict.fromkeys(["America/Las_Vegas", "GMT-8", "UTC-8", "-8", "-0800"], "America/Los_Angeles"),
    **dict.fromkeys(["America/Dallas", "America/Houston", "America/Austin", "CST", "CDT", "CT"], "America/Chicago"),
    **dict.fromkeys(["Central Standard Time", "America/Minneapolis", "GMT-6"], "America/Chicago"),
    **dict.fromkeys(["MDT", "MT", "Mountain Standard Time", "America/Salt_Lake_City"], "America/Denver"),
    **dict.fromkeys(["America/Ottawa", "America/Quebec"], "America/Toronto"),
    **dict.fromkeys(["America/Brasilia", "America/Rio_de_Janeiro", "BRT"], "America/Sao_Paulo"),
    **dict.fromkeys(["America/Medellin", "America/Cali"], "America/Bogota"),
    **dict.fromkeys(["Europe/Munich", "Europe/Frankfurt", "Europe/Hamburg", "CEST"], "Europe/Berlin"),
    **dict.fromkeys(["Europe/Cologne", "W. Europe Standard Time", "GMT+1", "+01:00"], "Europe/Berlin"),
    **dict.fromkeys(["Europe/Milan", "Europe/Barcelona", "Europe/Geneva", "Europe/Lyon"], "Europe/Paris"),
    **dict.fromkeys(["Europe/Krakow", "Europe/Bern", "Europe/Antwerp", "Europe/Nice"], "Europe/Paris"),
    **dict.fromkeys(["Europe/Manchester", "Europe/Edinburgh", "BST", "GMT Standard Time"], "Europe/London"),
    **dict.fromkeys(["Europe/Saint_Petersburg", "MSK", "Russian Standard Time", "GMT+3"], "Europe/Moscow"),
    **dict.fromkeys(["Europe/Ankara", "TRT"], "Europe/Istanbul"),
    **dict.fromkeys(["EEST", "Europe/Lviv", "UTC+2"], "Europe/Kyiv"),
    **dict.fromkeys(["Australia/Gold_Coast", "AEST"], "Australia/Brisbane"),
    **dict.fromkeys(["AEDT", "AUS Eastern Standard Time", "UTC+10"], "Australia/Sydney"),
    **dict.fromkeys(["Pacific/Wellington", "NZST", "NZDT", "New Zealand Standard Time"], "Pacific/Auckland"),
    **dict.fromkeys(["Africa/Cape_Town", "SAST", "South Africa Standard Time"], "Africa/Johannesburg"),
    **dict.fromkeys(["Africa/Abuja", "WAT"], "Africa/Lagos"),
    **dict.fromkeys(["Z", "Etc/GMT5", "GMT+5", "UTC+00:00", "0"], "UTC"),
    **dict.fromkeys(["Portland", "San Juan", "Cordoba", "Victoria", "Center", "North", "est", "cet", "hst"], "UTC"),
    **dict.fromkeys(
        ["Factory", "localtime", "posixrules", "posix/Europe/Rome", "right/UTC", "factory", "Local"], "UTC"
    ),
}
"""Offsets, abbreviations, Windows names and cities without a zone of their own: none may have a hint."""


def refusal(name: str) -> str:
    with pytest.raises(InvalidArguments) as refused:
        TOOLS["update_settings"].request({"timezone": name})
    return refused.value.message


def offsets(zone: str) -> list[object]:
    return [ZoneInfo(zone).utcoffset(datetime(2026, month, 15, 12)) for month in range(1, 13)]  # noqa: DTZ001 - a wall time


@pytest.mark.parametrize(("name", "zone"), SPELLINGS.items())
def test_same_name_in_another_spelling_is_accepted(name: str, zone: str) -> None:
    body = orjson.loads(TOOLS["update_settings"].request({"timezone": name}).body or b"")

    assert body["timezone"] in available_timezones()
    assert offsets(body["timezone"]) == offsets(zone)


@given(st.sampled_from(sorted(name for name in available_timezones() if "/" in name)), st.data())
def test_zone_in_any_letter_case_is_the_same_request(name: str, data: st.DataObject) -> None:
    letters = [data.draw(st.sampled_from([letter.lower(), letter.upper()])) for letter in name]

    written = TOOLS["update_settings"].request({"timezone": "".join(letters)})
    assert written == TOOLS["update_settings"].request({"timezone": name})


@pytest.mark.parametrize(("name", "zone"), MISTAKES.items())
def test_hint_is_the_zone_of_the_same_name(name: str, zone: str) -> None:
    [hint] = HINT.findall(refusal(name))

    assert offsets(hint) == offsets(zone)


@pytest.mark.parametrize("name", OTHER)
def test_other_names_have_no_hint(name: str) -> None:
    text, _, _ = refusal(name).partition(" (got ")

    assert HINT.findall(text) == []
    assert "Area/City" in text
    assert not [zone for zone in available_timezones() if "/" in zone and zone in text]


@pytest.mark.parametrize("name", ["UTC", "GMT", "Etc/GMT+5", "Europe/Kyiv", "US/Pacific", "Asia/Calcutta"])
def test_exact_names_are_accepted(name: str) -> None:
    assert TOOLS["update_settings"].request({"timezone": name}).body


async def test_check_availability_hints_at_no_other_time(server: Child) -> None:
    slots = {"eventTypeSlug": "intro-call", "from": "2027-03-01", "to": "2027-03-02"}
    names = ["Asia/Pune", "GMT+5", "Pacific Standard Time", "Factory", "America/New_Yrok"]
    texts = [
        (await server.result(server.call("check_availability", **slots, timezone=name)))["content"][0]["text"]
        for name in names
    ]

    assert all(text.startswith("invalid_arguments: timezone: ") for text in texts)
    assert [HINT.findall(text) for text in texts] == [[], [], [], [], ["America/New_York"]]
