"""The identity of a service, from its base URL."""

from __future__ import annotations

import pytest

from linktime.hosts import identity


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://linktime.io", "HTTPS://LinkTime.IO"),
        ("https://linktime.io", "https://linktime.io/"),
        ("https://linktime.io", "https://linktime.io:443"),
        ("https://linktime.io", "https://linktime.io/api/v1"),
        ("https://linktime.io", "https://linktime.io./api/v1/"),
        ("https://proxy.test/linktime", "https://proxy.test/linktime/api/v1"),
        ("http://localhost:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080", "http://[::1]:8080/"),
        ("http://localhost", "http://127.0.0.1:80"),
        ("https://müller.test", "https://xn--mller-kva.test"),
    ],
)
def test_spellings_of_one_service(one: str, other: str) -> None:
    assert identity(one) == identity(other)


@pytest.mark.parametrize(
    "other",
    ["http://linktime.io", "https://linktime.io:8443", "https://linktime.io/eu", "https://eu.linktime.io"],
)
def test_different_services(other: str) -> None:
    assert identity(other) != identity("https://linktime.io")
