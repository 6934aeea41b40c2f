"""What many runs came to, and how it is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from .plan import STAY
from .verdict import FAULTS, SILENCE, UNKNOWN, Call, Fault

_LAST: Final = (UNKNOWN, SILENCE)


class Answer(NamedTuple):
    """What a write met, whether that *hides* its outcome, whether it was *done*, the server *stayed*, and the word."""

    mishap: str
    hides: bool
    done: bool
    stayed: bool
    word: str


@dataclass(slots=True)
class Record:
    """The counts of all runs."""

    runs: int = 0
    calls: int = 0
    answers: Counter[Answer] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)

    def add(self, ending: str, calls: Sequence[Call], faults: Sequence[Fault]) -> None:
        """Note a run."""
        self.runs += 1
        self.calls += len(calls)
        self.endings[ending] += 1
        self.answers.update(
            Answer(call.mishap.name, call.mishap.hides, bool(call.traces), ending == STAY, call.claim.word)
            for call in calls
            if call.deed.trace
        )
        self.faults += faults

    @property
    def totals(self) -> dict[str, int]:
        """How many of each kind of fault there are."""
        found = Counter(fault.kind for fault in self.faults)
        return {kind: found[kind] for kind in FAULTS}

    def __str__(self) -> str:
        return "\n".join([*self._table(), "", *self._summary()])

    def _table(self) -> Iterator[str]:
        cells = Counter[tuple[str, str]]()
        for answer, number in self.answers.items():
            cells[answer.mishap, answer.word] += number
        words = sorted({word for _, word in cells}, key=lambda word: (word in _LAST, word))
        width = max(map(len, ["what the writes met", *(name for name, _ in cells)]))
        yield "  ".join([f"{'what the writes met':<{width}}", *(f"{word:>5}" for word in words)])
        for name in sorted({name for name, _ in cells}):
            row = (f"{cells[name, word] or '':>{max(5, len(word))}}" for word in words)
            yield "  ".join([f"{name:<{width}}", *row])

    def _summary(self) -> Iterator[str]:
        endings = ", ".join(f"{ending} {number}" for ending, number in self.endings.most_common())
        yield f"{self.runs} runs, {self.calls} calls; the servers' part: {endings}"
        yield "outcome_unknown, of the answered writes whose outcome was hidden:"
        for stayed, where in ((True, "the server stayed"), (False, "the server was ended")):
            shares = [self._unknown(stayed=stayed, done=done) for done in (True, False)]
            yield f"  where {where}: {shares[0]} that were done, {shares[1]} that were not"
        yield ", ".join(f"{kind}: {number}" for kind, number in self.totals.items())
        for fault in self.faults:
            yield f"  {fault.kind}, python -m tests.torture --seed {fault.seed} --runs 1: {fault.story}"

    def _unknown(self, *, stayed: bool, done: bool) -> str:
        words = Counter[str]()
        for answer, number in self.answers.items():
            if answer.hides and (answer.stayed, answer.done) == (stayed, done) and answer.word != SILENCE:
                words[answer.word] += number
        return f"{words[UNKNOWN]} of {words.total()} ({words[UNKNOWN] / max(1, words.total()):.1%})"
