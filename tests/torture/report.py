"""The counts of many runs, and their text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import fmean, quantiles
from typing import Final, NamedTuple

from .claims import SILENT, UNKNOWN
from .judge import KINDS, Case, Finding
from .stage import Played

_LAST: Final = (UNKNOWN, *sorted(SILENT))


class Answer(NamedTuple):
    """The first answer to a write: the *fault* that it met, whether it *hides* the outcome, and its *word*.

    *service* is the kind of its traits. *done* tells whether the service made the write, *stayed* whether the
    server went on.
    """

    fault: str
    service: str
    hides: bool
    done: bool
    stayed: bool
    word: str


@dataclass(slots=True)
class Report:
    """The counts of all runs. *seconds* are those of each call for a write, by whether its fault hides the outcome."""

    runs: int = 0
    writes: int = 0
    calls: int = 0
    reads: int = 0
    answers: Counter[Answer] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    seconds: dict[bool, list[float]] = field(default_factory=lambda: {False: [], True: []})

    def add(self, ending: str, played: Played) -> None:
        """Count a run."""
        self.runs += 1
        self.writes += len(played.cases)
        self.reads += played.reads
        self.endings[ending] += 1
        self.findings += played.findings
        for case in played.cases:
            self.calls += len(case.attempts)
            for attempt in case.attempts:
                self.seconds[case.fault.hides].append(attempt.ended - attempt.began)
            if case.attempts:
                self.answers[_first_answer(case, played.service, stayed=ending == "stay")] += 1

    def merge(self, other: Report) -> None:
        """Add the counts of *other*."""
        self.runs += other.runs
        self.writes += other.writes
        self.calls += other.calls
        self.reads += other.reads
        self.answers.update(other.answers)
        self.endings.update(other.endings)
        self.findings += other.findings
        for hides, seconds in other.seconds.items():
            self.seconds[hides] += seconds

    @property
    def faults(self) -> list[Finding]:
        """Return the broken promises."""
        return [finding for finding in self.findings if not finding.counted]

    @property
    def totals(self) -> dict[str, int]:
        """Return the number of broken promises of each kind."""
        counts = Counter(finding.kind for finding in self.faults)
        return {kind: counts[kind] for kind in KINDS}

    def __str__(self) -> str:
        return "\n".join([*self._by_fault(), "", *self._by_service(), "", *self._summary()])

    def _by_fault(self) -> Iterator[str]:
        cells = Counter[tuple[str, str]]()
        for answer, number in self.answers.items():
            cells[answer.fault, answer.word] += number
        return _table("first answer, by fault", cells)

    def _by_service(self) -> Iterator[str]:
        cells = Counter[tuple[str, str]]()
        for answer, number in self.answers.items():
            if answer.hides:
                cells[f"{answer.service}, {'made' if answer.done else 'not made'}", answer.word] += number
        return _table("first answer, by service", cells)

    def _summary(self) -> Iterator[str]:
        endings = ", ".join(f"{ending} {number}" for ending, number in self.endings.most_common())
        yield f"{self.runs} runs, {self.writes} writes, {self.calls} calls; the server's part: {endings}"
        yield f"{self.reads / max(1, self.calls):.2f} verification reads for each call"
        for hides, title in ((False, "visible"), (True, "hidden")):
            yield f"seconds of a call whose outcome is {title}: {_spread(self.seconds[hides])}"
        for stayed, title in ((True, "the server stayed"), (False, "the server was ended")):
            shares = [self._unknown(stayed=stayed, done=done) for done in (True, False)]
            yield f"outcome_unknown of the hidden, if {title}: {shares[0]} that were done, {shares[1]} that were not"
        yield ", ".join(f"{kind}: {number}" for kind, number in self.totals.items())
        counted = Counter(finding.kind for finding in self.findings if finding.counted)
        yield f"doubles by the agents' own choice: {counted.total()}"
        for finding in self.faults:
            yield f"  {finding.kind}, seed {finding.seed}: {finding.story}"

    def _unknown(self, *, stayed: bool, done: bool) -> str:
        words = Counter[str]()
        for answer, number in self.answers.items():
            if answer.hides and (answer.stayed, answer.done) == (stayed, done) and answer.word not in SILENT:
                words[answer.word] += number
        return f"{words[UNKNOWN]} of {words.total()} ({words[UNKNOWN] / max(1, words.total()):.1%})"


def _table(head: str, cells: Counter[tuple[str, str]]) -> Iterator[str]:
    """Yield the lines of a table: the words by row, and the share of unknown outcomes."""
    words = sorted({word for _, word in cells}, key=lambda word: (word in _LAST, word))
    width = max(map(len, [head, *(name for name, _ in cells)]))
    yield "  ".join([f"{head:<{width}}", *(f"{word:>5}" for word in words), "unknown"])
    for name in sorted({name for name, _ in cells}):
        row = [cells[name, word] for word in words]
        texts = (f"{number or '':>{max(5, len(word))}}" for word, number in zip(words, row, strict=True))
        yield "  ".join([f"{name:<{width}}", *texts, f"{cells[name, UNKNOWN] / sum(row):>7.0%}"])


def _first_answer(case: Case, service: str, *, stayed: bool) -> Answer:
    fault, word = case.fault, case.attempts[0].claim.word
    return Answer(fault.name, service, fault.hides, case.made, stayed, word)


def _spread(seconds: list[float]) -> str:
    if len(seconds) < 2:
        return "none"
    return f"mean {fmean(seconds):.1f}, 95 % within {quantiles(seconds, n=20)[-1]:.1f}"
