"""The certificates that the service is checked against. Only this module uses truststore."""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Mapping
from typing import Final

from ..system import MACOS, WINDOWS

_USERS_OWN: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_ELSEWHERE: Final = (MACOS, WINDOWS)  # systems that keep their certificates where OpenSSL does not look


def system_store(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> ssl.SSLContext | None:
    """Return a client's TLS context over the store of the operating system, or None if Python's own context is right.

    Python's own context has the certificates that the user names, or those of the system if OpenSSL knows their place.

    Args:
        environ: The variables of this process.
        platform: A name of `sys.platform`.
    """
    if any(environ.get(name) for name in _USERS_OWN):
        return None
    paths = ssl.get_default_verify_paths()
    # On Linux truststore would read the whole store again for each connection, in some 25 ms.
    if platform not in _ELSEWHERE and (paths.cafile or paths.capath):
        return None
    import truststore  # noqa: PLC0415 - most systems do not need it

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(("http/1.1",))
    return context
