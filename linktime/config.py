"""The settings, read once from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from .errors import ConfigError


def _base_url(text: str) -> str:
    url = urlsplit(text.strip())
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise ValueError("must be an http or https URL, such as https://linktime.io")
    if url.username or url.password or url.query or url.fragment:
        raise ValueError("must be the bare base of the API, without user, query or fragment")
    return text.strip().rstrip("/")


def _key(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value().strip()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must be the key alone, as LinkTime shows it: letters, digits and signs without spaces")
    return SecretStr(text)


class Settings(BaseModel):
    """What a user can set; a field's variable is `LINKTIME_` and its name, its description the README's words."""

    model_config = ConfigDict(frozen=True, alias_generator=lambda name: f"LINKTIME_{name.upper()}")

    api_key: Annotated[SecretStr | None, AfterValidator(lambda key: key and _key(key))] = Field(
        None, description="the key, `lt_live_…`, from Settings → API Keys"
    )
    base_url: Annotated[str, AfterValidator(_base_url)] = Field("https://linktime.io", description="base of the API")
    rate_limit: int = Field(60, ge=1, le=100_000, description="upstream requests allowed …")
    rate_period: float = Field(60, gt=0, le=86_400, description="… in *any* window of this many seconds")
    budget: Literal["process"] = Field("process", description="who shares the budget: `process`, this server alone")
    cache_ttl: float = Field(
        30,
        ge=0,
        le=86_400,
        description="seconds a list or get answer may be reused; `0` = every call is a fresh request",
    )
    workers: int = Field(8, ge=1, le=1000, description="workers, so requests under way at once")
    queue: int = Field(256, ge=1, le=100_000, description="mailbox places; when full, a call is refused at once")
    timeout: float = Field(10, gt=0, le=600, description="seconds for one REST request")
    deadline: float = Field(50, gt=0, le=3600, description="seconds for one tool call, waiting included")

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings; an empty variable counts as not set.

        Raises ConfigError with a line for each fault; a value is never quoted, since it may be a secret.
        """
        known = {str(field.alias) for field in cls.model_fields.values()}
        given = {name: value for name, value in environ.items() if name in known and value.strip()}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise ConfigError([f"{fault['loc'][0]}: {_plain(fault['msg'])}" for fault in error.errors()]) from None


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Input should be", "must be")
