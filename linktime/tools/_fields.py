"""The types of arguments: their checks, and their descriptions for the model."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from annotated_types import Ge, Le
from pydantic import AfterValidator, BeforeValidator, ValidationInfo
from typing_extensions import Doc, TypedDict

from . import _clocks, _days, _lists, _times, action_config, zones
from ._marks import DATE, AtMost, Choice, Fields
from .targets import refusal

_EMAIL: Final = re.compile(r"[^@\s<>,;]+@[^@\s<>,;.]+(\.[^@\s<>,;.]+)+")


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("should be a number, not true or false")  # noqa: TRY004 - pydantic collects ValueErrors
    return value


def _filled(text: str) -> str:
    if _lists.is_blank(text):
        raise ValueError("should not be empty")
    return text


def _ident(text: str) -> str:
    """Return *text* if it can be one segment of a path. Dots alone would leave the path."""
    if text in {".", ".."}:
        raise ValueError("is not an id")
    return _filled(text)


def _email(text: str) -> str:
    if not (_EMAIL.fullmatch(text) and text.isprintable()):
        raise ValueError("should be one e-mail address, such as name@example.com")
    return text


def _web_address(text: str, info: ValidationInfo) -> str:
    if " " in text or not text.isprintable():
        raise ValueError("should be a full https URL, such as https://example.com/hook")
    if fault := refusal(text, allow_local=_allows_local(info)):
        raise ValueError(f"{fault}. It should be a full https URL, such as https://example.com/hook")
    return text


def _action_config(config: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
    if faults := list(action_config.refusals(config, allow_local=_allows_local(info))):
        raise ValueError("; ".join(faults))
    return config


def _allows_local(info: ValidationInfo) -> bool:
    return bool((info.context or {}).get("local_targets"))


def _currency(text: str) -> str:
    if not re.fullmatch("[A-Za-z]{3}", text):
        raise ValueError("should be a code of three letters, such as USD")
    return text


def _amount(number: float) -> float:
    """Return 25.0 as 25."""
    return int(number) if number.is_integer() else number


JSON: Final = BeforeValidator(_lists.parsed)
OBJECTS: Final = BeforeValidator(_lists.objects)
CHOICES: Final = BeforeValidator(_lists.choices)
IDENTS: Final = BeforeValidator(_lists.idents)
NUMBER: Final = BeforeValidator(_number)
FIELDS: Final = Fields()
CHOICE: Final = Choice()

# Values
Text = Annotated[str, AfterValidator(_filled)]
Email = Annotated[str, AfterValidator(_email)]
Instant = Annotated[str, AfterValidator(_times.instant)]
Clock = Annotated[str, AfterValidator(_clocks.clock)]
Until = Annotated[str, AfterValidator(_clocks.until)]
EndClock = Annotated[Until, AfterValidator(_clocks.last_minute)]
Weekday = Annotated[int, Ge(0), Le(6), NUMBER, BeforeValidator(_clocks.weekday)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Currency = Annotated[str, AfterValidator(_currency)]
Amount = Annotated[float, Ge(0), Le(1_000_000_000), AfterValidator(_amount), NUMBER]
Minutes = Annotated[int, Ge(0), Le(1440), NUMBER]

# Identifiers. Each description names the tool that lists them.
Ident = Annotated[str, AfterValidator(_ident)]
BookingId = Annotated[Ident, Doc("id from list_bookings.")]
EventTypeId = Annotated[Ident, Doc("id from list_event_types.")]

# Arguments that several tools have
Slug = Annotated[Text, Doc("slug from list_event_types.")]
Zone = Annotated[str, AfterValidator(zones.zone), Doc("IANA zone, such as America/New_York.")]
From = Annotated[str, DATE, AfterValidator(_days.day), Doc("First day, YYYY-MM-DD.")]
LastDay = Annotated[str, DATE, AfterValidator(_days.last_day)]
To = Annotated[LastDay, Doc("Last day, YYYY-MM-DD, included.")]
Day = Annotated[str, DATE, AfterValidator(_days.day), Doc("YYYY-MM-DD.")]
Page = Annotated[int, Ge(1), NUMBER, Doc("From 1.")]
Limit = Annotated[int, Ge(1), AtMost(100), NUMBER, Doc("Items a page; 20 if left out.")]


class Window(TypedDict):
    """Hours of one weekday, in the account's zone."""

    dayOfWeek: Annotated[Weekday, Doc("0 = Sunday.")]
    startTime: Annotated[Clock, Doc("HH:MM, account's zone.")]
    endTime: Annotated[EndClock, Doc("HH:MM, after startTime. 24:00 is midnight.")]


def _forwards(window: Window) -> Window:
    if window["endTime"] <= window["startTime"]:
        raise ValueError("endTime should be after startTime")
    return window


Windows = Annotated[list[Annotated[Window, AfterValidator(_forwards), FIELDS, JSON]], OBJECTS]


_CALL_WEBHOOK: Final = "CALL_WEBHOOK"
_ACTIONS: Final = ("SEND_EMAIL", "SEND_SMS", "SEND_SLACK", _CALL_WEBHOOK, "AI_CALL")


class _Action(TypedDict):
    type: Annotated[Text, Choice(_ACTIONS), Doc("SEND_EMAIL, SEND_SMS, SEND_SLACK, CALL_WEBHOOK or AI_CALL.")]
    config: Annotated[
        dict[str, Any], AfterValidator(_action_config), JSON, Doc("The action's own fields, such as body or url.")
    ]


def _complete(action: _Action) -> _Action:
    """Return *action*. Raise ValueError if its config has nothing for it to do."""
    kind, config = action["type"], action["config"]
    if kind == _CALL_WEBHOOK and not action_config.urls(config):
        raise ValueError("config: needs the url that CALL_WEBHOOK calls")
    if kind in _ACTIONS and not config:
        raise ValueError(f"config: should have the fields of {kind}, such as its body")
    return action


Action = Annotated[_Action, AfterValidator(_complete), FIELDS, JSON]
