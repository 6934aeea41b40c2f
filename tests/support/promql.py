"""The selectors of PromQL expressions, and the names of our instruments in Prometheus."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from promql_parser import AggregateExpr, Expr, VectorSelector, parse, walk

from linktime.telemetry.instruments import INSTRUMENTS, Instrument

RESOURCE: Final = frozenset({"job", "instance"})
_SUFFIXES: Final = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
_VARIABLES: Final = {"$__rate_interval": "1m", "$__range": "1h", "$__tags": "", "$job": ".*", "$instance": ".*"}


@dataclass(frozen=True, slots=True)
class Selected:
    """One selector: its *text*, *metric* and *matchers* by label, and the *groups* of the aggregations around it."""

    text: str
    metric: str
    matchers: Mapping[str, str]
    groups: frozenset[str]

    @property
    def labels(self) -> frozenset[str]:
        """Every label that its series must be able to have."""
        return self.groups | self.matchers.keys()

    @property
    def grouped(self) -> str:
        """An expression for the series that have every label of the groups."""
        present = ",".join(f'{label}!=""' for label in sorted(self.groups))
        return f"{self.text} and {self.metric}{{{present}}}"


def selected(expression: str) -> list[Selected]:
    """Return the selectors of *expression* as Grafana fills it in. Raise ValueError if it is not PromQL."""
    selectors: list[Selected] = []
    around: list[list[str]] = []

    def enter(expr: Expr) -> None:
        if isinstance(expr, AggregateExpr):
            around.append(expr.modifier.labels if expr.modifier else [])
        if isinstance(expr, VectorSelector):
            matchers = {each.name: each.value for each in expr.matchers.matchers}
            selectors.append(Selected(expr.prettify(), expr.name or "", matchers, frozenset().union(*around)))

    def leave(expr: Expr) -> None:
        if isinstance(expr, AggregateExpr):
            around.pop()

    walk(parse(filled(expression)), enter, leave)
    return selectors


def filled(expression: str) -> str:
    """Return *expression* as Grafana sends it, with every session selected."""
    return re.sub(r"\$\w+", lambda variable: _VARIABLES[variable[0]], expression)


def underscored(name: str) -> str:
    """Return an attribute's name in Prometheus."""
    return name.replace(".", "_")


def _names(row: Instrument) -> list[str]:
    unit = "_seconds" if row.unit == "s" else ""
    return [underscored(row.name) + unit + suffix for suffix in _SUFFIXES[row.kind]]


def _labels(row: Instrument, name: str) -> frozenset[str]:
    own = {underscored(attribute) for attribute in row.attributes}
    return RESOURCE | own | ({"le"} if name.endswith("_bucket") else set())


def _values(row: Instrument) -> dict[str, frozenset[str]]:
    return {underscored(name): frozenset(values) for name, values in row.attributes.items() if values}


SERIES: Final = {name: row for row in INSTRUMENTS for name in _names(row)}
"""Every name that Prometheus has for an instrument."""

VALUES: Final = {name: _values(row) for name, row in SERIES.items()}
"""The values of those labels that have few."""

LABELS: Final = {name: _labels(row, name) for name, row in SERIES.items()}
"""The labels that the series of each name can have."""
