"""The operation of the present context, and hooks for other packages. They do next to nothing if telemetry is off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from time import time_ns
from typing import Final
from urllib.parse import quote, urlsplit

from opentelemetry.context import Context, create_key, get_value, set_value
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, set_span_in_context

from ..errors import BudgetSpent, Failure, InvalidArguments, NotCommitted, OutcomeUnknown, Overloaded, ShuttingDown
from ..message import Notes
from . import instruments
from .instruments import Attributes, Instrument, Value
from .recorder import Sdk, Telemetry
from .redaction import shown_id

_KEY: Final = create_key("linktime-operation")
_REFUSED_HERE: Final = (BudgetSpent, Overloaded, ShuttingDown, InvalidArguments)
_WORTH_A_SPAN: Final = 0.005  # s; a shorter wait is the loop's own pace
_NOTES: Final = {
    "cache": "linktime.cache.result",
    "age_seconds": "linktime.cache.age",
    "queue_seconds": "linktime.queue.wait",
    "budget_remaining": "linktime.budget.remaining",
    "budget_servers": "linktime.budget.servers",
    "retries": "linktime.retries",
    "outcome": "linktime.outcome",
    "already_done": "linktime.already_done",
}


@dataclass(slots=True, eq=False)
class Operation:
    """One message of the client, under *parent*, the context of the client's span. *start* is in Unix nanoseconds."""

    telemetry: Telemetry
    name: str
    parent: Context
    attributes: dict[str, Value]
    start: int = field(default_factory=time_ns)
    word: str | None = None  # the description of an error
    _span: Span | None = None

    def span(self, sdk: Sdk) -> Span:
        """Return the server span, which starts now if the SDK was not loaded before."""
        self._span = self._span or sdk.tracer.start_span(self.name, self.parent, SpanKind.SERVER, start_time=self.start)
        return self._span

    def context(self) -> Context:
        """Return the context for everything that belongs to the message."""
        sdk = self.telemetry.sdk
        return set_value(_KEY, self, set_span_in_context(self.span(sdk), self.parent) if sdk else self.parent)

    def measure(self, instrument: Instrument, value: float, attributes: Attributes) -> None:
        """Record a number. The span is its exemplar."""
        self.telemetry.record(lambda sdk: sdk.measure(instrument, value, attributes, self.span(sdk)))

    def child(self, name: str, kind: SpanKind, start: int, attributes: Attributes, word: str | None = None) -> None:
        """Record a span below this one that ends now."""
        end = time_ns()

        def below(sdk: Sdk) -> Span:
            return sdk.tracer.start_span(name, set_span_in_context(self.span(sdk)), kind, start_time=start)

        self.telemetry.record(lambda sdk: _end(below(sdk), end, attributes, word))

    def end(self) -> None:
        """End the span, and with it the message."""
        end = time_ns()
        self.telemetry.record(lambda sdk: _end(self.span(sdk), end, self.attributes, self.word))
        self.measure(instruments.OPERATION, (end - self.start) / 1e9, self.attributes)


def current() -> Operation | None:
    """Return the operation of the present context, or None if telemetry is off."""
    operation = get_value(_KEY)
    return operation if isinstance(operation, Operation) else None


def answered(notes: Notes) -> None:
    """Record how the answer of the present call came about."""
    if operation := current():
        values = ((name, getattr(notes, field)) for field, name in _NOTES.items())
        attributes: dict[str, Value] = {name: value for name, value in values if value is not None}
        operation.attributes |= {"linktime.outcome": "ok", **attributes}
        if notes.cache:
            operation.measure(instruments.CACHE, 1, attributes)
        if notes.outcome:
            operation.measure(instruments.OUTCOMES, 1, attributes)


def failed(failure: Failure) -> None:
    """Record why the present call has no answer."""
    if operation := current():
        attributes: dict[str, Value] = {"linktime.outcome": failure.word}
        operation.attributes |= {"error.type": "tool_error", **attributes}
        operation.word = failure.word
        if isinstance(failure, _REFUSED_HERE):
            operation.measure(instruments.REFUSALS, 1, attributes)
        if isinstance(failure, NotCommitted | OutcomeUnknown):
            operation.measure(instruments.OUTCOMES, 1, attributes)


def confirmation(state: str) -> None:
    """Record how far the user's confirmation of the present call is."""
    if operation := current():
        operation.attributes["linktime.confirmation"] = state


def mismatched(method: str, template: str) -> None:
    """Record that an answer differs from the contract of this operation."""
    if operation := current():
        operation.measure(instruments.MISMATCHES, 1, {"http.request.method": method, "url.template": template})


def joined(other: Operation | None) -> None:
    """Record that the present call shares the answer that the call *other* fetched."""
    if other and (operation := current()):
        operation.telemetry.record(lambda sdk: operation.span(sdk).add_link(other.span(sdk).get_span_context()))


def waited(method: str, seconds: float, refusal: BaseException | None = None) -> None:
    """Record that a request has just stopped waiting for budget. It is sent, unless there is a *refusal*."""
    if not (operation := current()):
        return
    attributes: dict[str, Value] = {"http.request.method": method}
    word = refusal.word if isinstance(refusal, Failure) else None
    if refusal is None:
        operation.measure(instruments.QUEUE_WAIT, seconds, attributes)
    elif isinstance(refusal, Exception):
        attributes["error.type"] = word or type(refusal).__qualname__
    if refusal is not None or seconds >= _WORTH_A_SPAN:
        operation.child("wait for budget", SpanKind.INTERNAL, time_ns() - round(seconds * 1e9), attributes, word)


def granted(method: str, seconds: float) -> None:
    """Record how long the present request, as the first in line, waited for its permit."""
    if operation := current():
        operation.measure(instruments.LIMITER_WAIT, seconds, {"http.request.method": method})


@contextmanager
def exchange_span(method: str, template: str, ident: str, *, api: str, resends: int) -> Iterator[Callable[[int], None]]:
    """Record an exchange with *api*, the URL above *template*. The same request was sent *resends* times before.

    The function records the status of the answer. The span has no query and no malformed id: both may name a guest.
    """
    exchange: dict[str, Value] = {"http.request.method": method, "url.template": template}
    answered = partial(exchange.__setitem__, "http.response.status_code")
    if not (operation := current()):
        yield answered
        return
    server = urlsplit(api)
    exchange["url.full"] = api + template.replace("{id}", quote(shown_id(ident), safe="[]"))
    exchange["server.address"] = server.hostname or ""
    exchange["server.port"] = server.port or (443 if server.scheme == "https" else 80)
    if resends:
        exchange["http.request.resend_count"] = resends
        operation.measure(instruments.RETRIES, 1, exchange)
    start = time_ns()
    try:
        yield answered
        if int(exchange.get("http.response.status_code", 0)) >= 400:
            exchange["error.type"] = str(exchange["http.response.status_code"])
    except BaseException as error:  # only its class, because the text of aiohttp's errors may hold the key
        exchange["error.type"] = type(error.__cause__ or error).__qualname__
        raise
    finally:
        operation.child(f"{method} {template}", SpanKind.CLIENT, start, exchange)
        operation.measure(instruments.EXCHANGE, (time_ns() - start) / 1e9, exchange)


def _end(span: Span, end: int, attributes: Attributes, word: str | None) -> None:
    span.set_attributes(attributes)
    if "error.type" in attributes:
        span.set_status(Status(StatusCode.ERROR, word))
    span.end(end)
