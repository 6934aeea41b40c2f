"""What the other modules say to telemetry: small functions that do next to nothing where it is off."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote, urlsplit

from ..errors import (
    BudgetSpent,
    Failure,
    InvalidArguments,
    NotCommitted,
    OutcomeUnknown,
    Overloaded,
    ShuttingDown,
)
from .instruments import CACHE, EXCHANGE, LIMITER_WAIT, OUTCOMES, QUEUE_WAIT, REFUSALS, RETRIES
from .record import Here, here
from .redaction import shown_id
from .span import Place, Value

_BY_US: Final = (BudgetSpent, Overloaded, ShuttingDown, InvalidArguments)
_WORTH_A_SPAN: Final = 0.005  # s; less is the loop's own pace
_NOTES: Final = {
    "cache": "linktime.cache.result",
    "ageSeconds": "linktime.cache.age",
    "queueSeconds": "linktime.queue.wait",
    "budgetRemaining": "linktime.budget.remaining",
    "budgetServers": "linktime.budget.servers",
    "retries": "linktime.retries",
    "outcome": "linktime.outcome",
}


def answered(notes: Mapping[str, str | float]) -> None:
    """Tell of the call in hand how its answer came."""
    if at := here.get():
        told: dict[str, Value] = {name: notes[note] for note, name in _NOTES.items() if note in notes}
        at.span.attributes |= {"linktime.outcome": "ok", **told}
        if "cache" in notes:
            at.count(CACHE, told)
        if "outcome" in notes:
            at.count(OUTCOMES, told)


def failed(failure: Failure) -> None:
    """Tell of the call in hand why it has no answer."""
    if at := here.get():
        at.span.fail("tool_error", failure.word)
        told: dict[str, Value] = {"linktime.outcome": failure.word}
        at.span.attributes |= told
        if isinstance(failure, _BY_US):
            at.count(REFUSALS, told)
        if isinstance(failure, NotCommitted | OutcomeUnknown):
            at.count(OUTCOMES, told)


def confirmation(state: str) -> None:
    """Tell of the call in hand how far the user was asked for a yes."""
    if at := here.get():
        at.span.attributes["linktime.confirmation"] = state


def place() -> Place | None:
    """Tell where the call in hand stands, so that another may say that it shares its answer."""
    at = here.get()
    return at.span.place if at else None


def joined(other: Place | None) -> None:
    """Tell of the call in hand that it shares the answer that was fetched for another."""
    if other and (at := here.get()):
        at.span.links.append(other)


def waited(method: str, seconds: float, refusal: BaseException | None = None) -> None:
    """Tell that a request has just stopped waiting for budget: it is sent, or it is not because of *refusal*."""
    if not (at := here.get()):
        return
    attributes: dict[str, Value] = {"http.request.method": method}
    if refusal is None:
        at.telemetry.measure(QUEUE_WAIT, seconds, attributes, at.span)
    if refusal is None and seconds < _WORTH_A_SPAN:
        return
    span = at.child("wait for budget", "internal", attributes)
    if isinstance(refusal, Exception):
        span.fail(_kind(refusal), _word(refusal))
    span.backdate(seconds)
    at.telemetry.emit(span)


def granted(method: str, seconds: float) -> None:
    """Tell how long the request in hand, as the first in line, waited for its permit."""
    if at := here.get():
        at.telemetry.measure(LIMITER_WAIT, seconds, {"http.request.method": method}, at.span)


class _Untold:
    """An exchange that nobody records."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def answered(self, status: int) -> None:
        """Forget it."""


class Exchange(_Untold):
    """One HTTP exchange, recorded as long as it is entered."""

    def __init__(self, at: Here, name: str, attributes: dict[str, Value]) -> None:
        self._at = at
        self._span = at.child(name, "client", attributes)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:  # its class alone: the text of aiohttp's may hold the key
            self._span.fail(type(error.__cause__ or error).__qualname__)
        self._at.telemetry.emit(self._span)
        self._at.telemetry.measure(EXCHANGE, self._span.seconds, self._span.attributes, self._span)

    def answered(self, status: int) -> None:
        """Note the status of the answer."""
        self._span.attributes["http.response.status_code"] = status
        if status >= 400:
            self._span.fail(str(status))


_UNTOLD: Final = _Untold()


def exchange_span(method: str, template: str, ident: str, *, api: str, resends: int) -> _Untold:
    """Record an exchange with *api*, the URL that *template* stands under; *resends* went before it.

    The query is left out, and an id that has not the form of one is too: either may name a guest.
    """
    at = here.get()
    if at is None:
        return _UNTOLD
    address, port = _server(api)
    attributes: dict[str, Value] = {
        "http.request.method": method,
        "url.full": api + template.replace("{id}", quote(shown_id(ident), safe="[]")),
        "url.template": template,
        "server.address": address,
        "server.port": port,
    }
    if resends:
        attributes["http.request.resend_count"] = resends
        at.count(RETRIES, attributes)
    return Exchange(at, f"{method} {template}", attributes)


@lru_cache(maxsize=8)
def _server(api: str) -> tuple[str, int]:
    parts = urlsplit(api)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _kind(error: Exception) -> str:
    return _word(error) or type(error).__qualname__


def _word(error: Exception) -> str:
    return error.word if isinstance(error, Failure) else ""
