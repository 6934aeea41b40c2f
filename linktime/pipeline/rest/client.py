"""The REST client: one HTTP exchange for each Request. Only this module and its connector use aiohttp's client."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from email.message import Message
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from yarl import URL

from ... import __version__
from ...errors import Failure, OutcomeUnknown, RateLimited, Rejected, Unavailable
from ...message import Reply, Request
from ...sanitize import lenient, one_line, visible
from ...telemetry import hooks
from . import envelope
from .connector import CleanConnector, UncleanConnection
from .proxy import proxy_of
from .ratelimit_headers import LONGEST_WAIT, http_date, quota, retry_after, wished_wait

_LARGEST_BODY: Final = 4 << 20  # bytes; a page of 100 bookings has 0.2 MB
_MOST_VALUES: Final = 50_000  # JSON values in a body; a page of 100 bookings has 6,000
_WORTH_A_THREAD: Final = 64 << 10  # bytes; a larger body is decoded beside the event loop
_LARGEST_FIELD: Final = 64 << 10  # bytes of one header
_MOST_HEADERS: Final = 1000
_LONGEST_QUOTE: Final = 300  # characters of LinkTime's own message
_LONGEST_LOOK: Final = 4 * _LONGEST_QUOTE  # characters that are cleaned to get them; the patterns are not linear
_CONNECT_SHARE: Final = 0.5  # of the timeout: separates a failed connection from a lost answer
_KEEP_ALIVE: Final = 50  # s; under the 60 s after which load balancers drop an idle connection

_CODES: Final = {400: "validation_error", 401: "unauthorized", 403: "forbidden", 404: "not_found", 409: "conflict"}
_ABSENT: Final = {404, 410}
_NOT_DONE: Final = {301, 307, 308}  # redirects that promise that nothing was done; 302 and 303 promise nothing
_BASE: Final = "Check LINKTIME_BASE_URL."
_LATER: Final = "Call again later."
_LESS: Final = "Ask for fewer items or days."
_CHECK_NETWORK: Final = f"Check the network and LINKTIME_BASE_URL. {_LATER}"
_CHECK_PROXY: Final = "Check the proxy that https_proxy or all_proxy names."
_SET_PROXY: Final = "Set https_proxy or all_proxy to an http or https proxy, or set no_proxy."
_ADVICE: Final = {
    "unauthorized": "Check LINKTIME_API_KEY, or make a new key under Settings → API Keys.",
    "forbidden": "This key's account or plan may not do this.",
    "not_found": "Take ids and slugs from the matching list tool.",
    "conflict": "Look at the present state before you try something else.",
    "validation_error": "Correct the arguments and call again.",
    "rate_limited": "Wait before the next call.",
}


class _Broken(Exception):  # noqa: N818 - it carries a fault past aiohttp, nothing more
    """A connection that broke under a request; no ClientError, or aiohttp would send GET, PUT and DELETE again."""


class _TooLarge(aiohttp.ClientPayloadError):
    """A body over _LARGEST_BODY."""


class Rest:
    """A `Send` over HTTP: an API answer becomes a Reply, anything else a Failure that states only certain facts.

    *timeout* is in seconds for the whole exchange. *connections* bounds the open connections, for reads and for writes.
    *longest_wait* caps LinkTime's Retry-After, in seconds. Redirects are not followed, so that only *base_url* receives
    the key. Sessions are opened at the first request.
    """

    def __init__(
        self, base_url: str, key: str, *, timeout: float, connections: int, longest_wait: float = LONGEST_WAIT
    ) -> None:
        self._base = URL(base_url)
        self._api = f"{self._base}/api/v1"
        self._key = key
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=timeout * _CONNECT_SHARE)
        self._connections = connections
        self._longest_wait = longest_wait
        self._proxy = proxy_of(base_url)  # may resolve names, so the server builds this object in a thread
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def __call__(self, request: Request) -> Reply:
        """Make the exchange.

        Raises:
            Rejected: LinkTime answered 4xx.
            RateLimited: LinkTime answered 429.
            Unavailable: A read has no usable answer, or nothing was sent.
            OutcomeUnknown: A write was sent and has no usable answer.
        """
        try:
            status, headers, body = await self._exchange(request)
        except (aiohttp.ClientError, TimeoutError, OSError, _Broken) as error:
            failure = self._fault(request, error)
        else:
            if len(body) <= _WORTH_A_THREAD:
                return self._read(request, status, headers, body)
            return await asyncio.to_thread(self._read, request, status, headers, body)
        raise failure  # outside of the except clause: aiohttp's error contains the key and must not become the context

    async def aclose(self) -> None:
        """Close the connections."""
        for session in self._sessions.values():
            await session.close()

    async def _exchange(self, request: Request) -> tuple[int, Mapping[str, str], bytes]:
        session = self._sessions.get(request.is_read) or self._open(keep_alive=request.is_read)
        url = URL(self._api + request.path, encoded=True).with_query(request.query)
        with hooks.exchange_span(
            request.method, request.template, request.ident, api=self._api, resends=request.attempt
        ) as answered:
            async with session.request(
                request.method, url, data=request.body, headers=self._headers(request), allow_redirects=False
            ) as answer:
                answered(answer.status)
                return answer.status, answer.headers, await _bounded(answer.content)

    def _open(self, *, keep_alive: bool) -> aiohttp.ClientSession:
        """Open the session for reads, or that for writes: a write never uses an idle connection."""
        if self._proxy and not _speaks_http(self._proxy):
            raise aiohttp.InvalidURL(self._proxy)
        connector = partial(CleanConnector, limit=self._connections, resolver=aiohttp.ThreadedResolver())
        session = self._sessions[keep_alive] = aiohttp.ClientSession(
            connector=connector(keepalive_timeout=_KEEP_ALIVE) if keep_alive else connector(force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept": "application/json", "User-Agent": f"linktime-mcp/{__version__}"},
            max_field_size=_LARGEST_FIELD,
            max_headers=_MOST_HEADERS,
            middlewares=(_once,),
            proxy=self._proxy,
            timeout=self._timeout,
        )
        return session

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self._key}"}  # as a session's header it would go to a proxy, too
        if request.body is not None:  # some servers refuse a DELETE that has a type and no body
            headers["Content-Type"] = "application/json"
        if request.method == "POST" and request.idempotency_key:
            headers["Idempotency-Key"] = request.idempotency_key
        return headers

    def _fault(self, request: Request, error: Exception) -> Failure:
        """Return the failure of an exchange without a whole answer. No text of *error* is used: it may hold the key."""
        match error:
            case aiohttp.ClientHttpProxyError(status=status):
                reason, advice, repeat = f"the proxy {self._via} answered {status}", _CHECK_PROXY, status >= 500
            case aiohttp.ClientProxyConnectionError():
                reason, advice, repeat = f"the proxy {self._via}: {_reason(error)}", _CHECK_PROXY, True
            case aiohttp.InvalidURL():
                reason, advice, repeat = "the environment names a proxy that is not http or https", _SET_PROXY, False
            case aiohttp.ClientConnectorCertificateError():
                reason, advice, repeat = "its certificate can't be trusted", _BASE, False
            case aiohttp.ClientConnectorError():
                reason, advice, repeat = _reason(error), _CHECK_NETWORK, True
            case aiohttp.ConnectionTimeoutError():
                reason, advice, repeat = "no connection in time", _CHECK_NETWORK, True
            case UncleanConnection():
                reason, advice, repeat = "it sent bytes before the request", _LATER, True
            case _TooLarge():
                return _lost(request, f"LinkTime's answer has more than {_LARGEST_BODY} bytes", _LESS)
            case TimeoutError():
                return _lost(request, f"LinkTime did not answer within {self._timeout.total:g} s")
            case _:
                return _lost(request, "the connection to LinkTime broke before its answer was complete")
        return self._unsent(reason, advice, repeat=repeat)

    def _unsent(self, reason: str, advice: str, *, repeat: bool) -> Unavailable:
        if self._proxy and "proxy" not in reason:
            reason += f", through the proxy {self._via}"
        happened = self._hidden(f"{self._base} can't be reached ({reason}), so nothing was sent.")
        return Unavailable(happened, advice, sent=False, repeat=repeat)

    @property
    def _via(self) -> str:
        """The proxy's address without its password."""
        return str(URL(self._proxy or "").origin())

    def _read(self, request: Request, status: int, headers: Mapping[str, str], body: bytes) -> Reply:
        """Return the Reply in a whole answer, or raise the Failure that it states."""
        data, fault = _json(body, headers)
        if status == HTTPStatus.NO_CONTENT or (status // 100 == 2 and not fault):
            return Reply(status, visible(data), quota=quota(headers), date=http_date(headers.get("Date", "")))
        if status // 100 == 2:
            raise _lost(request, f"LinkTime answered {status}, but {fault}", _BASE, status=status)
        if status in _NOT_DONE or (status // 100 == 3 and request.is_read):
            happened = f"LinkTime answered {status}, a redirect. The server never follows one, because of the key."
            raise Unavailable(happened, _BASE, sent=True, status=status, repeat=False)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise self._rate_limited(data, headers)
        if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED and self._proxy:
            raise self._unsent(f"the proxy {self._via} answered {status}", _CHECK_PROXY, repeat=False)
        if status in _ABSENT and envelope.code(data) is None:  # a load balancer's answer, which proves nothing
            foreign = self._hidden(f"{self._base} answered {status}, but not in LinkTime's words")
            raise _lost(request, foreign, _BASE, status=status)
        if status // 100 == 4:
            word = self._hidden(envelope.code(data) or _CODES.get(status, "rejected"))
            raise Rejected(word, self._words(data, status, word), status=status)
        own, wait = envelope.code(data) is not None, retry_after(headers)
        raise _lost(request, f"LinkTime answered {status}", status=status, answered=own, wait=wait)

    def _rate_limited(self, data: Any, headers: Mapping[str, str]) -> RateLimited:
        words, wait = self._words(data, HTTPStatus.TOO_MANY_REQUESTS, "rate_limited"), wished_wait(headers)
        if wait is not None and wait > self._longest_wait:
            words += f" It asks for a wait of {wait:.0f} s; this server waits for {self._longest_wait:.0f} s."
            wait = self._longest_wait
        return RateLimited(words, retry_after=wait)

    def _words(self, data: Any, status: int, word: str) -> str:
        stated = self._hidden(one_line(envelope.reasons(data)[:_LONGEST_LOOK]))[:_LONGEST_QUOTE].replace('"', "'")
        words = f'LinkTime says "{stated}".' if stated else f"LinkTime answered {status} without an explanation."
        return " ".join(filter(None, (words, _ADVICE.get(word))))

    def _hidden(self, text: str) -> str:
        return text.replace(self._key, "[key]") if self._key else text


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
        raise _Broken from error


def _speaks_http(proxy: str) -> bool:
    """Return whether aiohttp can use *proxy*. It would speak HTTP even to a SOCKS proxy."""
    try:
        url = URL(proxy)
    except ValueError:
        return False
    return url.scheme in {"http", "https"} and bool(url.raw_host)


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > _LARGEST_BODY:
            raise _TooLarge
    return bytes(body)


def _lost(
    request: Request,
    happened: str,
    advice: str = "",
    *,
    status: int | None = None,
    answered: bool = False,
    wait: float | None = None,
) -> Unavailable | OutcomeUnknown:
    """Return the failure of a request that was sent. *advice* means that a repetition would end the same way."""
    if request.is_read:
        later = f"Call again in {wait:.0f} s." if wait else _LATER
        return Unavailable(
            f"{happened}.", advice or later, sent=True, status=status, repeat=not advice, retry_after=wait
        )
    unknown = f"{happened}, so this change may or may not have been made. Look before you try again."
    return OutcomeUnknown(unknown, answered=answered)


def _reason(error: aiohttp.ClientConnectorError) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "the host name has no address"
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return "no TLS connection"
    return os.strerror(error.errno).lower() if isinstance(error.errno, int) else "no connection"


def _json(body: bytes, headers: Mapping[str, str]) -> tuple[Any, str]:
    """Return the value in *body*, and why there is none or an empty text."""
    if sum(map(body.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        return None, f"with more than {_MOST_VALUES} values"
    try:
        return lenient.loads(body, _charset(headers)), ""
    except ValueError:
        return None, "not in readable JSON"


def _charset(headers: Mapping[str, str]) -> str | None:
    message = Message()
    message["Content-Type"] = headers.get("Content-Type", "")
    return message.get_content_charset()
