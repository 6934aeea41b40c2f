from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from linktime.tools import action_config
from linktime.tools.targets import canonical_host, refusal

PUBLIC = [
    "https://api.example.com/bookings",
    "https://api.example.com:8443/x?y=z",
    "HTTPS://API.Example.COM.",
    "https://bücher.example/hook",
    "https://xn--bcher-kva.example/hook",
    "https://93.184.216.34/hook",
    "https://[2606:2800:220:1:248:1893:25c8:1946]/",
    "https://localhost.example.com/",
    "https://xn--ls8h.example/",
    "https://my_host.example/",
    "https://8.8.8.8.nip.io/",
    "https://203-0-114-9.sslip.io/",
    "https://deadbeef.tunnel.example/",
    "https://api.example.com/?next=10.0.0.1",
    "https://[::ffff:8.8.8.8]/",
]
PRIVATE = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f.0.0.1/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.0.0.1./",
    "https://\uff11\uff12\uff17.0.0.1/",
    "https://127。0。0。1/",
    "https://%31%32%37.0.0.1/",
    "https://0.0.0.0/",
    "https://10.1.2.3/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://0xa9fea9fe/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1%25eth0]/",
    "https://[fc00::1]/",
    "https://[fd00:ec2::254]/",
    "https://[ff02::1]/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://ⓛocalhost/",
    "https://app.localhost/",
    "https://metadata.google.internal/",
    "https://metadata/",
    "https://printer.local/",
    "https://router.lan/",
    "https://nas.home.arpa/",
    "https://168.63.129.16/",  # Azure's metadata
    "https://192.0.0.192/",  # Oracle's metadata
    "https://[fec0::1]/",
    "https://[64:ff9b:1::1]/",
    "https://[::7f00:1]/",
    "https://[::ffff:0:7f00:1]/",
    "https://[2606:2800::1%25eth0]/",
    "https://127.0.0.1.nip.io/",
    "https://app-127-0-0-1.nip.io/",
    "https://1.10.0.0.1.nip.io/",
    "https://7f000001.nip.io/",
    "https://app-7f000001.nip.io/",
    "https://--1.sslip.io/",
    "https://fd00--1.sslip.io/",
    "https://ip-10-0-0-1.compute.example/",
    "https://app.localtest.me/",
    "https://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460/",
]
MALFORMED = [
    "",
    "example.com",
    "ftp://example.com/",
    "javascript:alert(1)",
    "https://",
    "https://user@example.com/",
    "https://user:secret@example.com/",
    "https://@example.com/",
    "https://example.com:0/",
    "https://example.com:99999/",
    "https://[::1/",
    "http://example.com/",
    "https:example.com",
    "https:/example.com/",
    "https:///example.com/",
    "https:\\\\example.com/",
    "https://good.example\\@evil.example/",
    "https://good.example\\.evil.example/",
    "https://evil.example%2f.good.example/",
    "https://evil.example%40good.example/",
    "https://evil.example%00.good.example/",
    "https://%2565vil.example/",
    "https://{{invitee.company}}.example/",
    "https://fa\u00df.example/",  # the versions of IDNA disagree
    "https://evil\u200d.example/",
    "https://ev\u00adil.example/",
    "https://a..example/",
    "https://example.com../",
    "https://example.1/",
    "https://08.8.8.8/",
    "https://[v1.a]/",
    f"https://{'a.' * 200}example/",
]
LOOPBACK = ["http://127.0.0.1:8788/hook", "http://localhost:9/", "https://[::1]/", "http://app.localhost/"]


@pytest.mark.parametrize("url", PUBLIC)
def test_public_https_address_is_accepted(url: str) -> None:
    assert refusal(url) == ""


@pytest.mark.parametrize("url", PRIVATE + MALFORMED)
def test_other_address_is_refused(url: str) -> None:
    assert refusal(url)


@pytest.mark.parametrize(
    "config",
    [
        {"webhookUrls": ["10.0.0.1"]},
        {"deep": {"list": [[{"any": "https://10.0.0.1/"}]]}},
        {"target": " https://10.0.0.1/ "},
        {"target": "ht\ttps://10.0.0.1/"},
        {"target": "https:\\\\10.0.0.1"},
        {"target": "//10.0.0.1/x"},
        {"callback": "{{invitee.website}}"},
    ],
)
def test_private_address_anywhere_in_a_workflow_is_refused(config: dict[str, Any]) -> None:
    assert list(action_config.refusals(config))


def test_links_in_the_text_of_a_message_are_no_targets() -> None:
    config = {
        "body": "See http://10.0.0.1/",
        "to": "Ann <ann@acme.example>, bob@acme.example",
        "phone": "+1 212 555 0142",
    }

    assert list(action_config.refusals(config)) == []
    assert action_config.targets(config) == ["ann@acme.example", "bob@acme.example", "+1 212 555 0142"]


@pytest.mark.parametrize("url", LOOPBACK)
def test_loopback_is_accepted_for_a_local_service_only(url: str) -> None:
    assert refusal(url)
    assert refusal(url, allow_local=True) == ""


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/", "http://169.254.169.254/", "https://u@127.0.0.1/", "ftp://127.0.0.1/"]
)
def test_local_service_does_not_open_the_private_network(url: str) -> None:
    assert refusal(url, allow_local=True)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["{}", "{:#x}", "0{:o}"]))
def test_every_spelling_of_an_address_is_judged_alike(number: int, spelling: str) -> None:
    dotted = ".".join(str(part) for part in number.to_bytes(4, "big"))

    assert bool(refusal(f"https://{spelling.format(number)}/")) == bool(refusal(f"https://{dotted}/"))


@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    assert isinstance(refusal(text), str)
    assert isinstance(refusal(f"https://{text}/"), str)


def test_host_is_shown_as_it_will_be_called() -> None:
    assert canonical_host("https://Bücher.Example./hook") == "xn--bcher-kva.example"
