"""The faults of a run, as rules for the sandbox, and the variants of its service."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

LONGEST_LAG: Final = 6.0  # s
LATEST: Final = 3.0  # s; a request that is carried out behind its answer is carried out by then

_IDLE: Final = 0.001  # s; the connection is back in the pool by then, and the next read of the run has not begun
_SKEWS: Final = (0.0, 0.0, 0.3, 1.5, -1.5, 40.0, -40.0)  # s
_PAGE: Final = "<html><head><title>Error</title></head><body><h1>Something went wrong</h1></body></html>"
_HTML: Final = {"headers": {"Content-Type": "text/html"}, "body": _PAGE}
_PAGES: Final = (404, 404, 410, 403, 409, 422)  # of load balancers and filters, also in place of LinkTime's answer
_EMOJI: Final = '"note":"a cut emoji \\ud83d"'
_DEEP: Final = '"note":' + "[" * 600 + "]" * 600

Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """What a request meets: the sandbox's *rules* in order. It *hides* the outcome if no rule lets the answer through.

    *path* is the pattern of the requests that meet it, for a fault of reads.
    """

    name: str
    rules: tuple[Rule, ...] = ()
    hides: bool = True
    path: str = "*"


NONE: Final = Fault("none", hides=False)


@dataclass(frozen=True, slots=True)
class Traits:
    """How the service differs from the usual one. The fields are those of the sandbox's variant."""

    lag: tuple[float, float] = (0.0, 0.0)
    latency: tuple[float, float] = (0.0, 0.0)
    hidden: Mapping[str, frozenset[str]] = field(default_factory=dict)
    normalizes: bool = False
    pending: bool = False
    honors_keys: bool = True
    skew: float = 0.0

    @property
    def kind(self) -> str:
        """Return the trait that makes a write hardest to verify."""
        if self.hidden:
            return "hides fields"
        if self.normalizes or self.pending:
            return "normalizes"
        if self.skew:
            return "another clock"
        return "lags" if self.lag[1] else "plain"


def write_fault(random: Random, timeout: float) -> Fault:
    """Draw the fault of a write, for a client with a *timeout* in seconds."""
    kinds = [_status, _status, _status, _cut, _cut, _slow, _spoilt, _spoilt, _accepted, _crowded, _no_fault]
    fault = random.choice(kinds)(random, timeout)
    if random.random() < 0.1:
        first = _crowded(random, timeout)
        return Fault(fault.name, first.rules + fault.rules, fault.hides)
    return fault


def read_fault(random: Random, timeout: float) -> Fault:
    """Draw the fault of some reads, verification reads among them. Most often there is none."""
    times = random.randint(1, 3)
    faults = [
        Fault("5xx", ({"status": random.choice([500, 503]), "times": times},)),
        Fault("404 page", ({"status": 404, "times": random.randint(1, 6), **_HTML},)),
        Fault("404 page", ({"status": 404, "times": random.randint(1, 6), **_HTML},)),
        Fault("502 page", ({"status": 502, "times": random.randint(1, 6), **_HTML},)),
        Fault("reset", ({"reset": True, "times": times},)),
        Fault("hang", ({"hang": True},)),
        Fault("slow", ({"delaySeconds": timeout / 3, "times": times},)),
        Fault("200 page", ({"status": 200, **_HTML},)),
        Fault("429", ({"status": 429, "headers": {"Retry-After": "1"}},)),
        Fault("surrogate", ({"member": _EMOJI, "times": times},)),
        Fault("deep", ({"member": _DEEP, "times": times},)),
        Fault("unsolicited", ({"unsolicited": True, "times": times},)),
        Fault("unsolicited", ({"unsolicited": True, "unsolicitedSeconds": _IDLE, "times": times},)),
        Fault("empty list", ({"status": 200, "body": {"data": []}},), path="/bookings"),
    ]
    return random.choice([*faults, *[NONE] * len(faults)])


def traits(random: Random) -> Traits:
    """Draw a service."""
    lag = random.choice([0.0, 0.0, 1.0, 3.0, random.uniform(0.0, LONGEST_LAG), LONGEST_LAG])
    return Traits(
        lag=(random.choice([0.0, lag]), lag),
        latency=(0.005, random.choice([0.01, 0.06])),
        hidden=_hidden(random) if random.random() < 0.25 else {},
        normalizes=random.random() < 0.2,
        pending=random.random() < 0.1,
        honors_keys=random.random() < 0.6,
        skew=random.choice(_SKEWS),
    )


_FIELDS: Final = {
    "/bookings*": ("eventType", "inviteeEmail", "contact", "status", "createdAt", "updatedAt", "startTime"),
    "/contacts*": ("email", "name", "phone", "notes", "createdAt", "updatedAt"),
    "/event-types*": ("slug", "description", "durationMinutes", "isActive", "createdAt", "updatedAt"),
    "/webhooks": ("name", "url", "events", "isActive", "deliveryCount", "createdAt"),
    "/workflows": ("name", "trigger", "actions", "eventTypeIds", "createdAt"),
    "/availability/overrides": ("date", "isBlocked", "startTime", "endTime"),
    "/settings": ("focusTimeBlocks", "timezone"),
}


def _hidden(random: Random) -> dict[str, frozenset[str]]:
    return {
        path: frozenset(random.sample(fields, random.randint(1, len(fields) - 1))) for path, fields in _FIELDS.items()
    }


def _when(random: Random) -> str:
    return random.choice(["before", "after"])


def _no_fault(_: Random, __: float) -> Fault:
    return NONE


def _status(random: Random, _: float) -> Fault:
    status, when = random.choice([500, 502, 503, 504]), _when(random)
    kinds = [
        Fault(f"5xx {when} commit", ({"status": status, "when": when},)),
        Fault(f"5xx {when} commit", ({"status": status, "when": when},)),
        Fault(f"5xx page {when} commit", ({"status": status, "when": when, **_HTML},)),
        Fault(f"4xx page {when} commit", ({"status": random.choice(_PAGES), "when": when, **_HTML},)),
        Fault(
            "5xx, committed later", ({"status": status, "when": "later", "delaySeconds": random.uniform(0, LATEST)},)
        ),
    ]
    return random.choice(kinds)


def _cut(random: Random, _: float) -> Fault:
    end, when = random.choice(["reset", "close", "hang"]), _when(random)
    return Fault(f"{end} {when} commit", ({end: True, "when": when},))


def _slow(random: Random, timeout: float) -> Fault:
    late = min(1.9 * timeout, timeout + LATEST)
    kinds = [
        Fault("committed after the timeout", ({"delaySeconds": late},)),
        Fault("answered after the timeout", ({"delaySeconds": late, "when": "after"},)),
        Fault("slow", ({"delaySeconds": timeout / 3, "when": _when(random)},), hides=False),
    ]
    return random.choice(kinds)


def _spoilt(random: Random, timeout: float) -> Fault:
    garbage = base64.b64encode(b"\xff" + random.randbytes(40)).decode()
    rules: dict[str, Rule] = {
        "truncated 2xx": {"truncate": True},
        "dripping 2xx": {"drip": timeout / 7},
        "garbage 2xx": {"status": 200, "bodyBase64": garbage},
        "empty 2xx": {"status": 201, "body": ""},
        "page 2xx": {"status": 200, **_HTML},
        "deep 2xx": {"member": _DEEP},
        "surrogate 2xx": {"member": _EMOJI},
    }
    name = random.choice(sorted(rules))
    return Fault(name, ({"when": "after", **rules[name]},))


def _accepted(random: Random, _: float) -> Fault:
    """Answer 202, and carry the write out some time later."""
    body = random.choice([{}, {"status": "accepted"}, {"success": True}])
    return Fault("202", ({"status": 202, "body": body, "when": "later", "delaySeconds": random.uniform(0, LATEST)},))


def _crowded(random: Random, _: float) -> Fault:
    header = random.choice([{"headers": {"Retry-After": "1"}}, {}])
    return Fault("429 burst", ({"status": 429, "times": random.randint(1, 3), **header},), hides=False)
