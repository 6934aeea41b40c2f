"""Compares the answers of a run with the service's own records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from linktime.sandbox import Entry
from linktime.sandbox.store import Store
from linktime.sandbox.variant import Handled

from .agents import HASTY, LATE_TWIN, TWINS, Attempt
from .claims import DENIALS, SILENT, UNKNOWN, Claim
from .faults import Fault, Traits
from .setup import Read, Write

DOUBLED: Final = "double"
SENT_AGAIN: Final = "sent again"
FALSE_SUCCESS: Final = "false success"
FALSE_DENIAL: Final = "false denial"  # not_committed and its like, of a write that was carried out
FALSE_UNSENT: Final = "false 'not sent'"
ODD: Final = "odd answer"
MIXED_UP: Final = "mixed-up answer"
UNANSWERED: Final = "never answered"
ENDED_BADLY: Final = "ended badly"
KINDS: Final = (
    DOUBLED,
    SENT_AGAIN,
    FALSE_SUCCESS,
    FALSE_DENIAL,
    FALSE_UNSENT,
    ODD,
    MIXED_UP,
    UNANSWERED,
    ENDED_BADLY,
)
_REFUSED: Final = 429
_MEANT_TWICE: Final = (TWINS, LATE_TWIN)


@dataclass(frozen=True, slots=True)
class Case:
    """One write as it went: its *attempts*, and the *rows* that show it at the end.

    *excused* if the client may not expect an answer. *undone* counts the calls that undo the write.
    *made* tells whether the first call took effect.
    """

    write: Write
    fault: Fault
    agent: str
    attempts: tuple[Attempt, ...]
    rows: tuple[str, ...] = ()
    excused: bool = False
    undone: int = 0
    made: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken promise: one of KINDS in the run of a *seed*, and the *story*. If *counted* it is no fault of ours."""

    kind: str
    seed: int
    story: str
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Records:
    """The service's records of a run: the requests that *arrived*, and the writes that were *handled*."""

    arrived: Sequence[Entry]
    handled: Sequence[Handled]
    traits: Traits

    def made_by(self, write: Write, attempt: Attempt) -> bool:
        """Return whether a write took effect that arrived during *attempt*."""
        return any(attempt.began <= one.arrived <= attempt.ended for one in self.of(write)[1])

    def of(self, write: Write) -> tuple[list[Entry], list[Handled]]:
        """Return the requests for *write* that the service did not refuse, and those that took effect."""
        arrived = [entry for entry in self.arrived if _is_of(write, entry) and entry.status != _REFUSED]
        return arrived, [one for one in self.handled if _is_of(write, one) and not one.replay]


def judge(seed: int, cases: Iterable[Case], records: Records) -> Iterator[Finding]:
    """Find the broken promises of a run."""
    for case in cases:
        for kind, reason in _faults(case, records):
            yield Finding(kind, seed, _story(case, records, reason), counted=_is_counted(kind, case, records.traits))


def judge_read(seed: int, read: Read, claim: Claim, *, excused: bool) -> Iterator[Finding]:
    """Return the faults of the answer to a read."""
    story = f"{read.tool} {dict(read.arguments)}: {claim.word} {claim.text[:200]}"
    if claim.word in SILENT and not excused:
        yield Finding(UNANSWERED, seed, story)
    if claim.says_done and read.text not in claim.text:
        yield Finding(MIXED_UP, seed, story)
    if claim.word == "internal_error":
        yield Finding(ODD, seed, story)
    if claim.word == "not_found":
        yield Finding(FALSE_DENIAL, seed, story)


def judge_times(seed: int, store: Store) -> Iterator[Finding]:
    """Find times with two bookings."""
    twice = "SELECT startTime FROM bookings WHERE status = 'CONFIRMED' GROUP BY startTime HAVING count(*) > 1"
    for row in store.rows(twice):
        yield Finding(DOUBLED, seed, f"two bookings at {row['startTime']}")


def _faults(case: Case, records: Records) -> Iterator[tuple[str, str]]:
    arrived, effects = records.of(case.write)
    claims = [attempt.claim for attempt in case.attempts]
    meant = 2 if case.agent in _MEANT_TWICE else 1
    if len(case.rows) > meant:
        yield DOUBLED, f"it was made {len(case.rows)} times"
    if len(arrived) > len(claims) + case.undone:
        yield SENT_AGAIN, f"{len(arrived)} requests for {len(claims)} calls"
    if any(claim.word in SILENT for claim in claims) and not case.excused:
        yield UNANSWERED, "no answer that a client takes"
    possible = sum(claim.word not in DENIALS for claim in claims)
    if len(effects) > possible and any(attempt.overlaps for attempt in case.attempts):
        yield FALSE_DENIAL, f"it took effect {len(effects)} times"
    for attempt in case.attempts:
        yield from _faults_of(attempt, case, arrived, effects)


def _faults_of(
    attempt: Attempt, case: Case, arrived: Sequence[Entry], effects: Sequence[Handled]
) -> Iterator[tuple[str, str]]:
    claim = attempt.claim
    replaced = len(effects) > len(case.rows)  # a second override of a date takes the place of the first
    lasts = not case.undone or attempt is case.attempts[-1] is not case.attempts[0]
    if claim.says_done and lasts and (not case.rows or not (replaced or (claim.ident or case.rows[0]) in case.rows)):
        yield FALSE_SUCCESS, f"it was not made; call at {attempt.began:.1f}"
    if not (claim.says_done or claim.word in DENIALS | SILENT | {UNKNOWN}):
        yield ODD, f"no answer of this fault: {claim.word}"
    if attempt.overlaps:
        return
    took_effect = [one for one in effects if attempt.began <= one.arrived <= attempt.ended]
    if claim.word in DENIALS and took_effect:
        yield FALSE_DENIAL, f"the call at {attempt.began:.1f} took effect at {took_effect[0].at:.1f}"
    if claim.says_unsent and any(attempt.began <= entry.at <= attempt.ended for entry in arrived):
        yield FALSE_UNSENT, f"the call at {attempt.began:.1f} was sent"


def _is_counted(kind: str, case: Case, traits: Traits) -> bool:
    """Return whether a double is the agent's own choice, and no promise is broken.

    1. A hasty agent repeats whatever the answer is.
    2. A careful agent may repeat an unknown write. If the service ignores keys, only a taken time stops the second.
    """
    if kind != DOUBLED:
        return False
    doubtful = any(attempt.claim.word == UNKNOWN for attempt in case.attempts[:-1])
    return case.agent == HASTY or (doubtful and not traits.honors_keys and case.write.tool != "create_booking")


def _is_of(write: Write, request: Entry | Handled) -> bool:
    same = (request.method, request.path) == (write.method, write.path)
    return same and write.mark in orjson.dumps(request.body).decode()


def _story(case: Case, records: Records, reason: str) -> str:
    arrived, effects = records.of(case.write)
    calls = "; ".join(
        f"{attempt.began:.1f}-{attempt.ended:.1f} {attempt.claim.word} {attempt.claim.text[:300]}"
        for attempt in case.attempts
    )
    sent = ", ".join(f"{entry.status} at {entry.at:.1f}" for entry in arrived)
    took = ", ".join(f"{one.status} at {one.at:.1f}" for one in effects)
    return (
        f"{case.write.tool} {case.write.path} by {case.agent}: {reason}. Fault: {case.fault.name}. Calls: {calls}. "
        f"Sent: {sent or 'no'}. Took effect: {took or 'no'}. Rows: {', '.join(case.rows) or 'no'}. "
        f"Service: {_words(records.traits)}."
    )


def _words(traits: Traits) -> str:
    flags = [name for name in ("normalizes", "pending", "honors_keys") if getattr(traits, name)]
    hidden = [f"{path} without {', '.join(sorted(fields))}" for path, fields in traits.hidden.items()]
    times = f"lag {traits.lag[0]:.1f} to {traits.lag[1]:.1f}, {traits.skew:.1f} fast"
    return "; ".join([times, *flags, *hidden])
