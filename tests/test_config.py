from __future__ import annotations

import subprocess
import sys
import traceback

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from yarl import URL

from linktime.config import Settings
from linktime.errors import ConfigError
from linktime.hosts import is_loopback
from tests.child import environ

KEY = "lt_live_51f0c3"
DEFAULTS = {
    "api_key": None,
    "allow_http": False,
    "base_url": "https://linktime.io",
    "rate_limit": 60,
    "rate_period": 60.0,
    "budget": "local",
    "cache_ttl": 30.0,
    "workers": 8,
    "queue": 256,
    "timeout": 10.0,
    "deadline": 50.0,
    "toolsets": ("all",),
    "read_only": False,
    "confirm": False,
    "trace_arguments": False,
}
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NOT_A_BASE = "must be the base of the API, such as https://linktime.io, without user, query or fragment"
IN_THE_CLEAR = "must be https, or the key travels in the clear; LINKTIME_ALLOW_HTTP=1 allows plain http"
NOT_A_BUDGET = "must be local, process, or the URL of a Redis server: redis://…, rediss://… or unix://…"
NOT_A_KEY = "must be the key alone, as LinkTime shows it: letters, digits and signs without spaces"


def read(**environ: str) -> Settings:
    return Settings.from_environ({f"LINKTIME_{name}": value for name, value in environ.items()})


def faults(**environ: str) -> list[str]:
    """Return the faults, having seen that no secret is told with them."""
    with pytest.raises(ConfigError) as caught:
        read(**environ)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    told = "".join([repr(caught.value), *traceback.format_exception(caught.value)])
    assert "secret" not in told
    assert KEY not in told
    assert str(caught.value) == "\n".join(caught.value.faults)
    return caught.value.faults


def test_nothing_has_to_be_set() -> None:
    assert Settings.from_environ({"PATH": "/bin", "LINKTIME_UNKNOWN": "x"}).model_dump() == DEFAULTS


def test_every_setting_is_read_from_its_variable() -> None:
    taken = read(
        API_KEY=KEY,
        ALLOW_HTTP="1",
        BASE_URL="http://linktime.test/base",
        RATE_LIMIT="120",
        RATE_PERIOD="30.5",
        BUDGET="process",
        CACHE_TTL="0",
        WORKERS="4",
        QUEUE="16",
        TIMEOUT="2.5",
        DEADLINE="20",
        TOOLSETS=" Meetings, scheduling,,meetings ",
        READ_ONLY="1",
        CONFIRM="1",
        TRACE_ARGUMENTS="1",
    )
    assert taken.api_key is not None
    assert taken.api_key.get_secret_value() == KEY
    assert taken.model_dump(exclude={"api_key"}) == {
        "allow_http": True,
        "base_url": "http://linktime.test/base",
        "rate_limit": 120,
        "rate_period": 30.5,
        "budget": "process",
        "cache_ttl": 0.0,
        "workers": 4,
        "queue": 16,
        "timeout": 2.5,
        "deadline": 20.0,
        "toolsets": ("meetings", "scheduling"),
        "read_only": True,
        "confirm": True,
        "trace_arguments": True,
    }


@pytest.mark.parametrize(
    "budget",
    ["local", "redis://localhost", "rediss://user:secret@redis.test:6380/2", "unix://user:secret@/run/redis.sock?db=1"],
)
def test_a_budget_can_be_shared(budget: str) -> None:
    settings = read(BUDGET=budget)

    assert settings.budget == budget
    assert budget not in repr(settings)


@pytest.mark.parametrize(
    "budget",
    [
        "shared",
        "redis://",
        "redis:localhost",
        "http://localhost",
        "redis://two words",
        "redis://user:secret/@redis.test",
        "redis://redis.test:secret",
        "redis://[secret",
        "unix://",
        "unix://redis.sock",
    ],
)
def test_a_budget_that_nobody_keeps_is_a_fault(budget: str) -> None:
    assert faults(BUDGET=budget) == [f"LINKTIME_BUDGET: {NOT_A_BUDGET}"]


def test_a_budget_on_redis_without_its_package_is_told_with_what_to_install() -> None:
    program = "import sys; sys.modules['redis'] = None; from linktime.cli import main; main([])"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
        env=environ(LINKTIME_BUDGET="redis://:secret@localhost"),
    )

    assert ended.returncode == 2
    assert ended.stderr == "LINKTIME_BUDGET: a Redis server needs a package more: pip install '.[redis]'\n"


def test_every_setting_has_a_description() -> None:
    assert all(field.description for field in Settings.model_fields.values())


@pytest.mark.parametrize("value", ["", " ", "\t\n"])
def test_an_empty_variable_counts_as_not_set(value: str) -> None:
    empty = {f"LINKTIME_{name.upper()}": value for name in DEFAULTS}
    assert Settings.from_environ(empty).model_dump() == DEFAULTS


def test_all_faults_are_told_at_once_each_with_its_variable() -> None:
    assert faults(
        API_KEY="lt live",
        ALLOW_HTTP="perhaps",
        BASE_URL="ftp://linktime.io",
        RATE_LIMIT="sixty",
        RATE_PERIOD="0",
        BUDGET="everybody",
        CACHE_TTL="-1",
        WORKERS="1.5",
        QUEUE="0",
        TIMEOUT="nan",
        DEADLINE="99999",
    ) == [
        f"LINKTIME_API_KEY: {NOT_A_KEY}",
        "LINKTIME_ALLOW_HTTP: must be a valid boolean",
        f"LINKTIME_BASE_URL: {NOT_A_BASE}",
        "LINKTIME_RATE_LIMIT: must be a valid integer",
        "LINKTIME_RATE_PERIOD: must be greater than 0",
        f"LINKTIME_BUDGET: {NOT_A_BUDGET}",
        "LINKTIME_CACHE_TTL: must be greater than or equal to 0",
        "LINKTIME_WORKERS: must be a valid integer",
        "LINKTIME_QUEUE: must be greater than or equal to 1",
        "LINKTIME_TIMEOUT: must be a finite number",
        "LINKTIME_DEADLINE: must be less than or equal to 3600",
    ]


@pytest.mark.parametrize("value", ["60.0", " 60 ", "60\n", "+60", "060"])
def test_a_whole_number_may_be_written_in_several_ways(value: str) -> None:
    assert read(RATE_LIMIT=value).rate_limit == 60


@pytest.mark.parametrize("value", ["1e3", "inf", "nan", "-1", "\uff16\uff10", "0x3c", "60 s", "9" * 20, "100001"])
def test_what_is_no_sensible_limit_is_refused(value: str) -> None:
    (fault,) = faults(RATE_LIMIT=value)
    assert fault.startswith("LINKTIME_RATE_LIMIT: ")


@pytest.mark.parametrize(("value", "seconds"), [("60.0", 60.0), ("1e2", 100.0), (" 5 ", 5.0), (".5", 0.5)])
def test_seconds_may_be_fractions(value: str, seconds: float) -> None:
    assert read(TIMEOUT=value).timeout == seconds


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "1e999", "-1", "0", "\uff16\uff10", "10s", "1e9"])
def test_what_is_no_sensible_time_is_refused(value: str) -> None:
    (fault,) = faults(TIMEOUT=value)
    assert fault.startswith("LINKTIME_TIMEOUT: must be ")


@pytest.mark.parametrize("value", [f" {KEY}", f"{KEY}\r\n", f"\t{KEY} \n"])
def test_a_key_loses_the_space_around_it(value: str) -> None:
    key = read(API_KEY=value).api_key
    assert key is not None
    assert key.get_secret_value() == KEY


@pytest.mark.parametrize(
    "value", [f"{KEY} {KEY}", f"{KEY}\r\nX: y", f"{KEY}\0", f"{KEY}é", f"{KEY}\x7f", f"\u200b{KEY}"]
)
def test_a_key_with_anything_odd_within_is_refused(value: str) -> None:
    assert faults(API_KEY=value) == [f"LINKTIME_API_KEY: {NOT_A_KEY}"]


def test_the_key_is_in_no_text_of_the_settings() -> None:
    taken = read(API_KEY=KEY)
    texts = [repr(taken), str(taken), repr(taken.model_dump()), taken.model_dump_json(by_alias=True)]
    assert not [text for text in texts if KEY in text]


def test_a_fault_beside_a_good_key_does_not_tell_the_key() -> None:
    assert faults(API_KEY=KEY, WORKERS="many") == ["LINKTIME_WORKERS: must be a valid integer"]


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        read().timeout = 1


@pytest.mark.parametrize(
    ("value", "base"),
    [
        ("https://linktime.io/", "https://linktime.io"),
        (" https://linktime.io// ", "https://linktime.io"),
        ("HTTPS://LinkTime.io", "HTTPS://LinkTime.io"),
        ("https://proxy.example:8443/linktime/", "https://proxy.example:8443/linktime"),
        ("https://ü.example", "https://ü.example"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://127.0.0.1:8787", "http://127.0.0.1:8787"),
        ("http://127.8.9.1", "http://127.8.9.1"),
        ("http://[::1]:8787", "http://[::1]:8787"),
        ("http://LOCALHOST:8787", "http://LOCALHOST:8787"),
        ("http://linktime.localhost/x", "http://linktime.localhost/x"),
    ],
)
def test_a_base_url_loses_its_last_slashes_alone(value: str, base: str) -> None:
    assert read(BASE_URL=value).base_url == base


@pytest.mark.parametrize(
    "value",
    [
        "linktime.io",
        "ftp://linktime.io",
        "https://",
        "https://:443",
        "https://user:secret@linktime.io",
        "https://@linktime.io",
        "https://lt_live:secret",
        "https://linktime.io:99999",
        "https://linktime.io:0",
        "https://linktime.io?key=secret",
        "https://linktime.io/#secret",
        "https://link time.io",
        "https://linktime.io\\@evil.example",
        "https://linktime.io/\0",
        "https://linktime.io/a\nb",
        "https://[::1",
        "https://a..b",
        f"https://{'a' * 64}.io",
    ],
)
def test_what_cannot_be_a_base_is_refused(value: str) -> None:
    assert faults(BASE_URL=value) == [f"LINKTIME_BASE_URL: {NOT_A_BASE}"]


@pytest.mark.parametrize(
    "value",
    [
        "http://linktime.io",
        "HTTP://linktime.io",
        "http://192.168.1.5:8787",
        "http://0.0.0.0",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://notlocalhost",
    ],
)
def test_plain_http_to_another_machine_needs_leave(value: str) -> None:
    assert faults(BASE_URL=value) == [f"LINKTIME_BASE_URL: {IN_THE_CLEAR}"]
    assert faults(BASE_URL=value, ALLOW_HTTP="0") == [f"LINKTIME_BASE_URL: {IN_THE_CLEAR}"]
    assert read(BASE_URL=value, ALLOW_HTTP="1").base_url == value


def test_leave_for_plain_http_that_cannot_be_read_is_no_leave() -> None:
    assert faults(BASE_URL="http://linktime.io", ALLOW_HTTP="maybe") == [
        "LINKTIME_ALLOW_HTTP: must be a valid boolean",
        f"LINKTIME_BASE_URL: {IN_THE_CLEAR}",
    ]


@UNHURRIED
@given(st.from_regex(r"https?://[^\r\n]{1,30}") | st.from_regex(r"https://[\w.:%\[\]-]{1,20}(/.*)?"))
def test_every_base_url_that_is_taken_has_the_host_that_was_judged(value: str) -> None:
    try:
        base = URL(read(BASE_URL=value).base_url)
    except ConfigError:
        return
    assert base.raw_host
    assert base.scheme == "https" or is_loopback(base.raw_host)
    assert (base.user, base.password, base.query_string, base.fragment) == (None, None, "", "")
