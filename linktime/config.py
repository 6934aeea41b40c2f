"""Settings: the LINKTIME_* variables of the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Annotated, Final, Self
from urllib.parse import urlsplit, urlunsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import ErrorDetails

from .errors import ConfigError
from .hosts import host_of, is_loopback
from .sanitize.placeholders import placeholder

_BASE: Final = re.compile(r"https?://[^\s/?#@\\%]+(/[^\s?#\\]*)?", re.IGNORECASE)
_API: Final = re.compile(r"/+api/v1$", re.IGNORECASE)
_REDIS: Final = re.compile(r"rediss?://\S+|(?P<socket>unix://([\w.%:~-]*@)?/\S+)", re.ASCII)

_TOOLSETS: Final = frozenset(
    {
        "all",
        "availability",
        "communication",
        "contacts",
        "context",
        "event_types",
        "meetings",
        "scheduling",
        "settings",
        "webhooks",
        "workflows",
    }
)

# the texts of errors
NOT_A_BASE: Final = "must be the base URL of LinkTime, such as https://linktime.io, without user, query or fragment"
NOT_A_BUDGET: Final = "must be local, process, or the URL of a Redis server: redis://…, rediss://… or unix://…"
NOT_A_KEY: Final = "must be only the key: printable ASCII without spaces"
KEY: Final = "LINKTIME_API_KEY"
KEY_MISSING: Final = f"{KEY} environment variable is required"


def _base_url(text: str, info: ValidationInfo) -> str:
    base = _API.sub("", text.rstrip("/"))  # users copy the address from the API's documentation
    host = host_of(base)
    # Two parsers must agree: urlsplit finds the host, and the pattern excludes user and query.
    if not (host and base.isprintable() and _BASE.fullmatch(base)):
        raise ValueError(NOT_A_BASE)
    if base.lower().startswith("http:") and not info.data.get("allow_http") and not is_loopback(host):
        raise ValueError("must be https, since http sends the key unencrypted. Set LINKTIME_ALLOW_HTTP=1 to allow it")
    return base if base.isascii() else _in_ascii(base, host)


def _in_ascii(base: str, host: str) -> str:
    """Return *base* with its *host* as an HTTP client writes it, so that no library reads another host."""
    parts = urlsplit(base)
    netloc = host if parts.port is None else f"{host}:{parts.port}"
    return urlunsplit((parts.scheme, netloc, parts.path, "", ""))


def _budget(text: str) -> str:
    if text in {"local", "process"}:
        return text
    redis = _REDIS.fullmatch(text)
    if not (redis and (redis["socket"] or host_of(text))):
        raise ValueError(NOT_A_BUDGET)
    if find_spec("redis") is None:
        raise ValueError("Redis support is not installed. Run: pip install '.[redis]'")
    return text


def _toolsets(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip().lower() for name in text.split(",") if name.strip()))
    if not names or not _TOOLSETS.issuperset(names):
        raise ValueError(f"must be a comma-separated list of: {', '.join(sorted(_TOOLSETS))}")
    return names


def _key(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(NOT_A_KEY)
    return secret


class Settings(BaseModel):
    """The settings. A field's variable is `LINKTIME_` and its name. The README has its description."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=lambda name: f"LINKTIME_{name.upper()}",
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )

    # The service
    api_key: Annotated[SecretStr | None, AfterValidator(lambda key: key and _key(key))] = Field(
        None, description="the key, `lt_live_…`, from Settings → API Keys"
    )
    allow_http: bool = Field(
        default=False, description="`1` = allow a plain http base URL that is not this machine's own"
    )
    base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        "https://linktime.io", description="base URL of LinkTime, where `/api/v1` at the end is ignored"
    )
    # The budget and the cache
    rate_limit: int = Field(60, ge=1, le=5_000, description="upstream requests allowed …")
    rate_period: float = Field(60, gt=0, le=86_400, description="… in *any* window of this many seconds")
    budget: Annotated[str, AfterValidator(_budget)] = Field(
        "local",
        description="the servers that share the budget: `local` = those with this key on this machine, `redis://…` = "
        "those of every machine, `process` = this one only",
        repr=False,  # a URL may hold a password
    )
    cache_ttl: float = Field(
        30,
        ge=0,
        le=86_400,
        description="seconds a list or get answer may be reused, `0` = every call is a fresh request",
    )
    # Concurrency and time
    workers: int = Field(8, ge=1, le=1000, description="workers, so requests under way at once")
    queue: int = Field(256, ge=1, le=100_000, description="calls that may wait (a further call is refused at once)")
    timeout: float = Field(10, gt=0, le=600, description="seconds for one REST request")
    deadline: float = Field(50, gt=0, le=3600, description="seconds for one tool call, waiting included")
    # The offered tools
    toolsets: Annotated[tuple[str, ...], BeforeValidator(_toolsets)] = Field(
        ("all",), description="which toolsets to offer, comma separated, such as `scheduling,meetings`"
    )
    read_only: bool = Field(default=False, description="`1` = offer only the tools that read")
    confirm: bool = Field(
        default=False,
        description="`1` = ask the user before a delete, a cancellation, new weekly hours, and a webhook or workflow "
        "that sends guests' data out",
    )
    guard: bool = Field(
        default=True,
        description="`1` = ask the user before guests' data goes to an address that a guest wrote; `0` = do not ask",
    )
    trace_arguments: bool = Field(
        default=False, description="`1` = spans show a call's ids, slugs, times and numbers, but no text of guests"
    )

    _key_fault: str = PrivateAttr("")

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Return the settings. An empty variable counts as not set, and so does a placeholder for the key.

        Raises ConfigError with a line for each error. It never quotes a value, which may be a secret.
        """
        known = {str(field.alias) for field in cls.model_fields.values()}
        values = {name: value.strip() for name, value in environ.items() if name in known and value.strip()}
        # A placeholder is reported as a missing key, not as a malformed one.
        unfilled = placeholder(values.get(KEY, ""))
        if unfilled:
            del values[KEY]
        try:
            settings = cls.model_validate(values)
        except ValidationError as error:
            faults = {str(each["loc"][0]): _problem(each, values) for each in error.errors(include_input=False)}
        else:
            settings._key_fault = f"{KEY} {unfilled}" if unfilled else ""  # noqa: SLF001 - a field would be a variable
            return settings
        raise ConfigError(faults)  # out here, since pydantic's error holds the values and must not become the context

    @property
    def missing_key(self) -> str:
        """The reason why there is no key, or an empty text if there is a key."""
        if self.api_key:
            return ""
        return f"{KEY_MISSING}. {self._key_fault}" if self._key_fault else KEY_MISSING


def _problem(error: ErrorDetails, values: Mapping[str, str]) -> str:
    return placeholder(values.get(str(error["loc"][0]), "")) or _plain(error["msg"])


def _plain(message: str) -> str:
    words, _, _ = message.partition(", unable to")
    return words.removeprefix("Value error, ").replace("Input should be", "must be")
