from __future__ import annotations

import subprocess
import sys
import traceback

import pytest
from hypothesis import given, strategies as st
from yarl import URL

from linktime.config import KEY_MISSING, Settings
from linktime.errors import ConfigError
from linktime.hosts import is_loopback
from linktime.sanitize.placeholders import Placeholder, placeholder
from tests.support.process import environ

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
    "guard": True,
    "trace_arguments": False,
}


def read(**environ: str) -> Settings:
    return Settings.from_environ({f"LINKTIME_{name}": value for name, value in environ.items()})


def faults(**environ: str) -> list[str]:
    """Return the variables that have a fault. No line may hold a secret."""
    return [line.partition(":")[0] for line in lines(**environ)]


def lines(**environ: str) -> list[str]:
    """Return the lines of all faults. None may hold a secret."""
    with pytest.raises(ConfigError) as caught:
        read(**environ)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    texts = "".join([repr(caught.value), *traceback.format_exception(caught.value)])
    assert "secret" not in texts
    assert KEY not in texts
    assert str(caught.value) == "\n".join(caught.value.faults)
    return caught.value.faults


def test_every_setting_has_a_default() -> None:
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
        GUARD="0",
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
        "guard": False,
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
def test_unknown_budget_is_a_fault(budget: str) -> None:
    [line] = lines(BUDGET=budget)

    assert line.startswith("LINKTIME_BUDGET: ")
    assert all(kind in line for kind in ("local", "process", "redis://", "rediss://", "unix://"))


def test_missing_redis_package_names_its_installation() -> None:
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
    [line] = ended.stderr.splitlines()
    assert line.startswith("LINKTIME_BUDGET: ")
    assert line.endswith("pip install '.[redis]'")


def test_every_setting_has_a_description() -> None:
    assert all(field.description for field in Settings.model_fields.values())


@pytest.mark.parametrize("value", ["", " ", "\t\n"])
def test_an_empty_variable_counts_as_not_set(value: str) -> None:
    empty = {f"LINKTIME_{name.upper()}": value for name in DEFAULTS}
    assert Settings.from_environ(empty).model_dump() == DEFAULTS


def test_all_faults_are_reported_at_once() -> None:
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
        "LINKTIME_API_KEY",
        "LINKTIME_ALLOW_HTTP",
        "LINKTIME_BASE_URL",
        "LINKTIME_RATE_LIMIT",
        "LINKTIME_RATE_PERIOD",
        "LINKTIME_BUDGET",
        "LINKTIME_CACHE_TTL",
        "LINKTIME_WORKERS",
        "LINKTIME_QUEUE",
        "LINKTIME_TIMEOUT",
        "LINKTIME_DEADLINE",
    ]


@pytest.mark.parametrize("value", ["60.0", " 60 ", "60\n", "+60", "060"])
def test_whole_number_has_several_spellings(value: str) -> None:
    assert read(RATE_LIMIT=value).rate_limit == 60


@pytest.mark.parametrize("value", ["1e3", "inf", "nan", "-1", "\uff16\uff10", "0x3c", "60 s", "9" * 20, "100001"])
def test_senseless_limit_is_a_fault(value: str) -> None:
    assert faults(RATE_LIMIT=value) == ["LINKTIME_RATE_LIMIT"]


@pytest.mark.parametrize(("value", "seconds"), [("60.0", 60.0), ("1e2", 100.0), (" 5 ", 5.0), (".5", 0.5)])
def test_seconds_may_be_fractions(value: str, seconds: float) -> None:
    assert read(TIMEOUT=value).timeout == seconds


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "1e999", "-1", "0", "\uff16\uff10", "10s", "1e9"])
def test_senseless_time_is_a_fault(value: str) -> None:
    assert faults(TIMEOUT=value) == ["LINKTIME_TIMEOUT"]


@pytest.mark.parametrize("value", [f" {KEY}", f"{KEY}\r\n", f"\t{KEY} \n"])
def test_key_loses_the_space_around_it(value: str) -> None:
    key = read(API_KEY=value).api_key
    assert key is not None
    assert key.get_secret_value() == KEY


@pytest.mark.parametrize(
    "value", [f"{KEY} {KEY}", f"{KEY}\r\nX: y", f"{KEY}\0", f"{KEY}é", f"{KEY}\x7f", f"\u200b{KEY}"]
)
def test_malformed_key_is_a_fault(value: str) -> None:
    assert faults(API_KEY=value) == ["LINKTIME_API_KEY"]


def test_key_is_in_no_text_of_the_settings() -> None:
    taken = read(API_KEY=KEY)
    texts = [repr(taken), str(taken), repr(taken.model_dump()), taken.model_dump_json(by_alias=True)]
    assert not [text for text in texts if KEY in text]


def test_fault_beside_a_good_key_does_not_show_the_key() -> None:
    assert faults(API_KEY=KEY, WORKERS="many") == ["LINKTIME_WORKERS"]


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
        ("https://linktime.io/api/v1", "https://linktime.io"),
        ("https://linktime.io/API/V1//", "https://linktime.io"),
        ("https://proxy.example/linktime/api/v1/", "https://proxy.example/linktime"),
        ("https://proxy.example/api", "https://proxy.example/api"),
        ("https://proxy.example/xapi/v1", "https://proxy.example/xapi/v1"),
        ("https://api.example", "https://api.example"),
        ("https://ü.example", "https://xn--tda.example"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://127.0.0.1:8787", "http://127.0.0.1:8787"),
        ("http://127.8.9.1", "http://127.8.9.1"),
        ("http://[::1]:8787", "http://[::1]:8787"),
        ("http://LOCALHOST:8787", "http://LOCALHOST:8787"),
        ("http://linktime.localhost/x", "http://linktime.localhost/x"),
    ],
)
def test_base_url_loses_slashes_and_api_version_at_its_end(value: str, base: str) -> None:
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
def test_malformed_base_url_is_a_fault(value: str) -> None:
    [line] = lines(BASE_URL=value)

    assert line.startswith("LINKTIME_BASE_URL: ")
    assert "LINKTIME_ALLOW_HTTP" not in line


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
def test_plain_http_to_another_machine_needs_permission(value: str) -> None:
    [line] = lines(BASE_URL=value)

    assert line.startswith("LINKTIME_BASE_URL: ")
    assert "LINKTIME_ALLOW_HTTP=1" in line
    assert lines(BASE_URL=value, ALLOW_HTTP="0") == [line]
    assert read(BASE_URL=value, ALLOW_HTTP="1").base_url == value


def test_malformed_permission_for_plain_http_is_none() -> None:
    assert faults(BASE_URL="http://linktime.io", ALLOW_HTTP="maybe") == ["LINKTIME_ALLOW_HTTP", "LINKTIME_BASE_URL"]


@pytest.mark.parametrize(
    "value", ["${LINKTIME_API_KEY}", "%LINKTIME_API_KEY%", "${input:x}", f'"{KEY}"', "undefined", "lt_live_..."]
)
def test_placeholder_counts_as_a_missing_key(value: str) -> None:
    settings = read(API_KEY=value)

    assert settings.api_key is None
    assert settings.missing_key.startswith(KEY_MISSING)
    assert str(placeholder(value)) in settings.missing_key
    assert KEY not in settings.missing_key


@pytest.mark.parametrize("name", [f"LINKTIME_{name.upper()}" for name in DEFAULTS if name != "api_key"])
def test_placeholder_in_another_setting_is_named_as_such(name: str) -> None:
    [line] = lines(**{name.removeprefix("LINKTIME_"): f"${{{name}}}"})

    assert line == f"{name}: {Placeholder.REFERENCE}"


def test_key_is_missing_only_if_there_is_none() -> None:
    assert (read().missing_key, read(API_KEY=KEY).missing_key) == (KEY_MISSING, "")


@given(st.from_regex(r"https?://[^\r\n]{1,30}") | st.from_regex(r"https://[\w.:%\[\]-]{1,20}(/.*)?"))
def test_accepted_base_url_has_the_host_that_was_checked(value: str) -> None:
    try:
        base = URL(read(BASE_URL=value).base_url)
    except ConfigError:
        return
    assert base.raw_host
    assert base.scheme == "https" or is_loopback(base.raw_host)
    assert (base.user, base.password, base.query_string, base.fragment) == (None, None, "", "")
