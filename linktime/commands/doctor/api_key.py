"""The API key: whether LinkTime accepts it. One request, with a permit of the budget like any other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from math import ceil
from typing import Any, Final

from ...answers import as_object, record
from ...config import Settings
from ...errors import BudgetSpent, Failure, RateLimited, Rejected, Unavailable
from ...hosts import host_of, is_loopback
from ...message import Reply, get
from ...pipeline import routes
from ...pipeline.clock import now
from ...pipeline.ledger import Presence
from ...pipeline.limiter import Limiter, sharing
from ...pipeline.mailbox import Mailbox
from ...pipeline.rest.lazy import LazyRest
from .finding import Finding

_TURN: Final = 1.0  # s; the request is not sent if it gets no permit by then
_LONGEST: Final = 9.0  # s; for the answer, even if LINKTIME_TIMEOUT is longer
_FIELDS: Final = frozenset({"id", "email", "username", "plan"})  # each of them shows that the answer is a profile
_PLAN: Final = re.compile(r"[A-Za-z]{1,20}")

BASE: Final = "Check LINKTIME_BASE_URL: it must be the base of LinkTime's API, such as https://linktime.io."
PROXY: Final = "Check the proxy in https_proxy, or add the host to no_proxy."
LATER: Final = "The cause is at LinkTime and not on this machine. Run this again in some minutes."
SLOW: Final = "Run this again. If it stays so, check the network, LINKTIME_BASE_URL and LINKTIME_TIMEOUT."
NEW_KEY: Final = "Create a key under Settings → API Keys in LinkTime, and replace this one."
LOCAL_KEY: Final = "Use the key that linktime-mcp sandbox prints, or run linktime-mcp install CLIENT --sandbox."
PLAN: Final = "API keys need the Pro or Business plan. Check the plan of this account."
OWN_KEY: Final = "If it happens again, something else uses this key: use a key of its own."

_CURES: Final = {401: NEW_KEY, 403: PLAN}


async def check(settings: Settings, *, proxied: bool) -> list[Finding]:
    """Request the profile of the key. The finding shows nothing of it but the plan."""
    try:
        reply = await _profile_reply(settings)
    except BudgetSpent as spent:
        cure = f"Run this again in {max(1, ceil(spent.retry_after))} s."
        return [Finding("key", "warning", "not checked: the budget is spent", cure, "budget_spent")]
    except Failure as failure:
        code, message, cure = _problem(failure, proxied=proxied, local=is_loopback(host_of(settings.base_url)))
        return [Finding("key", "fault", message, cure, code)]
    profile = as_object(reply.data) | record(reply.data)  # the fields beside `data` count, too
    # A server other than LinkTime can answer 200 as well.
    if not _FIELDS & profile.keys():
        message = f"LinkTime answered {reply.status}, but without a profile"
        return [Finding("key", "fault", message, BASE, "no_profile")]
    return [Finding("key", "good", f"accepted by LinkTime{_plan(profile)}", code="accepted")]


async def _profile_reply(settings: Settings) -> Reply:
    """Send the request as a server does: with a permit, and the budget records the result."""
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    async with (
        # The same layers as in the server, so that the request respects the shared limit.
        LazyRest(settings.base_url, key, timeout=min(settings.timeout, _LONGEST), connections=1, after=None) as rest,
        sharing(settings, presence=Presence(client="linktime-mcp doctor")) as (store, _),
        Limiter(store, settings.rate_period) as limiter,
        Mailbox(rest, limiter, workers=1) as mailbox,
    ):
        return await mailbox(replace(get(routes.ME), deadline=now() + _TURN))


def _plan(profile: Mapping[str, Any]) -> str:
    """Return the plan as a phrase, or an empty text if it is not a plain word."""
    match profile:
        case {"plan": str(plan)} if _PLAN.fullmatch(plan):
            return f", plan {plan}"
        case _:
            return ""


def _problem(failure: Failure, *, proxied: bool, local: bool) -> tuple[str, str, str]:
    """Return the code, the message and the cure. They contain no text of LinkTime, which can name a person."""
    match failure:
        case RateLimited(retry_after=seconds):
            wait = "a minute" if seconds is None else f"{max(1, ceil(seconds))} s"
            return "rate_limited", "LinkTime answered 429: too many requests", f"Wait {wait}. {OWN_KEY}"
        case Rejected(status=401) if local:
            return "rejected", "the service on this machine answered 401", LOCAL_KEY
        case Rejected(status=status):
            return "rejected", f"LinkTime answered {status}", _CURES.get(status, BASE)
        case Unavailable():
            code, cure = _unavailable(failure, proxied=proxied)
            return code, failure.happened.rstrip("."), cure
        case _:
            return "failed", f"the request failed: {failure.word}", LATER


def _unavailable(failure: Unavailable, *, proxied: bool) -> tuple[str, str]:
    """Return the code and the cure: 1. no request was sent, 2. no answer came, 3. the answer is not usable."""
    if not failure.sent:
        return "unreachable", PROXY if proxied else SLOW
    # By the class of the HTTP status. 0 is a connection without an answer.
    match (failure.status or 0) // 100:
        case 0:
            return "no_answer", SLOW
        case 2:
            return "no_json", BASE
        case 3:
            return "redirect", BASE
        case 4:
            return "rejected", BASE
        case _:
            return "service_fault", LATER
