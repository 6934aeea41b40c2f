"""The way to the service: a connection of the doctor's own, which costs no request of the budget.

It asks for the root of the host, with HEAD and without a key, since a refused key has no Reply that could carry the
service's clock, and aiohttp tells nothing of the certificate.
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

from ..config import Settings
from ..ratelimit_headers import http_date
from .finding import Finding

_STEP: Final = 3.0  # s; to connect, and for the answer, if LINKTIME_TIMEOUT allows as much
_PATIENCE: Final = 6.0  # s; for all of it, as looking up a name has no bound of its own
_DAY: Final = 86_400  # s
_ODD: Final = 30.0  # s; a clock that is further off makes times look stale
_AGE: Final = re.compile(r"[0-9]{1,9}")  # s
_WRONG: Final = 300.0  # s; further off, and certificates and signed links fail

_NETWORK: Final = "Check LINKTIME_BASE_URL, this machine's network, and whether a firewall or a proxy stands between."
_UNTIMELY: Final = "See that this machine's clock is right; if it is, whoever runs the service has to renew it."
_ANOTHERS: Final = "Check LINKTIME_BASE_URL: the certificate is another host's."
_STRANGERS: Final = (
    "Check LINKTIME_BASE_URL. Where a company's proxy or a virus scanner reads along, name the file of its "
    "certificate in SSL_CERT_FILE."
)
_CERTIFICATES: Final = {9: _UNTIMELY, 10: _UNTIMELY, 62: _ANOTHERS, 64: _ANOTHERS}  # OpenSSL's X509_V_ERR_…


class Connection(NamedTuple):
    """What was seen; None where there was nothing to see.

    It has the version of TLS, the *days* for which the certificate is good, and by how many seconds our clock is
    *ahead* of the service's.
    """

    tls: str | None = None
    days: int | None = None
    ahead: float | None = None


async def look(settings: Settings, *, proxied: bool) -> list[Finding]:
    """Connect, and tell what was seen; the first finding is whether that is possible."""
    if proxied:
        return [Finding("connection", "good", "goes through a proxy, so TLS and the clock can't be seen from here")]
    base_url = settings.base_url
    try:
        connecting = asyncio.to_thread(_connect, base_url, min(settings.timeout, _STEP))
        seen = await asyncio.wait_for(connecting, _PATIENCE)
    except OSError as error:
        return [Finding("connection", "fault", *_trouble(base_url, error))]
    tls = f"{seen.tls}, with a certificate that is good for {seen.days} days more"
    return [
        Finding("connection", "good", f"{base_url} can be reached"),
        *([Finding("TLS", "good", tls)] if seen.tls else []),
        _clock(seen.ahead),
    ]


def _connect(base_url: str, timeout: float) -> Connection:
    url = urlsplit(base_url)
    secure = url.scheme == "https"
    line = (HTTPSConnection if secure else HTTPConnection)(
        url.hostname or "", url.port or (443 if secure else 80), timeout=timeout
    )
    with closing(line):
        line.connect()
        if not isinstance(line.sock, ssl.SSLSocket):
            return Connection(ahead=_ahead(line))
        ends = ssl.cert_time_to_seconds(str((line.sock.getpeercert() or {})["notAfter"]))
        return Connection(line.sock.version(), int((ends - time.time()) / _DAY), _ahead(line))


def _ahead(line: HTTPConnection) -> float | None:
    """Compare the clocks, halfway between question and answer; an answer may have been kept for a while."""
    sent = time.time()
    try:
        line.request("HEAD", "/", headers={"Cache-Control": "no-cache"})
        headers = line.getresponse().headers
    except (OSError, HTTPException):
        return None
    middle, date, age = (sent + time.time()) / 2, http_date(headers.get("Date", "")), headers.get("Age", "")
    return None if date is None else middle - date.timestamp() - (int(age) if _AGE.fullmatch(age) else 0)


def _clock(ahead: float | None) -> Finding:
    if ahead is None:
        return Finding("clock", "warning", "the service does not tell its own", "See that this machine's is right.")
    if abs(ahead) <= _ODD:
        return Finding("clock", "good", "as the service's")
    off = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the service's"
    cure = "Set this machine's clock, best by switching on its synchronization."
    return Finding("clock", "fault" if abs(ahead) > _WRONG else "warning", off, cure)


def _trouble(base_url: str, error: OSError) -> tuple[str, str]:
    """Say why there is no connection, and what cures that."""
    match error:
        case socket.gaierror():
            return f"no address is known for the host of {base_url}", _NETWORK
        case ConnectionRefusedError():
            return f"{base_url} refuses connections, so nothing listens there", _NETWORK
        case ssl.SSLCertVerificationError(verify_code=code, verify_message=said):
            return f"the certificate can't be trusted: {said}", _CERTIFICATES.get(code, _STRANGERS)
        case ssl.SSLError():
            return f"{base_url} speaks no TLS that we know", "Check LINKTIME_BASE_URL: it may be plain http."
        case TimeoutError():
            return f"{base_url} does not answer", _NETWORK
        case _:
            return f"{base_url} can't be reached: {error.strerror or type(error).__name__}", _NETWORK
