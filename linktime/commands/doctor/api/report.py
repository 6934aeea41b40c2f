"""The comparison as text for an issue, and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import Any, Final

from .... import __version__
from ....contract.spelling import snake
from .comparison import Comparison
from .names import Difference

FILE: Final = "linktime/contract/openapi.json"
_WIDTH: Final = 100  # characters of a line of names
_GLUE: Final = "\0"  # stands for a space inside a name


def as_json(comparison: Comparison) -> str:
    """Return one object: the names of each verdict, and the lines to change."""
    return json.dumps(_facts(comparison), indent=2) + "\n"


def as_text(comparison: Comparison) -> str:
    """Return the verdicts, the differences first, and the lines to change."""
    different = comparison.different.values()
    confirmed, unseen = sorted(comparison.confirmed), comparison.not_seen
    lines = [
        f"linktime-mcp {__version__}: LinkTime's API compared with the contract, {comparison.requests} requests",
        "",
        *_section(f"different: {len(different)}", [f"{_named(each)}: {each.how}" for each in different]),
        *_section("no answer", [f"{name}: {problem}" for name, problem in comparison.problems.items()]),
        *_section("new, not in the contract", [f"{name}: {kind}" for name, kind in comparison.new.items()]),
        *_section(f"confirmed: {len(confirmed)}", _listed(confirmed)),
        *_section(f"not seen: {len(unseen)}", _listed(unseen)),
        *_section("headers of the rate limit", [", ".join(comparison.limits) or "none"]),
        *_section(f"to change in {FILE}", changes(comparison)),
    ]
    return "\n".join(lines).rstrip() + "\n"


def changes(comparison: Comparison) -> list[str]:
    """Return the lines to change: the place, and the spelling of the service."""
    spelled = {name: each for name, each in comparison.different.items() if each.wire}
    cased = {name for name, each in spelled.items() if each.wire == snake(_last(name)) != _last(name)}
    envelope = {_last(name): each.wire for name, each in spelled.items() if _last(name) in {"data", "pagination"}}
    rules: dict[str, Any] = {
        **({"case": "snake_case"} if cased else {}),
        **({"envelope": comparison.envelope} if comparison.envelope else {}),
        **({"fields": envelope} if envelope else {}),
    }
    return [
        *([f'at the root: "x-wire": {json.dumps(rules)}'] if rules else []),
        *(
            f'{place(name)}: "x-wire": "{each.wire}"'
            for name, each in spelled.items()
            if name not in cased and _last(name) not in envelope
        ),
        *(_endpoint(each) for each in comparison.different.values() if each.guess.what == "operation"),
    ]


def _endpoint(difference: Difference) -> str:
    """Return the line to change of an operation: its path, which is unknown, or the parameter that the error names."""
    where = place(difference.guess.name)
    if len(difference.hints) == 1:
        return f'{where}, a parameter: "x-wire": "{difference.hints[0]}"'
    return f'{where}: "x-wire": "…"'


def place(name: str) -> str:
    """Return where an operation or a field stands in the document."""
    if name.startswith("GET "):
        return f"paths, {name.removeprefix('GET ')}"
    return "components, schemas, " + ", ".join(name.split("."))


def _facts(comparison: Comparison) -> dict[str, Any]:
    return {
        "version": __version__,
        "requests": comparison.requests,
        "different": [
            {"name": each.guess.name, "what": each.guess.what, "evidence": each.guess.evidence, "how": each.how}
            for each in comparison.different.values()
        ],
        "confirmed": sorted(comparison.confirmed),
        "notSeen": comparison.not_seen,
        "noAnswer": comparison.problems,
        "new": comparison.new,
        "rateLimitHeaders": list(comparison.limits),
        "changes": changes(comparison),
    }


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield a section, unless it has no lines."""
    if indented := [f"  {line}" for line in lines]:
        yield from (title, *indented, "")


def _listed(names: Iterable[str]) -> list[str]:
    """Return lines of names. No line breaks inside a name."""
    lines = wrap(", ".join(name.replace(" ", _GLUE) for name in names), _WIDTH, break_on_hyphens=False)
    return [line.replace(_GLUE, " ") for line in lines]


def _named(difference: Difference) -> str:
    return f"{difference.guess.name} ({difference.guess.evidence})"


def _last(name: str) -> str:
    return name.rpartition(".")[2]
