"""The connection to the service: whether it works, its TLS certificate, and the clock.

The doctor opens a connection of its own and sends `HEAD /` without a key. That costs no request of the budget, and it
reads the certificate, which aiohttp does not expose, and the clock, which the reply to a rejected key does not have.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import time
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from ...config import Settings
from ...hosts import host_of, is_loopback
from ...pipeline.rest.ratelimit_headers import http_date
from ...pipeline.rest.trust import tls_context
from .finding import Finding

_STEP: Final = 3.0  # s; to connect, and for the answer, unless LINKTIME_TIMEOUT is shorter
_TOTAL: Final = 6.0  # s; for everything, because a name lookup has no limit of its own
_DAY: Final = 86_400  # s
_SMALL: Final = 30.0  # s; with a larger difference times look stale
_AGE: Final = re.compile(r"[0-9]{1,9}")  # s
_LARGE: Final = 300.0  # s; with a larger difference certificates and signed links fail

NETWORK: Final = "Check LINKTIME_BASE_URL, the network of this machine, and any firewall or proxy."
START_LOCAL: Final = "Start the service there, such as by linktime-mcp sandbox, or correct LINKTIME_BASE_URL."
DATES: Final = (
    "Check the clock of this machine. If it is right, the operator of the service must renew the certificate."
)
OTHER_HOST: Final = "Check LINKTIME_BASE_URL: the certificate is for another host."
UNTRUSTED: Final = (
    "Check LINKTIME_BASE_URL. If a company proxy or a virus scanner inspects the traffic, set SSL_CERT_FILE to the "
    "file of its certificate."
)
NO_TLS: Final = "Check LINKTIME_BASE_URL: the service may use plain http."
CLOCK: Final = "Set the clock of this machine, best by switching on its synchronization."
NO_TIME: Final = "Check that the clock of this machine is right."

_CERTIFICATES: Final = {
    # OpenSSL's X509_V_ERR_…
    9: DATES,
    10: DATES,
    62: OTHER_HOST,
    64: OTHER_HOST,
    # macOS' errSecCertificateExpired and errSecHostNameMismatch
    -67818: DATES,
    -67602: OTHER_HOST,
    # Windows' CERT_E_EXPIRED and CERT_E_CN_NO_MATCH
    0x800B0101: DATES,
    0x800B010F: OTHER_HOST,
}


class Connection(NamedTuple):
    """The facts that a connection shows. A fact is None if it is unknown."""

    tls: str | None = None  # the version
    days: int | None = None  # until the certificate expires
    ahead: float | None = None  # s; this clock minus the service's


async def check(settings: Settings, *, proxied: bool) -> list[Finding]:
    """Connect. The first finding is whether that works."""
    # A connection to the proxy shows neither the certificate nor the clock of the service.
    if proxied:
        message = "goes through a proxy, so TLS and clock cannot be checked"
        return [Finding("connection", "good", message, code="proxy")]
    base_url = settings.base_url
    try:
        connecting = asyncio.to_thread(_connect, base_url, min(settings.timeout, _STEP))
        connection = await asyncio.wait_for(connecting, _TOTAL)
    except OSError as error:
        return [_problem(base_url, error)]
    tls = f"{connection.tls}, and the certificate is valid for {connection.days} days"
    return [
        Finding("connection", "good", f"{base_url} is reachable", code="reachable"),
        *([Finding("TLS", "good", tls, code="trusted")] if connection.tls else []),
        _clock(connection.ahead),
    ]


def _connect(base_url: str, timeout: float) -> Connection:
    """Open a connection and read its facts. Raise OSError if that fails. *timeout* is in seconds."""
    url = urlsplit(base_url)
    host = url.hostname or ""
    line: HTTPConnection = (
        HTTPSConnection(host, url.port or 443, timeout=timeout, context=tls_context())
        if url.scheme == "https"
        else HTTPConnection(host, url.port or 80, timeout=timeout)
    )
    # Connect first, because an error of HEAD is not an error of the connection.
    with closing(line):
        line.connect()
        if not isinstance(line.sock, ssl.SSLSocket):
            return Connection(ahead=_ahead(line))
        ends = ssl.cert_time_to_seconds(str((line.sock.getpeercert() or {})["notAfter"]))
        return Connection(line.sock.version(), int((ends - time.time()) / _DAY), _ahead(line))


def _ahead(line: HTTPConnection) -> float | None:
    """Return this clock minus the service's, at the middle of the request. A cached answer has an Age."""
    sent = time.time()
    try:
        line.request("HEAD", "/", headers={"Cache-Control": "no-cache"})
        headers = line.getresponse().headers
    except (OSError, HTTPException):
        return None
    # The Date header has whole seconds and is from the middle of the exchange.
    middle, date, age = (sent + time.time()) / 2, http_date(headers.get("Date", "")), headers.get("Age", "")
    return None if date is None else middle - date.timestamp() - (int(age) if _AGE.fullmatch(age) else 0)


def _clock(ahead: float | None) -> Finding:
    """Return a finding about the difference of the clocks. *ahead* is in seconds."""
    if ahead is None:
        return Finding("clock", "warning", "the service sends no time", NO_TIME, "unknown")
    if abs(ahead) <= _SMALL:
        return Finding("clock", "good", "agrees with the service", code="agrees")
    message = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the service"
    return Finding("clock", "fault" if abs(ahead) > _LARGE else "warning", message, CLOCK, "differs")


def _problem(base_url: str, error: OSError) -> Finding:
    """Return the reason of a failed connection as a finding, with its cure."""
    # Subclasses come before their base class OSError.
    match error:
        case socket.gaierror():
            code, message, cure = "unresolved", f"the host name in {base_url} has no address", NETWORK
        case ConnectionRefusedError():
            code, message, cure = "refused", f"{base_url} refuses connections: no server listens there", NETWORK
            cure = START_LOCAL if is_loopback(host_of(base_url)) else cure
        case ssl.SSLCertVerificationError(verify_code=number, verify_message=reason):
            cure = _CERTIFICATES.get(number, UNTRUSTED)
            code, message = "untrusted", f"the certificate is not trusted: {reason}"
        case ssl.SSLError():
            code, message, cure = "no_tls", f"{base_url} supports no usable version of TLS", NO_TLS
        case TimeoutError():
            code, message, cure = "timeout", f"{base_url} does not answer", NETWORK
        case _:
            reason = error.strerror or type(error).__name__
            code, message, cure = "unreachable", f"{base_url} is not reachable: {reason}", NETWORK
    return Finding("connection", "fault", message, cure, code)
