"""The certificates that the REST client trusts, against a real TLS server."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path

import pytest
import truststore

from linktime.pipeline.rest.client import Rest
from linktime.pipeline.rest.trust import tls_context
from tests.support.certificate import signed
from tests.support.http_server import answer, upstream
from tests.support.process import child
from tests.support.rest_client import KEY, READ, failure_of

ELSEWHERE = pytest.mark.parametrize("platform", ["darwin", "win32"])


@ELSEWHERE
async def test_only_the_store_of_the_system_is_trusted(platform: str, tmp_path: Path) -> None:
    context = tls_context({}, platform)
    assert isinstance(context, truststore.SSLContext)
    async with upstream(answer(200, b"[1]"), tls=signed(tmp_path, "127.0.0.1")) as server:
        rest = Rest(server.url, KEY, timeout=5, connections=1, tls=lambda: context)
        failure = await failure_of(rest, READ)
        assert "SSL_CERT_FILE" in failure.message
        assert server.seen == []

        context.load_verify_locations(tmp_path / "authority.pem")  # as if the user had added it to the store

        assert (await rest(READ)).data == [1]
        await rest.aclose()


async def test_program_trusts_the_authority_in_ssl_cert_file(tmp_path: Path) -> None:
    """The authority lacks extensions of RFC 5280, as many of company proxies do."""
    tls = signed(tmp_path, "127.0.0.1")
    async with upstream(answer(200, b'{"id":"u1"}'), tls=tls) as service:
        settings = {"LINKTIME_API_KEY": KEY, "LINKTIME_BASE_URL": service.url}
        async with child(**settings, SSL_CERT_FILE=str(tmp_path / "authority.pem")) as server:
            await server.greet()
            trusted = await server.result(server.call("get_me"))
        async with child(**settings) as server:
            await server.greet()
            refused = await server.result(server.call("get_me"))

    assert trusted["isError"] is False
    assert refused["content"][0]["text"].startswith("unavailable: ")
    assert len(service.seen) == 1


@ELSEWHERE
@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_users_certificates_replace_the_store(name: str, platform: str) -> None:
    assert is_of_python(tls_context({name: "somewhere"}, platform))


def test_openssl_reads_the_store_of_linux() -> None:
    assert is_of_python(tls_context({}, "linux"))


def is_of_python(context: ssl.SSLContext | None) -> bool:
    """Return whether it is Python's own context. Since 3.13 that checks the form of certificates, too."""
    if context is None:
        return sys.version_info < (3, 13)
    return type(context) is ssl.SSLContext and not context.verify_flags & ssl.VERIFY_X509_STRICT


def test_store_in_a_place_unknown_to_openssl_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.setenv(name, "")  # so OpenSSL knows no place

    assert isinstance(tls_context({}, "linux"), truststore.SSLContext)
