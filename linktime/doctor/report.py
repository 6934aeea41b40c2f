"""What was found, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from .finding import Finding, State

Findings = Mapping[str, Sequence[Finding]]
"""What was found, by area."""


def count(findings: Findings, state: State) -> int:
    """Count the findings of a state."""
    return sum(finding.state == state for area in findings.values() for finding in area)


def as_json(findings: Findings) -> str:
    """Write one object; a field for each area."""
    told = {area: [finding._asdict() for finding in found] for area, found in findings.items()}
    return json.dumps({"healthy": not count(findings, "fault"), **told}, indent=2) + "\n"


def as_text(findings: Findings) -> str:
    """Write a line for each finding, the cure under it."""
    faults, warnings = count(findings, "fault"), count(findings, "warning")
    lines = [line for area, found in findings.items() for line in _section(area, found)]
    return "\n".join([*lines, f"{_counted(faults, 'fault')}, {_counted(warnings, 'warning')}", ""])


def _section(area: str, found: Sequence[Finding]) -> Iterator[str]:
    width = max((len(finding.subject) for finding in found), default=0)
    yield area
    for subject, state, seen, cure in found:
        yield f"  {'ok' if state == 'good' else state:<7}  {subject:<{width}}  {seen}"
        if cure:
            yield f"{'':<9}  {cure}"
    yield ""


def _counted(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
