"""The hooks that other packages call. They do next to nothing if telemetry is off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from time import time_ns
from typing import Final
from urllib.parse import quote, urlsplit

from opentelemetry.context import get_value
from opentelemetry.trace import SpanKind, Status, StatusCode

from ..errors import BudgetSpent, Failure, InvalidArguments, NotCommitted, OutcomeUnknown, Overloaded, ShuttingDown
from .instruments import CACHE, EXCHANGE, LIMITER_WAIT, OUTCOMES, QUEUE_WAIT, REFUSALS, RETRIES, Value
from .recorder import KEY, Operation
from .redaction import shown_id

_REFUSED_HERE: Final = (BudgetSpent, Overloaded, ShuttingDown, InvalidArguments)
_WORTH_A_SPAN: Final = 0.005  # s; a shorter wait is the loop's own pace
_NOTES: Final = {
    "cache": "linktime.cache.result",
    "ageSeconds": "linktime.cache.age",
    "queueSeconds": "linktime.queue.wait",
    "budgetRemaining": "linktime.budget.remaining",
    "budgetServers": "linktime.budget.servers",
    "retries": "linktime.retries",
    "outcome": "linktime.outcome",
}


def current() -> Operation | None:
    """Return the operation of the present context, or None if telemetry is off."""
    operation = get_value(KEY)
    return operation if isinstance(operation, Operation) else None


def answered(notes: Mapping[str, str | float]) -> None:
    """Record how the answer of the present call came about."""
    if operation := current():
        attributes: dict[str, Value] = {name: notes[note] for note, name in _NOTES.items() if note in notes}
        operation.attributes |= {"linktime.outcome": "ok", **attributes}
        if "cache" in notes:
            operation.measure(CACHE, 1, attributes)
        if "outcome" in notes:
            operation.measure(OUTCOMES, 1, attributes)


def failed(failure: Failure) -> None:
    """Record why the present call has no answer."""
    if operation := current():
        attributes: dict[str, Value] = {"linktime.outcome": failure.word}
        operation.fail("tool_error", failure.word)
        operation.attributes |= attributes
        if isinstance(failure, _REFUSED_HERE):
            operation.measure(REFUSALS, 1, attributes)
        if isinstance(failure, NotCommitted | OutcomeUnknown):
            operation.measure(OUTCOMES, 1, attributes)


def confirmation(state: str) -> None:
    """Record how far the user's confirmation of the present call is."""
    if operation := current():
        operation.attributes["linktime.confirmation"] = state


def joined(other: Operation | None) -> None:
    """Record that the present call shares the answer that the call *other* fetched."""
    if other and (operation := current()):
        operation.telemetry.record(lambda sdk: operation.span(sdk).add_link(other.span(sdk).get_span_context()))


def waited(method: str, seconds: float, refusal: BaseException | None = None) -> None:
    """Record that a request has just stopped waiting for budget. It is sent, unless there is a *refusal*."""
    if not (operation := current()):
        return
    attributes: dict[str, Value] = {"http.request.method": method}
    status = None
    if refusal is None:
        operation.measure(QUEUE_WAIT, seconds, attributes)
        if seconds < _WORTH_A_SPAN:
            return
    elif isinstance(refusal, Exception):
        word = refusal.word if isinstance(refusal, Failure) else None
        attributes["error.type"] = word or type(refusal).__qualname__
        status = Status(StatusCode.ERROR, word)
    start = time_ns() - round(seconds * 1e9)
    operation.child("wait for budget", SpanKind.INTERNAL, start, attributes, status)


def granted(method: str, seconds: float) -> None:
    """Record how long the present request, as the first in line, waited for its permit."""
    if operation := current():
        operation.measure(LIMITER_WAIT, seconds, {"http.request.method": method})


class Exchange(dict[str, Value]):
    """The attributes of one HTTP exchange."""

    def answered(self, status: int) -> None:
        """Record the status of the answer."""
        self["http.response.status_code"] = status
        if status >= 400:
            self["error.type"] = str(status)


@contextmanager
def exchange_span(method: str, template: str, ident: str, *, api: str, resends: int) -> Iterator[Exchange]:
    """Record an exchange with *api*, the URL above *template*. The same request was sent *resends* times before.

    The span has no query, and no id that lacks the form of one, because both may name a guest.
    """
    exchange = Exchange({"http.request.method": method, "url.template": template})
    if not (operation := current()):
        yield exchange
        return
    exchange["url.full"] = api + template.replace("{id}", quote(shown_id(ident), safe="[]"))
    exchange["server.address"], exchange["server.port"] = _server(api)
    if resends:
        exchange["http.request.resend_count"] = resends
        operation.measure(RETRIES, 1, exchange)
    start = time_ns()
    try:
        yield exchange
    except BaseException as error:  # only its class, because the text of aiohttp's errors may hold the key
        exchange["error.type"] = type(error.__cause__ or error).__qualname__
        raise
    finally:
        status = Status(StatusCode.ERROR) if "error.type" in exchange else None
        operation.child(f"{method} {template}", SpanKind.CLIENT, start, exchange, status)
        operation.measure(EXCHANGE, (time_ns() - start) / 1e9, exchange)


@lru_cache(maxsize=8)
def _server(api: str) -> tuple[str, int]:
    parts = urlsplit(api)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
