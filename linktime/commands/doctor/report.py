"""The findings as text for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from .finding import Finding, State

Findings = Mapping[str, Sequence[Finding]]
"""The findings of each area, in the order of the report."""


_FIELDS: Final = ("subject", "state", "seen", "cure", "code")  # of a finding in JSON; programs read them


def count(findings: Findings, state: State) -> int:
    """Count the findings of a state."""
    return sum(finding.state == state for area in findings.values() for finding in area)


def as_json(findings: Findings) -> str:
    """Return one object with a field for each area."""
    areas = {area: [dict(zip(_FIELDS, finding, strict=True)) for finding in group] for area, group in findings.items()}
    return json.dumps({"healthy": not count(findings, "fault"), **areas}, indent=2) + "\n"


def as_text(findings: Findings) -> str:
    """Return a line for each finding, with the cure below it, and the totals."""
    faults, warnings = count(findings, "fault"), count(findings, "warning")
    lines = [line for area, group in findings.items() for line in _section(area, group)]
    return "\n".join([*lines, f"{_counted(faults, 'fault')}, {_counted(warnings, 'warning')}", ""])


def _section(area: str, group: Sequence[Finding]) -> Iterator[str]:
    """Yield the lines of one area, with the subjects in a column."""
    width = max((len(finding.subject) for finding in group), default=0)
    yield area
    for finding in group:
        state = "ok" if finding.state == "good" else finding.state
        yield f"  {state:<7}  {finding.subject:<{width}}  {finding.message}"
        if finding.cure:
            yield f"{'':<9}  {finding.cure}"
    yield ""


def _counted(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
