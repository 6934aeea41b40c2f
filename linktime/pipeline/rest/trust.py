"""The certificates that the service is checked against. Only this module uses truststore."""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Mapping
from typing import Final

from ..system import MACOS, WINDOWS

_USERS_OWN: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_STRICT_SINCE: Final = (3, 13)
_ELSEWHERE: Final = (MACOS, WINDOWS)  # systems that keep their certificates where OpenSSL does not look


def tls_context(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> ssl.SSLContext | None:
    """Return a client's TLS context, or None for Python's own one.

    Python's own context has the certificates that the user names, or those of the system if OpenSSL knows their place.
    Otherwise the context is over the store of the operating system.

    Args:
        environ: The variables of this process.
        platform: A name of `sys.platform`.
    """
    if any(environ.get(name) for name in _USERS_OWN):
        return _python_store()
    paths = ssl.get_default_verify_paths()
    # On Linux truststore would read the whole store again for each connection, in some 25 ms.
    if platform not in _ELSEWHERE and (paths.cafile or paths.capath):
        return _python_store()
    import truststore  # noqa: PLC0415 - most systems do not need it

    return _for_http(truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def _python_store() -> ssl.SSLContext | None:
    """Return None before Python 3.13, and since then Python's own context without the flag VERIFY_X509_STRICT.

    With that flag, OpenSSL refuses authorities that lack an extension of RFC 5280, as those of many company proxies do.
    Browsers and pip accept them.
    """
    if sys.version_info < _STRICT_SINCE:
        return None
    context = ssl.create_default_context()
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return _for_http(context)


def _for_http(context: ssl.SSLContext) -> ssl.SSLContext:
    context.set_alpn_protocols(("http/1.1",))
    return context
