"""Which proxy the environment names for a base URL."""

from __future__ import annotations

import pytest

from linktime.pipeline.rest.proxy import proxy_of

API = "https://linktime.example"
NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("environ", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ({"https_proxy": "p:1"}, "http://p:1"),
        ({"ALL_PROXY": "http://all:1"}, "http://all:1"),
        ({"all_proxy": "http://all:1", "https_proxy": "http://p:1"}, "http://p:1"),
        ({"http_proxy": "http://p:1"}, None),
        ({"https_proxy": ""}, None),
    ],
)
def test_proxy_is_the_schemes_own_or_that_for_all(
    environ: dict[str, str], proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert proxy_of(API) == proxy


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
@pytest.mark.parametrize(
    ("base", "exempt", "direct"),
    [
        (API, "linktime.example", True),
        (API, "LINKTIME.example", True),
        (API, "other, linktime.example", True),
        (API, "other linktime.example", True),
        (API, "example", True),
        (API, ".example", True),
        (API, "*.example", True),
        (API, "*", True),
        (API, "linktime.example:443", True),
        (API, "linktime.example:8443", False),
        (API, "time.example", False),
        (API, "*.linktime.example.org", False),
        (API, "", False),
        ("http://10.1.2.3:80", "10.0.0.0/8", True),
        ("http://10.1.2.3:80", "10.1.2.3", True),
        ("http://11.1.2.3:80", "10.0.0.0/8", False),
        ("http://[fd00::1]", "fd00::/8", True),
        ("http://127.0.0.1", "", True),
        ("http://localhost:8787", "", True),
    ],
)
def test_no_proxy_accepts_hosts_wildcards_and_networks(
    base: str, exempt: str, name: str, monkeypatch: pytest.MonkeyPatch, *, direct: bool
) -> None:
    monkeypatch.setenv("all_proxy", "http://all:1")
    monkeypatch.setenv(name, exempt)
    assert (proxy_of(base) is None) is direct
