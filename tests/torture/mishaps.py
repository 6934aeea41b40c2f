"""The ways in which LinkTime misbehaves, as rules for the sandbox."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final

TIMEOUT: Final = 0.7  # s; the program's LINKTIME_TIMEOUT
LATE: Final = 1.3  # s; a request that is held up for so long is carried out when the program has given it up

_PAGE: Final = "<html><head><title>Error</title></head><body><h1>Something went wrong</h1></body></html>"
_HTML: Final = {"headers": {"Content-Type": "text/html"}, "body": _PAGE}
_EMPTY_LIST: Final = {"data": [], "pagination": {"page": 1, "limit": 100, "total": 0, "totalPages": 0}}


@dataclass(frozen=True, slots=True)
class Mishap:
    """What a request meets: the sandbox's *rules*, one after the other; *hides* if they hide what became of it."""

    name: str
    rules: tuple[Mapping[str, Any], ...] = ()
    hides: bool = True

    def after(self, other: Mishap) -> Mishap:
        """Let another come first, which the program gets over."""
        return Mishap(self.name, other.rules + self.rules, self.hides)


NONE: Final = Mishap("none", hides=False)


def for_write(random: Random) -> Mishap:
    """Draw what a write meets."""
    mishap = random.choice([_fault, _fault, _cut, _cut, _slow, _spoilt, _crowded, _none])(random)
    return mishap.after(_crowded(random)) if random.random() < 0.1 else mishap


def for_reads(random: Random) -> tuple[Mishap, str]:
    """Draw what a few reads meet, and which: most often it is nothing."""
    times = random.randint(1, 3)
    few = [
        Mishap("5xx", ({"status": random.choice([500, 503]), "times": times},)),
        Mishap("reset", ({"reset": True, "times": times},)),
        Mishap("hang", ({"hang": True},)),
        Mishap("slow", ({"delaySeconds": TIMEOUT / 3, "times": times},)),
        Mishap("page", ({"status": 200, **_HTML},)),
        Mishap("429", ({"status": 429, "headers": {"Retry-After": "1"}},)),
    ]
    behind = Mishap("behind", ({"status": 200, "body": _EMPTY_LIST},))  # once, and then it has caught up
    return random.choice([(NONE, "*")] * 6 + [(mishap, "*") for mishap in few] + [(behind, "/bookings")])


def _none(_: Random) -> Mishap:
    return NONE


def _when(random: Random) -> str:
    return random.choice(["before", "after"])


def _fault(random: Random) -> Mishap:
    status, when = random.choice([500, 502, 503, 504]), _when(random)
    if random.random() < 0.5:
        return Mishap(f"5xx {when} commit", ({"status": status, "when": when},))
    return Mishap(f"5xx page {when} commit", ({"status": status, "when": when, **_HTML},))


def _cut(random: Random) -> Mishap:
    how, when = random.choice(["reset", "close", "hang"]), _when(random)
    return Mishap(f"{how} {when} commit", ({how: True, "when": when},))


def _slow(random: Random) -> Mishap:
    late = Mishap("done when given up", ({"delaySeconds": LATE},))
    answered_late = Mishap("answered when given up", ({"delaySeconds": LATE, "when": "after"},))
    slow = Mishap("slow", ({"delaySeconds": TIMEOUT / 3, "when": _when(random)},), hides=False)
    return random.choice([late, answered_late, slow])


def _spoilt(random: Random) -> Mishap:
    garbage = base64.b64encode(b"\xff" + random.randbytes(40)).decode()
    rules: dict[str, dict[str, Any]] = {
        "truncated 2xx": {"truncate": True},
        "dripping 2xx": {"drip": 0.1},
        "garbage 2xx": {"status": 200, "bodyBase64": garbage},
        "empty 2xx": {"status": 201, "body": ""},
        "page 2xx": {"status": 200, **_HTML},
    }
    name = random.choice(sorted(rules))
    return Mishap(name, ({"when": "after", **rules[name]},))


def _crowded(random: Random) -> Mishap:
    told = random.choice([{"headers": {"Retry-After": "1"}}, {}])
    return Mishap("429 burst", ({"status": 429, "times": random.randint(1, 3), **told},), hides=False)
