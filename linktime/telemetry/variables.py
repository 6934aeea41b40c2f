"""The OpenTelemetry variables that the SDK leaves to the program; the rest it reads by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final, Literal, Self, TypeVar
from urllib.parse import urlsplit

from ..errors import ConfigError
from .sampling import SAMPLERS, Sampler, by_parent

Where = Literal["console", "otlp"]
Protocol = Literal["http/protobuf", "grpc"]
Signal = Literal["TRACES", "METRICS"]

_C = TypeVar("_C")
_V = TypeVar("_V", bound="Variables")

_WHERE: Final[dict[str, Where | None]] = {"console": "console", "stderr": "console", "otlp": "otlp", "none": None}
_PROTOCOLS: Final[dict[str, Protocol]] = {"http/protobuf": "http/protobuf", "grpc": "grpc"}
_INTERVAL: Final = "15000"  # ms; a server that an agent starts may not live for the usual minute
_NO_GRPC: Final = "grpc needs a package more: pip install '.[grpc]'; or use http/protobuf"


@dataclass(frozen=True, slots=True)
class Variables:
    """Where spans (*traces*) and *metrics* go, how, and how many; *interval* is in seconds."""

    traces: tuple[Where, ...] = ()
    metrics: tuple[Where, ...] = ()
    traces_protocol: Protocol = "http/protobuf"
    metrics_protocol: Protocol = "http/protobuf"
    sampler: Sampler = by_parent
    interval: float = 15.0

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read the variables; an empty one counts as not set.

        Raises ConfigError with a line for each fault; a value is never quoted, since endpoints may hold secrets.
        """
        reading = _Reading({name: value.strip() for name, value in environ.items() if value.strip()})
        if reading.disabled():
            return reading.ended(cls())
        return reading.ended(
            cls(
                traces=reading.where("TRACES", unless_told="console"),
                metrics=reading.where("METRICS", unless_told="none"),
                traces_protocol=reading.protocol("TRACES"),
                metrics_protocol=reading.protocol("METRICS"),
                sampler=reading.sampler(),
                interval=reading.number("OTEL_METRIC_EXPORT_INTERVAL", _INTERVAL, 1, 86_400_000) / 1000,
            )
        )


class _Reading:
    """One look at an environment, and the faults that were seen."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._faults: dict[str, str] = {}

    def ended(self, variables: _V) -> _V:
        if self._faults:
            raise ConfigError(self._faults)
        return variables

    def disabled(self) -> bool:
        name = "OTEL_SDK_DISABLED"
        return self._one_of(name, {"true": True, "false": False}, "false")

    def where(self, signal: Signal, *, unless_told: str) -> tuple[Where, ...]:
        name, endpoints = f"OTEL_{signal}_EXPORTER", list(self._endpoints(signal))
        told = self._environ.get(name, "otlp" if endpoints else unless_told)
        words = [word.strip().lower() for word in told.split(",")]
        if not set(words) <= set(_WHERE) or ("none" in words and len(words) > 1):
            self._faults[name] = "must be none, or console, otlp or both with a comma between them"
            return ()
        return tuple(dict.fromkeys(where for word in words if (where := _WHERE[word])))

    def protocol(self, signal: Signal) -> Protocol:
        name = next(self._set(f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"), "")
        chosen = self._one_of(name, _PROTOCOLS, "http/protobuf")
        if chosen == "grpc" and not _has_grpc():
            self._faults[name] = _NO_GRPC
        return chosen

    def sampler(self) -> Sampler:
        kind = self._one_of("OTEL_TRACES_SAMPLER", SAMPLERS, "parentbased_always_on")
        return kind(self.number("OTEL_TRACES_SAMPLER_ARG", "1", 0, 1))

    def number(self, name: str, unless_told: str, least: float, most: float) -> float:
        try:
            number = float(self._environ.get(name, unless_told))
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            self._faults[name] = f"must be a number from {least} to {most}"
        return number

    def _one_of(self, name: str, choices: Mapping[str, _C], unless_told: str) -> _C:
        told = self._environ.get(name, unless_told).lower()
        if told not in choices:
            self._faults[name] = f"must be one of {', '.join(choices)}"
        return choices.get(told, choices[unless_told])

    def _endpoints(self, signal: Signal) -> Iterator[str]:
        for name in self._set(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"):
            if not _is_url(self._environ[name]):
                self._faults[name] = "must be a URL, such as http://localhost:4318"
            yield name

    def _set(self, *names: str) -> Iterator[str]:
        return (name for name in names if name in self._environ)


def _has_grpc() -> bool:
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.grpc") is not None
    except ModuleNotFoundError:
        return False


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
