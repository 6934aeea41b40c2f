"""The REST client: one HTTP exchange for each Request. Only this module knows aiohttp's client."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import aiohttp
import orjson
from yarl import URL

from . import __version__
from .errors import OutcomeUnknown, RateLimited, Rejected, Unavailable
from .message import Reply, Request
from .quota import quota, retry_after

_LARGEST_BODY: Final = 32 << 20  # bytes
_LONGEST_QUOTE: Final = 300  # characters of LinkTime's own message
_CONNECT_SHARE: Final = 0.5  # of the timeout: a connection that never stood is then told from a lost answer
_KEEP_ALIVE: Final = 50  # s; under the 60 s after which load balancers drop an idle connection

_CODES: Final = {400: "validation_error", 401: "unauthorized", 403: "forbidden", 404: "not_found", 409: "conflict"}
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

    *timeout* is in seconds for the whole exchange; *connections* bounds those open at once. The session is made at
    the first request. Redirects are not followed, so the key goes to *base_url* alone.
    """

    def __init__(self, base_url: str, key: str, *, timeout: float, connections: int) -> None:
        self._base = f"{base_url}/api/v1"
        self._key = key
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=timeout * _CONNECT_SHARE)
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, request: Request) -> Reply:
        """Make the exchange.

        Raises Rejected (4xx), RateLimited (429), Unavailable (a read without a usable answer, or nothing was sent)
        and OutcomeUnknown (a write that was sent and has no usable answer).
        """
        try:
            status, headers, body = await self._exchange(request)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            raise Unavailable("LinkTime can't be reached and nothing was sent; try again later.", sent=False) from None
        except TimeoutError:
            raise _lost(request, f"LinkTime did not answer within {self._timeout.total:g} s") from None
        except (aiohttp.ClientError, _Broken):
            raise _lost(request, "the connection to LinkTime broke before its answer was whole") from None
        return self._read(request, status, headers, body)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _exchange(self, request: Request) -> tuple[int, Mapping[str, str], bytes]:
        session = self._session = self._session or self._open()
        url = URL(self._base + request.path, encoded=True).with_query(request.query)
        headers = {"Idempotency-Key": request.idempotency_key} if request.method == "POST" else {}
        async with session.request(
            request.method, url, data=request.body, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status, answer.headers, await _bounded(answer.content)

    def _open(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._connections, keepalive_timeout=_KEEP_ALIVE, resolver=aiohttp.ThreadedResolver()
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={
                "Accept": "application/json",
                "Authorization": f"Bearer {self._key}",
                "Content-Type": "application/json",
                "User-Agent": f"linktime-mcp/{__version__}",
            },
            middlewares=(_once,),
            timeout=self._timeout,
        )

    def _read(self, request: Request, status: int, headers: Mapping[str, str], body: bytes) -> Reply:
        data, readable = _json(body)
        if status == HTTPStatus.NO_CONTENT or (status // 100 == 2 and readable):
            return Reply(status, data, quota=quota(headers))
        if status // 100 == 2:
            raise _lost(request, f"LinkTime answered {status}, but not in readable JSON")
        if status in _NOT_HERE:
            raise Unavailable(_REDIRECTED, sent=True)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise RateLimited(self._words(data, status, "rate_limited"), retry_after=retry_after(headers))
        if status // 100 == 4:
            word = _code(data) or _CODES.get(status, "rejected")
            raise Rejected(word, self._words(data, status, word), status=status)
        raise _lost(request, f"LinkTime answered {status}", answered=_code(data) is not None)

    def _words(self, data: Any, status: int, word: str) -> str:
        said = _clean(_message(data).replace(self._key, "[key]"))
        told = f'LinkTime says "{said}".' if said else f"LinkTime answered {status} without an explanation."
        return " ".join(filter(None, (told, _ADVICE.get(word))))


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
        raise _Broken from error


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > _LARGEST_BODY:
            raise aiohttp.ClientPayloadError
    return bytes(body)


def _lost(request: Request, what: str, *, answered: bool = False) -> Unavailable | OutcomeUnknown:
    if request.is_read:
        return Unavailable(f"{what}; try again later.", sent=True)
    unknown = f"{what}, so this change may or may not have been made. Look before you try again."
    return OutcomeUnknown(unknown, answered=answered)


def _json(body: bytes) -> tuple[Any, bool]:
    try:
        return orjson.loads(body), True
    except orjson.JSONDecodeError:
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
        case _:
            return ""


def _clean(text: str) -> str:
    """Make a stranger's text one short visible line without markup and e-mail addresses."""
    text = re.sub(r"<[^>]*>?", " ", text)
    text = re.sub(r"[^\s@\"'<>]+@[^\s@\"'<>]+", "[e-mail]", text)
    visible = "".join(" " if char.isspace() else char for char in text if unicodedata.category(char) != "Cf")
    visible = "".join(char for char in visible if unicodedata.category(char)[0] != "C")
    return " ".join(visible.split())[:_LONGEST_QUOTE].replace('"', "'")
