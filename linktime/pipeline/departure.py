"""The last layer before the HTTP client: it notes which writes may have taken effect."""

from __future__ import annotations

from ..errors import RateLimited, Rejected, Unavailable
from ..message import Reply, Request, Send


class Departure:
    """A `Send` that keeps `Request.delivery` right, so that every layer above knows whether a write was sent."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def __call__(self, request: Request) -> Reply:
        """Send the request. Raises the errors of *send*, whatever they are."""
        if (delivery := request.delivery) is None:
            return await self._send(request)
        # Set before the request is sent: from here on an error of any kind may hide a success.
        delivery.possible = True
        try:
            return await self._send(request)
        except (Unavailable, RateLimited, Rejected):  # of a write these three say that it was not made
            delivery.possible = False
            raise
