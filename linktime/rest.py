"""The REST client: one HTTP exchange for each Request. Only this module knows aiohttp's client."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Final
from urllib.request import getproxies, proxy_bypass

import aiohttp
import orjson
from yarl import URL

from . import __version__, telemetry
from .config import is_loopback
from .errors import Failure, OutcomeUnknown, RateLimited, Rejected, Unavailable
from .message import Reply, Request
from .quota import http_date, quota, retry_after
from .text import one_line, visible

_LARGEST_BODY: Final = 32 << 20  # bytes
_LONGEST_QUOTE: Final = 300  # characters of LinkTime's own message
_LONGEST_LOOK: Final = 4 * _LONGEST_QUOTE  # characters that are cleaned to get them; the patterns are not linear
_CONNECT_SHARE: Final = 0.5  # of the timeout: a connection that never stood is then told from a lost answer
_KEEP_ALIVE: Final = 50  # s; under the 60 s after which load balancers drop an idle connection

_CODES: Final = {400: "validation_error", 401: "unauthorized", 403: "forbidden", 404: "not_found", 409: "conflict"}
_NEVER_STOOD: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
)
_ABSENT: Final = {404, 410}
_NOT_HERE: Final = {301, 307, 308}  # the redirects that promise nothing was done; after 302 and 303 nobody knows
_REDIRECTED: Final = (
    "LinkTime answered with a redirect, which is not followed, since the key goes to LINKTIME_BASE_URL alone. "
    "Check that setting."
)
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


class Rest:
    """A `Send` over HTTP: an API answer becomes a Reply, everything else a Failure that says what is certain.

    *timeout* is in seconds for the whole exchange; *connections* bounds those open at once, for reads and for
    writes. Sessions are made at the first request. Redirects are not followed, so the key goes to *base_url* alone.
    """

    def __init__(self, base_url: str, key: str, *, timeout: float, connections: int) -> None:
        self._base = URL(base_url)
        self._api = f"{self._base}/api/v1"
        self._key = key
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=timeout * _CONNECT_SHARE)
        self._connections = connections
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def __call__(self, request: Request) -> Reply:
        """Make the exchange.

        Raises Rejected (4xx), RateLimited (429), Unavailable (a read without a usable answer, or nothing was sent)
        and OutcomeUnknown (a write that was sent and has no usable answer).
        """
        try:
            status, headers, body = await self._exchange(request)
        except (aiohttp.ClientError, TimeoutError, _Broken) as error:
            failure = self._fault(request, error)
        else:
            return self._read(request, status, headers, body)
        raise failure  # out here, since aiohttp's error holds the key and must not become the context of ours

    async def aclose(self) -> None:
        """Close the connections."""
        for session in self._sessions.values():
            await session.close()

    async def _exchange(self, request: Request) -> tuple[int, Mapping[str, str], bytes]:
        session = self._sessions.get(request.is_read) or self._open(keep_alive=request.is_read)
        url = URL(self._api + request.path, encoded=True).with_query(request.query)
        with telemetry.exchange_span(
            request.method, request.template, request.ident, api=self._api, resends=request.attempt
        ) as span:
            async with session.request(
                request.method, url, data=request.body, headers=self._headers(request), allow_redirects=False
            ) as answer:
                span.answered(answer.status)
                return answer.status, answer.headers, await _bounded(answer.content)

    def _open(self, *, keep_alive: bool) -> aiohttp.ClientSession:
        """Open the session for reads, or that for writes: they never meet an idle connection that has just closed."""
        proxy = proxy_of(self._base)
        if proxy and not _speaks_http(proxy):
            raise aiohttp.InvalidURL(proxy)
        connector = partial(aiohttp.TCPConnector, limit=self._connections, resolver=aiohttp.ThreadedResolver())
        session = self._sessions[keep_alive] = aiohttp.ClientSession(
            connector=connector(keepalive_timeout=_KEEP_ALIVE) if keep_alive else connector(force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept": "application/json", "User-Agent": f"linktime-mcp/{__version__}"},
            middlewares=(_once,),
            proxy=proxy,
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
        match error:
            case aiohttp.ClientConnectorCertificateError():
                said = "LinkTime's certificate can't be trusted, so nothing was sent; check LINKTIME_BASE_URL."
                return Unavailable(said, sent=False)
            case aiohttp.InvalidURL():
                said = "The proxy that this environment names can't be used, so nothing was sent; check https_proxy."
                return Unavailable(said, sent=False)
            case _ if isinstance(error, _NEVER_STOOD):
                return Unavailable("LinkTime can't be reached and nothing was sent; try again later.", sent=False)
            case TimeoutError():
                return _lost(request, f"LinkTime did not answer within {self._timeout.total:g} s")
            case _:
                return _lost(request, "the connection to LinkTime broke before its answer was whole")

    def _read(self, request: Request, status: int, headers: Mapping[str, str], body: bytes) -> Reply:
        data, readable = _json(body)
        if status == HTTPStatus.NO_CONTENT or (status // 100 == 2 and readable):
            return Reply(status, data, quota=quota(headers), date=http_date(headers.get("Date", "")))
        if status // 100 == 2:
            raise _lost(request, f"LinkTime answered {status}, but not in readable JSON", status)
        if status in _NOT_HERE or (status // 100 == 3 and request.is_read):
            raise Unavailable(_REDIRECTED, sent=True, status=status)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise RateLimited(self._words(data, status, "rate_limited"), retry_after=retry_after(headers))
        if status in _ABSENT and _code(data) is None:  # a load balancer's, which proves nothing
            raise _lost(request, f"LinkTime's address answered {status}, but not in LinkTime's words", status)
        if status // 100 == 4:
            word = self._hidden(_code(data) or _CODES.get(status, "rejected"))
            raise Rejected(word, self._words(data, status, word), status=status)
        raise _lost(request, f"LinkTime answered {status}", status, answered=_code(data) is not None)

    def _words(self, data: Any, status: int, word: str) -> str:
        said = self._hidden(one_line(_message(data)[:_LONGEST_LOOK]))[:_LONGEST_QUOTE].replace('"', "'")
        told = f'LinkTime says "{said}".' if said else f"LinkTime answered {status} without an explanation."
        return " ".join(filter(None, (told, _ADVICE.get(word))))

    def _hidden(self, text: str) -> str:
        return text.replace(self._key, "[key]")


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
        raise _Broken from error


def proxy_of(base_url: URL | str) -> str | None:
    """Find the proxy that the environment names for a base URL, as other programs do; ~/.netrc is not looked at."""
    base = URL(base_url)
    host = base.raw_host or ""  # as it is asked for; not every name of letters can be made of it
    named = "" if is_loopback(host) or proxy_bypass(host) else getproxies().get(base.scheme, "")
    return f"http://{named}" if named and "://" not in named else named or None


def _speaks_http(proxy: str) -> bool:
    """Whether aiohttp can use it; what speaks SOCKS would be asked in HTTP, too."""
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
            raise aiohttp.ClientPayloadError
    return bytes(body)


def _lost(
    request: Request, what: str, status: int | None = None, *, answered: bool = False
) -> Unavailable | OutcomeUnknown:
    if request.is_read:
        return Unavailable(f"{what}; try again later.", sent=True, status=status)
    unknown = f"{what}, so this change may or may not have been made. Look before you try again."
    return OutcomeUnknown(unknown, answered=answered)


def _json(body: bytes) -> tuple[Any, bool]:
    try:
        return visible(orjson.loads(body)), True
    except (orjson.JSONDecodeError, RecursionError):
        return None, False


def _code(data: Any) -> str | None:
    """LinkTime's own code, from `{"error": {"code": …}}` or `{"error": "…"}`."""
    match data:
        case {"error": {"code": str(code)}} | {"error": str(code)} if re.fullmatch(r"[a-z][a-z0-9_]{1,39}", code):
            return code
        case _:
            return None


def _message(data: Any) -> str:
    match data:
        case {"error": {"message": str(message)}} | {"message": str(message)}:
            return message
        case {"error": str(message)} if _code(data) is None:
            return message
        case _:
            return ""
