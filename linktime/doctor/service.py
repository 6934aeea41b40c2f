"""The key: one request to LinkTime, with a permit like any other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace
from math import ceil
from typing import Any, Final

from ..app import sharing
from ..clock import now
from ..config import Settings
from ..errors import BudgetSpent, Failure, RateLimited, Rejected, Unavailable
from ..limiter import Limiter
from ..mailbox import Mailbox
from ..message import Reply, get
from ..rest import Rest
from .finding import Finding

_TURN: Final = 1.0  # s; a request whose turn doesn't come by then is not sent
_LONGEST: Final = 9.0  # s; for the answer, whatever LINKTIME_TIMEOUT says
_FIELDS: Final = frozenset({"id", "email", "username", "plan"})  # of a profile; any of them tells one
_PLAN: Final = re.compile(r"[A-Za-z]{1,20}")

_BASE: Final = "Check LINKTIME_BASE_URL: it must be the base of LinkTime's API, without /api/v1."
_PROXY: Final = "Check the proxy that this environment names (https_proxy), or name the host in no_proxy."
_LATER: Final = "LinkTime is at fault, not this machine. Run it again in some minutes."
_SLOW: Final = "Run it again. If it stays so, check the network, and what LINKTIME_BASE_URL and LINKTIME_TIMEOUT say."
_CURES: Final = {
    401: "Make a new key under Settings → API Keys in LinkTime, and put it in the place of this one.",
    403: "API keys need the Pro or Business plan: see which one this key's account has.",
}


async def ask(settings: Settings, *, proxied: bool) -> list[Finding]:
    """Ask whose key it is; nothing of the answer is told but the plan."""
    try:
        reply = await _answer(settings)
    except BudgetSpent as spent:
        cure = f"Run it again in {max(1, ceil(spent.retry_after))} s."
        return [Finding("key", "warning", "not asked, since the budget has no place now", cure)]
    except Failure as failure:
        return [Finding("key", "fault", *_trouble(failure, proxied=proxied))]
    profile = _profile(reply.data)
    if not _FIELDS & profile.keys():
        return [Finding("key", "fault", f"LinkTime answered {reply.status}, but not with a profile", _BASE)]
    return [Finding("key", "good", f"LinkTime takes it{_plan(profile)}")]


async def _answer(settings: Settings) -> Reply:
    """Send it as a server does: after the budget's leave, and the budget learns what became of it."""
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    request = replace(get("/me"), deadline=now() + _TURN)
    async with (
        aclosing(Rest(settings.base_url, key, timeout=min(settings.timeout, _LONGEST), connections=1)) as rest,
        sharing(settings) as (store, _),
        Limiter(store, settings.rate_period) as limiter,
        Mailbox(rest, limiter, workers=1) as mailbox,
    ):
        return await mailbox(request)


def _profile(data: Any) -> Mapping[str, Any]:
    """Read it, bare or under `data`."""
    match data:
        case {"data": dict(inner)}:
            return {**data, **inner}
        case dict():
            return data
        case _:
            return {}


def _plan(profile: Mapping[str, Any]) -> str:
    match profile:
        case {"plan": str(plan)} if _PLAN.fullmatch(plan):
            return f"; the plan is {plan}"
        case _:
            return ""


def _trouble(failure: Failure, *, proxied: bool) -> tuple[str, str]:
    """Say what happened and what cures it, without LinkTime's own words, in which a person may be named."""
    match failure:
        case RateLimited(retry_after=seconds):
            wait = "a minute" if seconds is None else f"{max(1, ceil(seconds))} s"
            more = "If it comes again, something else uses this key: give it a key of its own."
            return "LinkTime answered 429: too many requests", f"Wait {wait}. {more}"
        case Rejected(status=status):
            return f"LinkTime answered {status}", _CURES.get(status, _BASE)
        case Unavailable(sent=False) if proxied:
            return _happened(failure), _PROXY
        case Unavailable(status=None):
            return _happened(failure), _SLOW
        case Unavailable(status=int(status)) if status < 500:
            return _happened(failure), _BASE
        case _:
            return _happened(failure), _LATER


def _happened(failure: Failure) -> str:
    """Return the failure's message without its advice, which is for a model."""
    return failure.happened.rstrip(".") if isinstance(failure, Unavailable) else failure.message
