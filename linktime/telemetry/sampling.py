"""Which traces are recorded: the samplers of the specification, as arithmetic on a trace's id and parent.

https://opentelemetry.io/docs/specs/otel/trace/sdk/#built-in-samplers
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from .span import Place

Sampler = Callable[[int, Place | None], bool]
"""Decides by a trace's id and the place that the client gave, if it gave one."""

_LOW_BITS: Final = (1 << 64) - 1


def by_parent(_: int, parent: Place | None) -> bool:
    """Do as the client does, and record what it does not trace: the default."""
    return parent is None or parent.sampled


def _by_ratio(ratio: float) -> Sampler:
    bound = round(ratio * (1 << 64))
    return lambda trace_id, _: trace_id & _LOW_BITS < bound


def _by_parent(root: Callable[[float], Sampler]) -> Callable[[float], Sampler]:
    def made(ratio: float) -> Sampler:
        decide = root(ratio)
        return lambda trace_id, parent: parent.sampled if parent else decide(trace_id, None)

    return made


def _always(_: float) -> Sampler:
    return lambda _, __: True


def _never(_: float) -> Sampler:
    return lambda _, __: False


SAMPLERS: Final[Mapping[str, Callable[[float], Sampler]]] = {
    "always_on": _always,
    "always_off": _never,
    "traceidratio": _by_ratio,
    "parentbased_always_on": lambda _: by_parent,
    "parentbased_always_off": _by_parent(_never),
    "parentbased_traceidratio": _by_parent(_by_ratio),
}
"""Each is made of the ratio of OTEL_TRACES_SAMPLER_ARG, which only some of them use."""
