"""The failures of an exchange, each of which states only certain facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ...contract import Operation
from ...errors import OutcomeUnknown, Unavailable
from ...hosts import host_of, is_loopback
from ...message import Request

CHECK_BASE = "Check LINKTIME_BASE_URL."
CHECK_PROXY = "Check the proxy that https_proxy or all_proxy names."
CHECK_TRUST = (
    "Run linktime-mcp doctor, which names the reason. If a company proxy or a virus scanner inspects the traffic, set "
    "SSL_CERT_FILE to the file of its certificate."
)
LATER = "Call again later."
CHECK_NETWORK = f"Check the network and LINKTIME_BASE_URL, or run linktime-mcp doctor. {LATER}"
START_LOCAL = f"Start the service there, such as by linktime-mcp sandbox, or check LINKTIME_BASE_URL. {LATER}"
CHECK_KEY = "Check LINKTIME_API_KEY, or make a new key under Settings → API Keys."
LOCAL_KEY = "Set LINKTIME_API_KEY to the key that linktime-mcp sandbox prints."
DOCTOR = "linktime-mcp doctor --api"


@dataclass(frozen=True, slots=True)
class Route:
    """The way to LinkTime as messages name it: without the key and the proxy's password."""

    base: str
    key: str = field(repr=False)
    proxy: str | None = field(default=None, repr=False)

    @property
    def via(self) -> str:
        """The proxy's address. Raises ValueError if it has none."""
        url = urlsplit(self.proxy or "")
        return f"{url.scheme}://{url.netloc.rpartition('@')[2]}"

    @property
    def advice(self) -> str:
        """The next step if no connection can be made."""
        return START_LOCAL if self._is_local else CHECK_NETWORK

    @property
    def key_advice(self) -> str:
        """The next step if the service refuses the key."""
        return LOCAL_KEY if self._is_local else CHECK_KEY

    @property
    def _is_local(self) -> bool:
        return is_loopback(host_of(self.base))

    def masked(self, text: str) -> str:
        """Return *text* with a placeholder for the key."""
        return text.replace(self.key, "[key]") if self.key else text

    def unsent(self, reason: str, advice: str, *, repeat: bool) -> Unavailable:
        """Return the failure of a request that was not sent. *repeat* means that a repetition may succeed."""
        if self.proxy and "proxy" not in reason:
            reason += f", through the proxy {self.via}"
        happened = self.masked(f"{self.base} can't be reached ({reason}), so nothing was sent.")
        return Unavailable(happened, advice, sent=False, repeat=repeat)


def no_endpoint(operation: Operation) -> str:
    """Return what a 404 or 405 means that is not about a row, and the next step."""
    endpoint = f"{operation.method} /api/v1{operation.template}"
    if operation.evidence == "documented":
        return f"The service has no {endpoint}. LinkTime documents it. {CHECK_BASE}"
    return (
        f"The service has no {endpoint}. This endpoint is inferred, so it may have another path. "
        f"{CHECK_BASE} If it is right, run {DOCTOR}, and report its output."
    )


def lost(
    request: Request,
    happened: str,
    advice: str = "",
    *,
    status: int | None = None,
    answered: bool = False,
    wait: float | None = None,
    hint: str = "",
) -> Unavailable | OutcomeUnknown:
    """Return the failure of a request that was sent and has no usable answer.

    Args:
        request: The request. The outcome of a write is unknown.
        happened: A part of a sentence.
        advice: The next step, if a repetition would end the same way.
        status: The status of the unusable answer.
        answered: Whether LinkTime itself answered, and not a proxy or load balancer.
        wait: LinkTime's own wait in seconds.
        hint: The likely cause, for a write as well.
    """
    if request.is_read:
        later = f"Call again in {wait:.0f} s." if wait else LATER
        return Unavailable(
            f"{happened}.", advice or later, sent=True, status=status, repeat=not advice, retry_after=wait
        )
    unknown = f"{happened}, so this change may or may not have been made. Look before you try again."
    return OutcomeUnknown(f"{unknown} {hint}".rstrip(), answered=answered)
