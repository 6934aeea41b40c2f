"""Sessions over a `Send` of the test, without the layers of the pipeline."""

from __future__ import annotations

from typing import Any

from linktime.message import Notes, Send
from linktime.pipeline.local import AccountZone, LocalTimes
from linktime.protocol.session import Upstream


def upstream_of(send: Send, *, zone: AccountZone | None = None, **options: Any) -> Upstream:
    """Return *send* as an upstream with 42 free permits, a clock that stands at 1000 s, and 50 s for a call."""
    defaults: dict[str, Any] = {
        "clock": lambda: 1000.0,
        "deadline": 50.0,
        "eta": lambda _: None,
        "budget": lambda: Notes(budget_remaining=42),
    }
    return Upstream(send=LocalTimes(send, zone) if zone else send, direct=send, zone=zone, **defaults | options)
