"""The agents of the benchmark: the tools that they call, the calls of a turn, and the pauses between turns.

The model is an assumption. These are its numbers:

- Twelve agents share the key. Each takes turns: it thinks, makes the turn's calls at once, and waits for all answers.
  It thinks for a lognormal time of median 3.7 s and sigma 0.8. It does not repeat a refused call.
- Calls are drawn from all 32 tools by the weights below: 90 in 100 are reads. A turn has 1 to 8 calls, k of them
  with a weight of 1/k, and all of them differ.
- Half of the calls of `check_availability` come as fan-outs, the seven days of a week at once; a third of those of
  `list_bookings` come as paginations, the first page and in the next turn three more.
- Guests, meetings and days follow Zipf's law with exponent 1, so a few of them are frequent.
  No agent has a memory, which is the worst case for a cache. Of the reads among 1,000 calls, 26 to 31 % are distinct.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from random import Random
from typing import Any, Final, TypeVar

from linktime.message import Request
from linktime.tools import TOOLS

T = TypeVar("T")

AGENTS: Final = 12
THINKING: Final = 3.7  # s, the median
_SIGMA: Final = 0.8
_SIZES: Final = range(1, 9)
_MONDAY: Final = date(2026, 3, 2)
_PEOPLE: Final = 100
_MEETINGS: Final = 100
_WEEKS: Final = 13
_DAYS: Final = 28
_SLUGS: Final = 5

WEIGHTS: Final[Mapping[str, float]] = {
    "check_availability": 22,
    "list_event_types": 13,
    "list_bookings": 12,
    "get_contact": 9,
    "get_booking": 8,
    "list_contacts": 6,
    "get_me": 3,
    "get_settings": 3,
    "get_availability_rules": 3,
    "list_availability_overrides": 3,
    "list_conversations": 3,
    "list_call_history": 2,
    "list_workflows": 1.5,
    "list_integrations": 1,
    "list_webhooks": 1,
    "create_booking": 4,
    "reschedule_booking": 1.5,
    "cancel_booking": 1,
    "update_contact": 0.8,
    "create_contact": 0.6,
    "create_availability_override": 0.3,
    "update_event_type": 0.2,
    "update_settings": 0.2,
    "delete_contact": 0.1,
    "create_event_type": 0.1,
    "delete_event_type": 0.1,
    "update_availability_rules": 0.1,
    "delete_availability_override": 0.1,
    "create_webhook": 0.1,
    "update_webhook": 0.1,
    "delete_webhook": 0.1,
    "create_workflow": 0.1,
}
"""The calls of each tool among 100 calls."""

_IN_FAN_OUTS: Final = WEIGHTS["check_availability"] / 2
_IN_PAGINATIONS: Final = WEIGHTS["list_bookings"] / 3


Requests = tuple[Request, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """A pause of *thinking* seconds, then *requests* at once."""

    thinking: float
    requests: Requests


Trace = Sequence[Sequence[Turn]]
"""The turns of each agent."""


def trace(seed: int, *, calls: int = 1000, thinking: float = THINKING, writing: float = 1.0) -> Trace:
    """Return random turns with *calls* in all.

    *thinking* is the median pause before a turn in seconds. *writing* is a factor for the share of writes.
    """
    agents: list[list[Turn]] = [[] for _ in range(AGENTS)]
    draw, left = _Draw(Random(seed), writing), calls
    while left:
        agent = min(agents, key=len)
        for requests in draw.step():
            taken = requests[:left]
            left -= len(taken)
            if taken:
                agent.append(Turn(thinking and thinking * draw.random.lognormvariate(0.0, _SIGMA), taken))
    return agents


class _Draw:
    """A generator of random turns."""

    def __init__(self, random: Random, writing: float) -> None:
        self.random = random
        self._mix = {name: weight * (1.0 if TOOLS[name].reads else writing) for name, weight in WEIGHTS.items()}
        self._mix["check_availability"] -= _IN_FAN_OUTS
        self._mix["list_bookings"] -= _IN_PAGINATIONS
        mean_size = len(_SIZES) / sum(1 / size for size in _SIZES)
        self._kinds: dict[Callable[[], Sequence[Requests]], float] = {
            self._mixture: sum(self._mix.values()) / mean_size,
            self._fan_out: _IN_FAN_OUTS / 7,
            self._pagination: _IN_PAGINATIONS / 4,
        }

    def step(self) -> Sequence[Requests]:
        """Return the requests of the next turn, or of the next two turns of a pagination."""
        return self._one_of(self._kinds)()

    def _mixture(self) -> Sequence[Requests]:
        size = self._zipf(len(_SIZES)) + 1
        names = [self._one_of(self._mix) for _ in range(size)]
        return [tuple(dict.fromkeys(_request(name, **self._arguments(name)) for name in names))]

    def _fan_out(self) -> Sequence[Requests]:
        slug, monday = self._slug(), _MONDAY + timedelta(weeks=self._zipf(_DAYS // 7))
        days = [str(monday + timedelta(days=day)) for day in range(7)]
        return [tuple(_request("check_availability", eventTypeSlug=slug, **{"from": day, "to": day}) for day in days)]

    def _pagination(self) -> Sequence[Requests]:
        span = self._span()
        first, *others = (_request("list_bookings", page=page, **span) for page in range(1, 5))
        return [(first,), tuple(others)]

    def _arguments(self, name: str) -> dict[str, Any]:
        arguments: dict[str, Any] = {}
        match name:
            case "check_availability":
                day = str(_MONDAY + timedelta(days=self._zipf(_DAYS)))
                arguments = {"eventTypeSlug": self._slug(), "from": day, "to": day}
            case "list_bookings" | "list_conversations" | "list_call_history":
                arguments = self._span()
            case "list_contacts":
                arguments = {"search": f"guest {self._zipf(_PEOPLE)}"}
            case "get_contact" | "update_contact" | "delete_contact":
                arguments = {"contactId": f"c{self._zipf(_PEOPLE)}"}
            case "get_booking" | "cancel_booking" | "reschedule_booking":
                arguments = {"bookingId": f"b{self._zipf(_MEETINGS)}"}
            case "create_booking":
                arguments = {"eventTypeSlug": self._slug(), "inviteeEmail": f"guest{self._zipf(_PEOPLE)}@example.com"}
        return arguments

    def _span(self) -> dict[str, Any]:
        first = _MONDAY + timedelta(weeks=self._zipf(_WEEKS))
        return {"from": str(first), "to": str(first + timedelta(days=6))}

    def _slug(self) -> str:
        return f"meeting-{self._zipf(_SLUGS)}"

    def _one_of(self, weights: Mapping[T, float]) -> T:
        return self.random.choices(list(weights), list(weights.values()))[0]

    def _zipf(self, size: int) -> int:
        """Return a random number below *size*. A number n has the weight 1/(n + 1)."""
        return self.random.choices(range(size), [1 / rank for rank in range(1, size + 1)])[0]


_ALWAYS: Final[Mapping[str, Mapping[str, Any]]] = {
    "create_booking": {
        "startTime": "2026-03-02T14:00:00Z",
        "inviteeName": "Ada Lovelace",
        "inviteeTimezone": "Europe/London",
    },
    "reschedule_booking": {"newStartTime": "2026-03-03T14:00:00Z"},
    "create_contact": {"name": "Ada Lovelace", "email": "ada@example.com"},
    "update_contact": {"company": "Analytical Engines"},
    "create_event_type": {"name": "Chat", "slug": "chat", "durationMinutes": 15, "locationType": "ZOOM"},
    "update_event_type": {"eventTypeId": "e1", "durationMinutes": 45},
    "delete_event_type": {"eventTypeId": "e2"},
    "update_availability_rules": {"rules": [{"dayOfWeek": 1, "startTime": "09:00", "endTime": "17:00"}]},
    "create_availability_override": {"date": "2026-03-10"},
    "delete_availability_override": {"overrideId": "o1"},
    "update_settings": {"bufferAfter": 10},
    "create_webhook": {"url": "https://api.example.com/hook", "events": ["booking.created"]},
    "update_webhook": {"webhookId": "w1", "isActive": False},
    "delete_webhook": {"webhookId": "w2"},
    "create_workflow": {
        "name": "Thank you",
        "trigger": "BOOKING_CREATED",
        "actions": [{"type": "SEND_EMAIL", "config": {"subject": "Thanks"}}],
    },
}
"""The required arguments that change no result."""


def _request(name: str, **arguments: Any) -> Request:
    return TOOLS[name].request({**_ALWAYS.get(name, {}), **arguments})


def variety(played: Trace) -> float:
    """Return the share of distinct reads among all reads of a trace."""
    turns = chain.from_iterable(played)
    reads = [request for turn in turns for request in turn.requests if request.is_read]
    return len(set(reads)) / len(reads)
