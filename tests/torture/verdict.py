"""Holds what the program answered against what the service did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from linktime.sandbox import Entry
from linktime.sandbox.store import Store

from .deeds import Deed
from .mishaps import Mishap

DOUBLED: Final = "doubled"
LIED: Final = "lied"
UNANSWERED: Final = "never answered"
ENDED_BADLY: Final = "ended badly"
FAULTS: Final = (DOUBLED, LIED, UNANSWERED, ENDED_BADLY)

DONE: Final = "done"
VERIFIED: Final = "verified"
UNKNOWN: Final = "outcome_unknown"
SILENCE: Final = "no answer"
DROPPED: Final = "protocol error"
_OPEN: Final = {UNKNOWN, SILENCE, DROPPED}
_DENIALS: Final = {
    "conflict",
    "not_committed",
    "not_found",
    "overloaded",
    "rate_limited",
    "shutting_down",
    "unavailable",
}
_UNSENT: Final = ("not sent", "nothing was sent")
_REFUSED_UNDONE: Final = 429


@dataclass(frozen=True, slots=True)
class Claim:
    """What a call was told: a *word*, the *text* behind it, and the id of what was made."""

    word: str
    text: str = ""
    ident: str | None = None

    @property
    def says_done(self) -> bool:
        """Whether it is a success."""
        return self.word in {DONE, VERIFIED}

    @property
    def says_unsent(self) -> bool:
        """Whether it says that the service never heard of the call."""
        return not self.says_done and any(words in self.text for words in _UNSENT)


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call as it went: *traces* are the ids of what was done; *excused*, if nobody may expect an answer."""

    deed: Deed
    mishap: Mishap
    claim: Claim
    traces: tuple[str, ...] = ()
    excused: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """One of FAULTS in the run of a *seed*, and what shows it."""

    kind: str
    seed: int
    story: str


def claim(frame: dict[str, Any] | None) -> Claim:
    """Read the answer to a tool call."""
    match frame:
        case {"result": {"isError": True, "content": [{"text": str(text)}]}}:
            return Claim(text.partition(":")[0], text)
        case {"result": {"structuredContent": dict(data)} as result}:
            verified = result.get("_meta", {}).get("linktime/outcome") == VERIFIED
            return Claim(VERIFIED if verified else DONE, f"{data}", data.get("bookingId") or data.get("id"))
        case None:
            return Claim(SILENCE)
        case _:
            return Claim(DROPPED, f"{frame}")


def judge(seed: int, calls: Sequence[Call], entries: Iterable[Entry]) -> list[Fault]:
    """Find what is wrong with the calls of a run; *entries* are the requests that came in."""
    dropped = [call for call in calls if call.claim.word in {SILENCE, DROPPED} and not call.excused]
    faults = [Fault(UNANSWERED, seed, f"{call.deed.tool} {call.deed.path} {call.claim.text}") for call in dropped]
    written = [entry for entry in entries if entry.method != "GET"]
    for deed in {id(call.deed): call.deed for call in calls if call.deed.trace}.values():  # twins are about one
        mine = [call for call in calls if call.deed is deed]
        wire = [entry for entry in written if _is_of(deed, entry)]
        faults += [Fault(kind, seed, _story(why, mine, wire)) for kind, why in _wrongs(mine, wire)]
    return faults


def crowded(seed: int, store: Store) -> list[Fault]:
    """Find times at which two bookings stand."""
    twice = "SELECT startTime FROM bookings WHERE status = 'CONFIRMED' GROUP BY startTime HAVING count(*) > 1"
    return [Fault(DOUBLED, seed, f"two bookings at {row['startTime']}") for row in store.rows(twice)]


def _wrongs(calls: Sequence[Call], wire: Sequence[Entry]) -> Iterable[tuple[str, str]]:
    """Tell what is wrong with the calls for one deed, which are one unless they are twins."""
    claims, traces = [call.claim for call in calls], calls[0].traces
    carried = [entry for entry in wire if entry.status != _REFUSED_UNDONE]
    if len(traces) > 1:
        yield DOUBLED, "it was done more than once"
    if len(carried) > len(calls):
        yield DOUBLED, "it was sent again"
    for told in claims:
        if told.says_done and (not traces or told.ident not in {None, *traces}):
            yield LIED, "a success, but it was not done so"
        if told.says_unsent and len(carried) == len(calls):
            yield LIED, "it was sent, in spite of what is said"
        if not told.says_done and told.word not in _OPEN | _DENIALS:
            yield LIED, "an answer that fits no fault"
    if traces and all(told.word in _DENIALS for told in claims):
        yield LIED, "it was done, in spite of what is said"


def _is_of(deed: Deed, entry: Entry) -> bool:
    return (entry.method, entry.path) == (deed.method, deed.path) and deed.mark in orjson.dumps(entry.body).decode()


def _story(why: str, calls: Sequence[Call], wire: Sequence[Entry]) -> str:
    told = "; ".join(f"[{call.mishap.name}] {call.claim.word} {call.claim.text}" for call in calls)
    sent = ", ".join(f"{entry.status}" for entry in wire)
    deed, traces = calls[0].deed, ", ".join(calls[0].traces)
    return f"{deed.tool} {deed.path}: {why}. Told: {told}. Sent: {sent or 'no'}. There: {traces or 'no'}."
