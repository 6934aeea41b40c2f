from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given, strategies as st
from multidict import CIMultiDict

from linktime.message import UNSTATED, Quota
from linktime.pipeline.rest.ratelimit_headers import quota, wished_wait

DATE = "Sun, 01 Mar 2026 14:00:00 GMT"
EPOCH = int(datetime(2026, 3, 1, 14, tzinfo=UTC).timestamp())
NAMES = (
    "Date",
    "Retry-After",
    "RateLimit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
)
NEAR_MISSES = st.from_regex(r"[-+]?[0-9]{0,20}[.,;e]?[0-9]{0,12}|\"a\";r=[0-9]*;\s?t=[0-9.]*|[A-Z][a-z]{2}, .{0,30}")


@pytest.mark.parametrize(
    ("headers", "stated"),
    [
        ({}, UNSTATED),
        ({"RateLimit": '"default";r=50;t=30'}, Quota(50, 30)),
        ({"RateLimit": '"default"; t = 30 ; r = 50'}, Quota(50, 30)),
        ({"RateLimit": '"default";r=0'}, Quota(0, None)),
        ({"RateLimit": '"odd", "minute";r=5;t=9, "day";r=900;t=9999'}, Quota(5, 9)),
        ({"RateLimit": "nonsense", "RateLimit-Remaining": "4"}, Quota(4, None)),
        ({"RateLimit": '"a";r=1', "X-RateLimit-Remaining": "2"}, Quota(1, None)),
        ({"RateLimit-Limit": "60", "RateLimit-Remaining": "3", "RateLimit-Reset": "20"}, Quota(3, 20)),
        ({"RateLimit-Remaining": "3", "X-RateLimit-Remaining": "4"}, Quota(3, None)),
        ({"X-RateLimit-Remaining": "4", "X-RateLimit-Reset": "11.5"}, Quota(4, 11.5)),
        ({"X-RateLimit-Reset": "0"}, Quota(None, 0)),
        ({"X-RateLimit-Reset": "4000"}, Quota(None, 120)),
        ({"X-RateLimit-Reset": str(EPOCH + 30), "Date": DATE}, Quota(None, 31)),
        ({"X-RateLimit-Reset": str(1000 * EPOCH + 30_500), "Date": DATE}, Quota(None, 31.5)),
        ({"X-RateLimit-Reset": str(EPOCH - 30), "Date": DATE}, Quota(None, 0)),
        ({"X-RateLimit-Reset": str(EPOCH + 9000), "Date": DATE}, Quota(None, 120)),
        ({"X-RateLimit-Remaining": "-1", "X-RateLimit-Reset": "1e3"}, UNSTATED),
        ({"X-RateLimit-Remaining": "\uff16\uff10"}, UNSTATED),
        ({"X-RateLimit-Remaining": "9" * 16}, UNSTATED),
        ({"x-ratelimit-remaining": " 5 "}, Quota(5, None)),
    ],
)
def test_quota_is_read_from_any_of_its_forms(headers: dict[str, str], stated: Quota) -> None:
    assert quota(CIMultiDict(headers)) == stated


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": " 1.5 "}, 1.5),
        ({"Retry-After": "999999"}, 999999),
        ({"Retry-After": "Sun, 01 Mar 2026 14:00:30 GMT", "Date": DATE}, 30),
        ({"Retry-After": "Sun, 01 Mar 2026 14:00:30 -0000", "Date": DATE}, 30),
        ({"Retry-After": "Sunday, 01-Mar-26 14:00:30 GMT", "Date": DATE}, 30),
        ({"Retry-After": "Sun, 01 Mar 2026 13:00:00 GMT", "Date": DATE}, 0),
        ({"Retry-After": "Sun, 99999999999999999999 Mar 2026 14:00:30 GMT"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "7", "RateLimit": '"a";r=0;t=9'}, 7),
        ({"Retry-After": "soon", "RateLimit": '"a";r=0;t=9'}, 9),
        ({"X-RateLimit-Reset": "9"}, 9),
        ({"X-RateLimit-Remaining": "9"}, None),
    ],
)
def test_wait_is_a_number_a_date_or_the_reset(headers: dict[str, str], seconds: float | None) -> None:
    assert wished_wait(CIMultiDict(headers)) == seconds


def test_date_without_the_services_clock_uses_this_machines() -> None:
    in_an_age = format_datetime(datetime(2200, 1, 1, tzinfo=UTC), usegmt=True)
    waits = wished_wait({"Retry-After": in_an_age})
    assert waits is not None
    assert waits > 1e9
    assert wished_wait({"Retry-After": DATE.replace("2026", "1999")}) == 0


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from(NAMES), st.text() | NEAR_MISSES | st.sampled_from([DATE, str(EPOCH)])))
def test_any_header_is_read_within_bounds(headers: dict[str, str]) -> None:
    stated, seconds = quota(headers), wished_wait(headers)
    assert stated.remaining is None or stated.remaining >= 0
    assert stated.reset is None or 0 <= stated.reset <= 120
    assert seconds is None or seconds >= 0


@given(st.integers(0, 999), st.integers(0, 120))
def test_well_formed_header_is_read_exactly(remaining: int, reset: int) -> None:
    stated = Quota(remaining, reset)
    assert quota({"RateLimit": f'"default";r={remaining};t={reset}'}) == stated
    assert quota({"X-RateLimit-Remaining": str(remaining), "X-RateLimit-Reset": str(reset)}) == stated
