"""Values that are not a key, although they are where the key belongs."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from linktime.sanitize.placeholders import Placeholder, is_placeholder, placeholder

KEYS = [
    "lt_live_51f0c3d9",
    "lt_live_x",
    "lt_live_my0key",
    "lt_live_a-b.c~d",
    "sesame-51f0",
    "hello",
    "k",
    "LINKTIME_API_KEY=lt_live_51f0",
]


@pytest.mark.parametrize(
    "value",
    [
        "${LINKTIME_API_KEY}",
        "${LINKTIME_API_KEY:-}",
        "${env:LINKTIME_API_KEY}",
        "${input:linktime-key}",
        "Bearer ${LINKTIME_API_KEY}",
        "$LINKTIME_API_KEY",
        "$(pass linktime)",
        "${{ secrets.LINKTIME_API_KEY }}",
        "%LINKTIME_API_KEY%",
        "{env:LINKTIME_API_KEY}",
        "{{LINKTIME_API_KEY}}",
        "<your key>",
        "[key]",
        "op://Private/LinkTime/key",
        "env:LINKTIME_API_KEY",
        '"${LINKTIME_API_KEY}"',
        "undefined",
        "null",
        "None",
    ],
)
def test_reference_is_not_a_key(value: str) -> None:
    assert placeholder(value) is Placeholder.REFERENCE
    assert placeholder(f" {value}\n") is Placeholder.REFERENCE


@pytest.mark.parametrize(
    "value",
    [
        "lt_live_...",
        "lt_live_…",
        "lt_live_",
        "lt_live_xxxxxxxx",
        "lt_live_xxxx-xxxx-xx",
        "lt_live_<your key>",
        "lt_live_YOUR_KEY",
        "'lt_live_...'",
        "********",
        "•••",
        "your-api-key",
        "YOUR_API_KEY_HERE",
        "api_key",
        "key-here",
        "changeme",
        "LINKTIME_API_KEY",
        "__LINKTIME_API_KEY__",
        "@LINKTIME_API_KEY@",
        "linktime_api_key_here",
        "lt_live_REDACTED",
    ],
)
def test_sample_is_not_a_key(value: str) -> None:
    assert placeholder(value) is Placeholder.SAMPLE


@pytest.mark.parametrize("quoted", ['"{}"', "'{}'", "“{}”", "`{}`", '"{}', "{}'"])
def test_quoted_key_is_not_a_key(quoted: str) -> None:
    assert placeholder(quoted.format("lt_live_51f0c3d9")) is Placeholder.QUOTED


@pytest.mark.parametrize("key", KEYS)
def test_key_is_not_a_placeholder(key: str) -> None:
    assert not is_placeholder(key)


@given(st.text("0123456789abcdefABCDEF", min_size=8, max_size=64))
def test_no_key_of_the_usual_form_is_a_placeholder(digits: str) -> None:
    assert not is_placeholder(f"lt_live_{digits}")


@given(st.text(max_size=200))
def test_every_text_has_an_answer(text: str) -> None:
    assert is_placeholder(text) == (placeholder(text) is not None)
