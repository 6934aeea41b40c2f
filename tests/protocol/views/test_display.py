"""The place of meetings in the grid, the clocks of the account, and the full screen."""

from __future__ import annotations

from typing import Any, Final

import pytest

from linktime.protocol.views.page import View
from tests.support.view_browser import ViewBrowser
from tests.support.view_samples import meeting, meetings, result, slots, week

pytestmark = [pytest.mark.slow, pytest.mark.posix]  # each test opens a page in a browser of .ci/run

DAYS: Final = {"from": "2026-11-30", "to": "2026-12-06"}
ASKED: Final = {"eventTypeSlug": "intro-call", "from": "2026-12-01", "to": "2026-12-06"}
MODES: Final = {"availableDisplayModes": ["inline", "fullscreen"], "displayMode": "inline"}
BUTTON: Final = '[data-key="display"]'


def crowd(number: int = 50) -> dict[str, Any]:
    """Return as many meetings on one day, all at once."""
    return meetings(*(meeting("2026-12-01T10:00", 60, f"Guest {index:02}") for index in range(number)))


def boxes(browser: ViewBrowser, selector: str) -> list[dict[str, float]]:
    """Return the places of the visible elements."""
    places: list[dict[str, float]] = browser.evaluate(
        f"[...document.querySelectorAll('{selector}')].filter((each) => each.checkVisibility())"
        ".map((each) => each.getBoundingClientRect().toJSON())"
    )
    return places


def test_late_meetings_end_within_their_day(browser: ViewBrowser) -> None:
    rows = [
        meeting("2026-12-01T23:50", 10, "Late"),
        meeting("2026-12-01T23:55", 5, "Later"),
        meeting("2026-12-02T09:00"),
    ]
    browser.open("calendar", meetings(*rows), DAYS, height=1000)
    (track,) = boxes(browser, '[data-day="2026-12-01"] .track')
    first, second = boxes(browser, '[data-day="2026-12-01"] .meeting')
    for block in (first, second):
        assert block["bottom"] <= track["bottom"]
        assert block["height"] >= 20
    assert first["right"] <= second["left"]


def test_short_meeting_at_five_ends_within_the_grid(browser: ViewBrowser) -> None:
    browser.open("calendar", meetings(meeting("2026-12-01T16:50", 5)), DAYS)
    (track,), (block,) = boxes(browser, '[data-day="2026-12-01"] .track'), boxes(browser, ".meeting")
    assert block["bottom"] <= track["bottom"]


def test_many_meetings_at_once_are_listed(browser: ViewBrowser) -> None:
    browser.open("calendar", crowd(), DAYS)
    blocks = boxes(browser, ":is(.meeting, .more)")
    assert len(blocks) == 3
    assert min(block["width"] for block in blocks) > 25
    assert browser.texts(".more", "ariaLabel") == ["48 more meetings"]
    browser.click(".more")
    assert len(browser.texts(".details li")) == 48
    assert "10:00 AM Intro Call Guest 02" in " ".join(browser.texts(".details li")[0].split())
    browser.click(".details li:has-text('Guest 30') button")
    assert "Guest 30" in browser.text(".details dl")
    browser.click("text=Reschedule…")
    assert "I want to reschedule" in browser.sent("ui/message")[0]["content"][0]["text"]


def test_list_of_meetings_works_by_keyboard(browser: ViewBrowser) -> None:
    browser.open("calendar", crowd(6), DAYS)
    browser.evaluate("document.querySelector('.meeting').focus()")
    for key in ("ArrowDown", "ArrowDown", "Enter", "Tab", "Tab", "ArrowDown", "End"):
        browser.press(key)
    assert "Guest 05" in browser.evaluate("document.activeElement.textContent")
    browser.press("Enter")
    assert "Guest 05" in browser.text(".details dl")
    browser.press("Escape")
    assert browser.texts(".details") == []
    assert browser.evaluate("document.activeElement.className") == "more"
    browser.press("Enter")
    browser.press("Escape")
    assert browser.evaluate("document.activeElement.className") == "more"


def test_three_meetings_at_once_need_no_list(browser: ViewBrowser) -> None:
    browser.open("calendar", crowd(3), DAYS)
    assert browser.texts(".more") == []
    assert len(boxes(browser, ".meeting")) == 3


def test_narrow_calendar_has_every_meeting(browser: ViewBrowser) -> None:
    browser.open("calendar", crowd(), DAYS, width=350)
    assert len(boxes(browser, ".meeting")) == 50
    assert boxes(browser, ".more") == []
    browser.evaluate("document.querySelector('.meeting').focus()")
    browser.press("End")
    assert "Guest 49" in browser.evaluate("document.activeElement.textContent")
    browser.press("Enter")
    assert "Guest 49" in browser.text(".details dl")
    browser.press("Escape")
    browser.press("Shift+Tab")
    assert browser.evaluate("document.activeElement.dataset.key") == "next"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_list_of_meetings_is_accessible(browser: ViewBrowser, theme: str) -> None:
    browser.open("calendar", crowd(), DAYS, context={"theme": theme, "timeZone": "Asia/Tokyo", **MODES})
    browser.click(".more")
    assert browser.do("axe") == []


@pytest.mark.parametrize(
    ("zone", "marks"),
    [
        ("Asia/Tokyo", {"10:00": "0:00 +1 day"}),
        ("Europe/Berlin", {}),
        ("Pacific/Kiritimati", {"9:00": "4:00 +1 day"}),
    ],
)
def test_second_axis_names_its_other_day(browser: ViewBrowser, zone: str, marks: dict[str, str]) -> None:
    browser.open("calendar", week(), DAYS, context={"timeZone": zone}, locale="en-GB")
    first, second = ([" ".join(label.split()) for label in browser.texts(f".axis:nth-child({n}) span")] for n in (1, 2))
    assert {hour: label for hour, label in zip(first, second, strict=True) if "day" in label} == marks


def test_second_axis_names_the_day_that_is_24_hours_ahead(browser: ViewBrowser) -> None:
    row = meeting("2026-12-01T15:00")  # 10:00 in Honolulu, and 10:00 on the next day in Kiritimati
    answer = result({"data": [{k: v for k, v in row.items() if not k.endswith("Local")}]}, zone="Pacific/Honolulu")
    browser.open("calendar", answer, DAYS, context={"timeZone": "Pacific/Kiritimati"}, locale="en-GB")
    second = [" ".join(label.split()) for label in browser.texts(".axis:nth-child(2) span")]
    assert second[0] == "10:00 +1 day"
    assert not any("day" in label for label in second[1:])
    assert "Wed 2 Dec" in browser.texts(".meeting", "textContent")[0].replace(",", "")


def test_second_axis_behind_names_both_days(browser: ViewBrowser) -> None:
    row = meeting("2026-11-30T22:00", 300)  # 12:00 to 17:00 on Tuesday in Tokyo
    answer = result({"data": [{k: v for k, v in row.items() if not k.endswith("Local")}]}, zone="Asia/Tokyo")
    browser.open("calendar", answer, DAYS, locale="en-GB")
    second = [" ".join(label.split()) for label in browser.texts(".axis:nth-child(2) span")]
    assert [label for label in second if "day" in label] == ["20:00 \u22121 day", "0:00 same day"]


@pytest.mark.parametrize(
    ("time_format", "locale", "expected"),
    [("24h", "en-US", "15:00"), ("12h", "en-GB", "3:00 pm"), ("36h", "en-US", "3:00 PM"), (None, "en-GB", "15:00")],
)
def test_account_decides_the_clock(browser: ViewBrowser, time_format: str | None, locale: str, expected: str) -> None:
    def noted(answer: dict[str, Any]) -> dict[str, Any]:
        return answer | {"_meta": answer["_meta"] | {"linktime/timeFormat": time_format}}

    row = meeting("2026-12-01T15:00", inviteeTimezone="America/New_York")
    browser.open("calendar", noted(meetings(row)), DAYS, locale=locale)
    assert expected in browser.texts(".meeting time", "textContent")
    browser.send("ui/notifications/host-context-changed", {"theme": "dark"})
    browser.wait("document.documentElement.dataset.theme === 'dark'")
    assert expected in browser.texts(".meeting time", "textContent")
    browser.open("slots", noted(slots(["2026-12-01T15:00"])), ASKED, locale=locale)
    assert browser.texts(".slot time") == [expected]


@pytest.mark.parametrize("view", ["calendar", "slots"])
def test_full_screen_and_back(browser: ViewBrowser, view: View) -> None:
    browser.open(view, week() if view == "calendar" else slots(), ASKED, context=MODES)
    replies = [{"result": {"mode": "fullscreen"}}, {"result": {"mode": "inline"}}]
    browser.do("reply", {"ui/request-display-mode": replies})
    names = browser.texts(BUTTON, "ariaLabel")
    browser.click(BUTTON)
    browser.wait(f"document.querySelector('{BUTTON}').ariaLabel !== 'Full screen'")
    assert browser.evaluate("document.activeElement.dataset.key") == "display"
    browser.click(BUTTON)
    browser.wait(f"document.querySelector('{BUTTON}').ariaLabel === 'Full screen'")
    assert names == ["Full screen"]
    assert browser.sent("ui/request-display-mode") == [{"mode": "fullscreen"}, {"mode": "inline"}]


@pytest.mark.parametrize(
    "reply", [{"error": {"code": -32601, "message": "no"}}, {"result": {"mode": "pip"}}, {"result": {}}]
)
def test_host_may_refuse_the_full_screen(browser: ViewBrowser, reply: dict[str, Any]) -> None:
    browser.open("calendar", week(), DAYS, context=MODES)
    browser.do("reply", {"ui/request-display-mode": [reply]})
    browser.click(BUTTON)
    browser.wait("document.getElementById('live').textContent.includes('did not change')")
    assert browser.texts(BUTTON, "ariaLabel") == ["Full screen"]


@pytest.mark.parametrize("modes", [None, [], ["inline"], ["inline", "pip"]])
def test_no_button_without_a_full_screen(browser: ViewBrowser, modes: list[str] | None) -> None:
    browser.open("calendar", week(), DAYS, context={"availableDisplayModes": modes} if modes is not None else {})
    assert browser.texts(BUTTON) == []


def test_full_screen_of_the_host_has_a_way_back(browser: ViewBrowser) -> None:
    browser.open("calendar", week(), DAYS, context=MODES)
    browser.send("ui/notifications/host-context-changed", {"displayMode": "fullscreen"})
    browser.wait(f"document.querySelector('{BUTTON}').ariaLabel === 'Leave the full screen'")
