"""A plan: the requests of one call, and the way from their replies to its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ..message import Reply, Request

Finish = Callable[[Reply], Reply]


def _unchanged(reply: Reply) -> Reply:
    return reply


@dataclass(frozen=True, slots=True)
class Plan:
    """The *requests* of a call, one for each date, or a single one under an empty name.

    Several requests are writes of their own: each has its own outcome. *finish* makes the answer of the one reply, or
    of the joined replies.
    """

    requests: Mapping[str, Request]
    finish: Finish = _unchanged

    @classmethod
    def of(cls, made: Request | Plan) -> Plan:
        """Return the plan of one request, or *made* itself if it is a plan."""
        return made if isinstance(made, Plan) else cls({"": made})

    def verified(self, verification: object) -> Plan:
        """Return the plan whose every request carries how it is verified, or itself without a *verification*."""
        if verification is None:
            return self
        requests = {name: replace(each, verification=verification) for name, each in self.requests.items()}
        return replace(self, requests=requests)

    @property
    def first(self) -> Request:
        """The first request, which is the only one unless the call has a range."""
        return next(iter(self.requests.values()))

    @property
    def is_range(self) -> bool:
        """Whether the answer has one result for each date."""
        return "" not in self.requests

    def then(self, finish: Finish) -> Plan:
        """Return the plan with another *finish*."""
        return replace(self, finish=finish)
