"""The course of one call: its requests, sent with one deadline, and the wait that they report."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Final
from uuid import uuid4

from mcp.shared.exceptions import MCPError

from ...errors import Failure
from ...message import Delivery, Reply, Request
from ...tools import Tool
from ...tools.plan import Plan
from .ranges import joined
from .sdk_server import Context
from .unexpected import guarded
from .upstream import Upstream

WAITING: Final = "waiting for budget"
"""The words of a progress notification, before the estimate."""

_EVERY: Final = 1.0  # s between two progress notifications


class Course:
    """The requests of a *plan* on their way to *upstream*, all by the same *deadline* in seconds of its clock.

    Each write has an Idempotency-Key of its own. The *delivery* belongs to the whole call: it is possible that the call
    has changed something once that is possible for one request.

    The first request of a range goes alone. If it fails, the others would fail too, and are not sent. Otherwise all
    others are queued at once. A call that is cancelled withdraws those that still wait.
    """

    def __init__(self, upstream: Upstream, tool: Tool, plan: Plan, deadline: float, delivery: Delivery) -> None:
        self._upstream = upstream
        self._tool = tool
        self._plan = plan
        self._delivery = delivery
        self._requests = {name: self._prepared(request, deadline) for name, request in plan.requests.items()}
        self._ended = 0  # requests with a result

    async def __call__(self, context: Context) -> Reply:
        """Return the answer of the call. Report the wait for budget every second to a client that asks for progress.

        Raises:
            Failure: The request failed. For a range the message has the state of every date.
        """
        asks = context.meta is not None and context.meta.get("progress_token") is not None
        reports = asyncio.create_task(self._report(context)) if asks else None
        try:
            reply = await (self._all() if self._plan.is_range else self._upstream.send(self._requests[""]))
        finally:
            if reports:
                reports.cancel()
        return self._plan.finish(reply)

    async def _report(self, context: Context) -> None:
        reports = 0  # progress may only rise, so each report counts one more
        with suppress(MCPError):  # the client closed the channel
            while True:
                await self._upstream.sleep(_EVERY)
                if message := self._wait():
                    reports += 1
                    await context.session.report_progress(reports, None, message)

    def _wait(self) -> str | None:
        """Return a message about the wait for budget, or None if no request waits."""
        seconds = max((eta for each in self._requests.values() if (eta := self._upstream.eta(each))), default=None)
        if seconds is None:
            return None
        done = f"{self._ended} of {len(self._requests)} dates done, " if self._plan.is_range else ""
        return f"{done}{WAITING}, about {seconds:.0f} s"

    def _prepared(self, request: Request, deadline: float) -> Request:
        request = replace(request, deadline=deadline)
        if request.is_read:
            return request
        delivery = Delivery() if self._plan.is_range else self._delivery
        return replace(request, idempotency_key=str(uuid4()), delivery=delivery)

    async def _all(self) -> Reply:
        # One refusal of the first date costs one permit. After a success the others wait in the queue together, so that
        # the limiter sees all of them.
        first, *others = self._requests
        results: dict[str, Reply | Failure | None] = {first: await self._result(first), **dict.fromkeys(others)}
        if isinstance(results[first], Reply):
            async with asyncio.TaskGroup() as group:
                tasks = {name: group.create_task(self._result(name)) for name in others}
            results |= {name: task.result() for name, task in tasks.items()}
        return joined(results)

    async def _result(self, name: str) -> Reply | Failure:
        request = self._requests[name]
        delivery = request.delivery or self._delivery
        try:
            with guarded(self._tool, delivery):
                return await self._upstream.send(request)
        except Failure as failure:
            return failure
        finally:
            # A date that was sent keeps the whole call from being reported as unsent.
            self._ended += 1
            self._delivery.possible |= delivery.possible
