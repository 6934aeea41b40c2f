"""The meaning of a whole HTTP response: a Reply, or a Failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from typing import Any, Final, NoReturn

from ...answers import record
from ...contract import Operation
from ...errors import RateLimited, Rejected, Unavailable
from ...message import NO_NOTES, Notes, Reply, Request
from ...sanitize import lenient, one_line, visible
from ...telemetry import hooks
from . import error_body
from .failures import CHECK_BASE, CHECK_PROXY, Route, lost, no_endpoint
from .ratelimit_headers import http_date, quota, retry_after, wished_wait

_MOST_VALUES: Final = 50_000  # JSON values in a body; a page of 100 bookings has 6,000
_LONGEST_QUOTE: Final = 300  # characters of LinkTime's own message
_LONGEST_CLEANED: Final = 4 * _LONGEST_QUOTE  # characters that are sanitized for it; the time grows faster than linear

_CODES: Final = {400: "validation_error", 401: "unauthorized", 403: "forbidden", 404: "not_found", 409: "conflict"}
_ABSENT: Final = {404, 410}
_UNREAD: Final = {400, 401, 405, 411, 413, 414, 415, 417, 421, 431}  # a gateway's answers before it forwards a request
_LAST_ATTEMPT: Final = 2  # the row of this one is LinkTime's own choice
_NOT_DONE: Final = {301, 307, 308}  # redirects that mean that nothing was done; 302 and 303 leave it open
_ADVICE: Final = {
    "forbidden": "This key's account or plan may not do this.",
    "not_found": "Take ids and slugs from the matching list tool.",
    "conflict": "Look at the present state before you try something else.",
    "validation_error": "Correct the arguments and call again.",
    "rate_limited": "Wait before the next call.",
}


@dataclass(frozen=True, slots=True)
class Response:
    """A whole HTTP response. The body is decompressed. The headers ignore the case of names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def reply(self, request: Request, operation: Operation, route: Route, longest_wait: float) -> Reply:
        """Return the answer to *request* with our names of the fields, or raise the failure that the response states.

        *longest_wait* caps the wait that LinkTime asks for after a 429, in seconds.
        """
        data, fault = self._data()
        data = operation.read(data)
        if self.status // 100 == 2 and error_body.denies(data):
            fault = "states a failure"
        if self.status != HTTPStatus.NO_CONTENT and (self.status // 100 != 2 or fault):
            self._raise_failure(request, operation, route, longest_wait, data=data, fault=fault)
        if _is_of_another(data, request):
            raise Unavailable("LinkTime answered with another row.", sent=True, status=self.status)
        notes = NO_NOTES
        if lacks := operation.lacking(data):
            hooks.mismatched(operation.method, operation.template)
            notes = Notes(lacks=lacks)
        date = http_date(self.headers.get("Date", ""))
        return Reply(self.status, visible(data), notes, quota(self.headers), date)

    def _raise_failure(
        self, request: Request, operation: Operation, route: Route, longest_wait: float, *, data: Any, fault: str
    ) -> NoReturn:
        # 1. A success that can't be read, or states a failure. A write may have been made.
        # 2. A redirect. Nothing was done, except that 302 and 303 leave the outcome of a write open.
        # 3. A 429 of LinkTime, and a 407 of the proxy.
        # 4. An absence without LinkTime's own code, or a page with another refusal. It may be a load balancer's, which
        #    proves nothing.
        # 5. Another refusal of LinkTime.
        # 6. A fault at LinkTime or before it.
        status, code = self.status, error_body.code(data)
        happened = f"LinkTime answered {status}"
        if status // 100 == 2:
            raise lost(request, f"{happened}, but {fault}", CHECK_BASE, status=status)
        if status in _NOT_DONE or (status // 100 == 3 and request.is_read):
            redirect = f"{happened}, a redirect. The server never follows one, because of the key."
            raise Unavailable(redirect, CHECK_BASE, sent=True, status=status, repeat=False)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise self._rate_limited(route, longest_wait, data)
        if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED and route.proxy:
            raise route.unsent(f"the proxy {route.via} answered {status}", CHECK_PROXY, repeat=False)
        page = bool(self.body.strip()) and bool(fault)
        advice = self._no_endpoint(operation, code)
        if (status in _ABSENT and code is None) or (page and _may_hide_success(request, status)):
            foreign = route.masked(f"{route.base} answered {status}, but not in LinkTime's words")
            raise lost(request, foreign, advice or CHECK_BASE, status=status, hint=advice)
        if status // 100 == 4:
            word = route.masked(code or _CODES.get(status, "rejected"))
            absent = status in _ABSENT and error_body.proves_absence(data)
            happened = f"{self._happened(route, data)} {advice}".rstrip()
            general = "" if advice else {**_ADVICE, "unauthorized": route.key_advice}.get(word, "")
            raise Rejected(word, happened, general, status=status, proves_absence=absent)
        raise lost(request, happened, status=status, answered=code is not None, wait=retry_after(self.headers))

    def _no_endpoint(self, operation: Operation, code: str | None) -> str:
        """Return the next step if the service has no such endpoint, else an empty text.

        1. A 404 or 405 without LinkTime's own code. An absent row has the code.
        2. A 404 with a code, for an operation that does not depend on a row. 405 is never about a row.
        """
        unknown = code is None or not operation.may_be_absent or self.status == HTTPStatus.METHOD_NOT_ALLOWED
        if self.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED} or not unknown:
            return ""
        hooks.mismatched(operation.method, operation.template)
        return no_endpoint(operation)

    def _rate_limited(self, route: Route, longest_wait: float, data: Any) -> RateLimited:
        message, wait = f"{self._happened(route, data)} {_ADVICE['rate_limited']}", wished_wait(self.headers)
        if wait is not None and wait > longest_wait:
            message += f" It asks for a wait of {wait:.0f} s. This server waits for {longest_wait:.0f} s."
            wait = longest_wait
        return RateLimited(message, retry_after=wait)

    def _happened(self, route: Route, data: Any) -> str:
        """Return what a refusal says: LinkTime's own text, cleaned and quoted."""
        cleaned = route.masked(one_line(error_body.reasons(data)[:_LONGEST_CLEANED]))
        quote = cleaned[:_LONGEST_QUOTE].replace('"', "'")
        return f'LinkTime says "{quote}".' if quote else f"LinkTime answered {self.status} without an explanation."

    def _data(self) -> tuple[Any, str]:
        """Return the JSON value in the body, and the reason if there is none, else an empty text."""
        if sum(map(self.body.count, (b",", b"[", b"{"))) > _MOST_VALUES:
            return None, f"with more than {_MOST_VALUES} values"
        try:
            return lenient.loads(self.body, self._charset()), ""
        except ValueError:
            return None, "not in readable JSON"

    def _charset(self) -> str | None:
        message = Message()
        message["Content-Type"] = self.headers.get("Content-Type", "")
        return message.get_content_charset()


def _may_hide_success(request: Request, status: int) -> bool:
    """Return whether a page with this 4xx may replace LinkTime's answer to a write that was made.

    A load balancer or a filter may send it after it has forwarded the write, as it blocks the answer.
    """
    return status // 100 == 4 and status not in _UNREAD and not request.is_read


def _is_of_another(data: Any, request: Request) -> bool:
    """Return whether *data* is a row with another id than the one that a read asked for.

    On a connection that is used again, a response that a proxy or LinkTime sends twice takes the place of the next one.
    """
    ident = record(data).get("id")
    checked = request.is_read and request.ident and request.attempt < _LAST_ATTEMPT
    return bool(checked and isinstance(ident, str) and ident != request.ident)
