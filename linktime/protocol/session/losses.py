"""The data that a call would change or delete, for the question to the user."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ...answers import as_object
from ...errors import Failure, Rejected, ShuttingDown
from ...message import Request
from ...tools import TOOLS
from ...tools.confirmation import Confirmation, Details
from ...tools.guest_text import GuestText, guest_texts
from .upstream import Upstream


class Losses:
    """Reads these data through *upstream*. *remember* takes the texts of guests in them."""

    def __init__(self, upstream: Upstream, remember: Callable[[Iterable[GuestText]], None]) -> None:
        self._upstream = upstream
        self._remember = remember

    async def __call__(self, confirmation: Confirmation, request: Request, *, fresh: bool = False) -> Details:
        """Return the details of the data, with *fresh* past the cache. They are empty if they can't be read.

        Raises:
            Rejected: The data does not exist, or the request has nothing left to do.
        """
        if not confirmation.lookup:
            return {}
        tool = TOOLS[confirmation.lookup]
        lookup = tool.request(confirmation.arguments(request))
        details = await self._read(lookup.fresh() if fresh else lookup)
        self._remember(guest_texts(tool.name, details))
        if (done := confirmation.done(details)) and not fresh:  # an answer from the cache may be out of date
            return await self(confirmation, request, fresh=True)
        if done:
            raise Rejected("conflict", done, status=409)
        return details

    async def _read(self, lookup: Request) -> dict[str, Any]:
        try:
            data = (await self._upstream.send(self._upstream.within(lookup, self._upstream.deadline))).data
        except ShuttingDown:
            raise
        except Failure as failure:
            if isinstance(failure, Rejected) and failure.status == 404:
                raise
            return {}
        return {} if data is None else as_object(data)
