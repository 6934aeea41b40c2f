"""The REST client: one HTTP exchange for each Request. Only this module and its connector use aiohttp's client."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from functools import partial
from typing import Final

import aiohttp
from yarl import URL

from ... import __version__
from ...contract import Contract
from ...errors import Failure
from ...message import Reply, Request
from ...telemetry import hooks
from .connector import NEVER_AGAIN, BrokenConnection, CleanConnector, UncleanConnection, once, reason_of, reuse
from .failures import CHECK_PROXY, CHECK_TRUST, LATER, Route, lost
from .proxy import proxy_of
from .ratelimit_headers import LONGEST_WAIT
from .response import Response
from .trust import tls_context
from .wire import on_the_wire

_LARGEST_BODY: Final = 4 << 20  # bytes; a page of 100 bookings has 0.2 MB
_WORTH_A_THREAD: Final = 64 << 10  # bytes; a thread decodes a larger body
_LARGEST_FIELD: Final = 64 << 10  # bytes of one header
_MOST_HEADERS: Final = 1000
_CONNECT_SHARE: Final = 0.5  # of the timeout: separates a failed connection from a lost answer
_KEEP_ALIVE: Final = 50  # s; under the 60 s after which load balancers drop an idle connection

_FEWER: Final = "Ask for fewer items or days."
_SET_PROXY: Final = "Set https_proxy or all_proxy to an http or https proxy, or set no_proxy."


class _TooLarge(aiohttp.ClientPayloadError):
    """A body over _LARGEST_BODY."""


class Rest:
    """A `Send` over HTTP: an answer of the API becomes a Reply, anything else a Failure.

    Redirects are not followed, so that only *base_url* receives the key.

    Args:
        base_url: The URL without /api/v1.
        key: The API key.
        timeout: Seconds for the whole exchange.
        connections: The largest number of open connections, for reads and for writes.
        longest_wait: Seconds. A longer Retry-After of LinkTime is shortened to it.
        contract: The operations, and the service's spelling. The one of this version by default.
        tls: Returns the TLS context, or None for that of aiohttp.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        timeout: float,
        connections: int,
        longest_wait: float = LONGEST_WAIT,
        contract: Contract | None = None,
        tls: Callable[[], ssl.SSLContext | None] = tls_context,
    ) -> None:
        # the service, and the way to it; `proxy_of` may resolve names, so the server builds this object in a thread
        self._route = Route(str(URL(base_url)), key, proxy_of(base_url))
        self._tls = tls() or True
        self._api = f"{self._route.base}/api/v1"
        self._contract = contract or Contract.shipped()
        # limits
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=timeout * _CONNECT_SHARE)
        self._connections = connections
        self._longest_wait = longest_wait
        # the session for reads (True) and for writes, each opened by its first request
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def __call__(self, request: Request) -> Reply:
        """Make the exchange.

        Raises:
            Rejected: LinkTime answered 4xx.
            RateLimited: LinkTime answered 429.
            Unavailable: A read has no usable answer, or nothing was sent.
            OutcomeUnknown: A write was sent and has no usable answer.
        """
        operation = self._contract.find(request.method, request.template)
        response = await self.exchange(on_the_wire(request, operation))
        read = partial(response.reply, request, operation, self._route, self._longest_wait)
        return read() if len(response.body) <= _WORTH_A_THREAD else await asyncio.to_thread(read)

    async def exchange(self, request: Request) -> Response:
        """Send a request that is in the service's spelling, and return any whole response.

        Raises Unavailable or OutcomeUnknown if there is none.
        """
        try:
            return await self._exchange(request)
        except (aiohttp.ClientError, TimeoutError, OSError, BrokenConnection) as error:
            failure = self._failure(request, error)
        raise failure  # outside of the except clause: aiohttp's error contains the key and must not become the context

    async def aclose(self) -> None:
        """Close the connections."""
        for session in self._sessions.values():
            await session.close()

    async def _exchange(self, request: Request) -> Response:
        session = self._sessions.get(request.is_read) or self._open(keep_alive=request.is_read)
        url = URL(self._api + request.path, encoded=True).with_query(request.query)
        with hooks.exchange_span(
            request.method, request.template, request.ident, api=self._api, resends=request.attempt
        ) as answered:
            async with session.request(
                request.method, url, data=request.body, headers=self._headers(request), allow_redirects=False
            ) as answer:
                answered(answer.status)
                return Response(answer.status, answer.headers, await _bounded(answer.content))

    def _open(self, *, keep_alive: bool) -> aiohttp.ClientSession:
        """Open the session for reads or for writes. A write never uses an idle connection, which may break under it."""
        proxy = self._route.proxy
        if proxy and not _speaks_http(proxy):
            raise aiohttp.InvalidURL(proxy)
        resolver = aiohttp.ThreadedResolver()
        connector = partial(CleanConnector, limit=self._connections, resolver=resolver, ssl=self._tls)
        session = self._sessions[keep_alive] = aiohttp.ClientSession(
            connector=connector(**(reuse(_KEEP_ALIVE) if keep_alive else NEVER_AGAIN)),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept": "application/json", "User-Agent": f"linktime-mcp/{__version__}"},
            max_field_size=_LARGEST_FIELD,
            max_headers=_MOST_HEADERS,
            middlewares=(once,),
            proxy=proxy,
            timeout=self._timeout,
        )
        return session

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self._route.key}"}  # as a session's header it would go to a proxy, too
        if request.body is not None:  # some servers refuse a DELETE that has a type and no body
            headers["Content-Type"] = "application/json"
        if request.method == "POST" and request.idempotency_key:
            headers["Idempotency-Key"] = request.idempotency_key
        return headers

    def _failure(self, request: Request, error: Exception) -> Failure:
        """Return the failure of an exchange without a whole answer.

        1. The cases up to `UncleanConnection` happen before the request is sent.
        2. In the others it was sent.

        No text of *error* is used, because it may hold the key.
        """
        match error:
            case aiohttp.ClientHttpProxyError(status=status):
                reason, advice, repeat = f"the proxy {self._route.via} answered {status}", CHECK_PROXY, status >= 500
            case aiohttp.ClientProxyConnectionError():
                reason, advice, repeat = f"the proxy {self._route.via}: {_reason(error)}", CHECK_PROXY, True
            case aiohttp.InvalidURL():
                reason, advice, repeat = "the environment names a proxy that is not http or https", _SET_PROXY, False
            case aiohttp.ClientConnectorCertificateError():
                reason, advice, repeat = "its certificate can't be trusted", CHECK_TRUST, False
            case aiohttp.ClientConnectorError():
                reason, advice, repeat = _reason(error), self._route.advice, True
            case aiohttp.ConnectionTimeoutError():
                reason, advice, repeat = "no connection in time", self._route.advice, True
            case UncleanConnection():
                reason, advice, repeat = "it sent bytes before the request", LATER, True
            case _TooLarge():
                return lost(request, f"LinkTime's answer has more than {_LARGEST_BODY} bytes", _FEWER)
            case TimeoutError():
                return lost(request, f"LinkTime did not answer within {self._timeout.total:g} s")
            case _:
                return lost(request, "the connection to LinkTime broke before its answer was complete")
        return self._route.unsent(reason, advice, repeat=repeat)


def _speaks_http(proxy: str) -> bool:
    """Return whether aiohttp can use *proxy*. It would speak HTTP even to a SOCKS proxy."""
    try:
        url = URL(proxy)
    except ValueError:
        return False
    return url.scheme in {"http", "https"} and bool(url.raw_host)


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    """Read a body of at most _LARGEST_BODY bytes, counted after decompression."""
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > _LARGEST_BODY:
            raise _TooLarge
    return bytes(body)


def _reason(error: aiohttp.ClientConnectorError) -> str:
    """Return why no connection was made, in words without an address."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "the host name has no address"
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return "no TLS connection"
    return reason_of(error.os_error)
