"""Reads the OTEL_* variables. A malformed value causes a warning and counts as not set, as OpenTelemetry asks."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from time import monotonic
from typing import Final, NamedTuple, Self

from ..stderr import write_line
from .recorder import Telemetry

_DEFAULTS: Final = {  # a server that an agent starts may live for seconds
    "OTEL_BSP_MAX_QUEUE_SIZE": "8192",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "512",
    "OTEL_BSP_SCHEDULE_DELAY": "1000",  # ms
    "OTEL_METRIC_EXPORT_INTERVAL": "15000",  # ms
}
_OTLP: Final = "OTEL_EXPORTER_OTLP_(TRACES_|METRICS_)?"
_EXPORTERS: Final = r"none|(console|stderr|otlp)(\s*,\s*(console|stderr|otlp))*"
_URL: Final = r"https?://([^\s/@]+@)?([\w.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?(/\S*)?"
_EVERY, _LONGEST = 60.0, 2000  # seconds between two warnings of the SDK, and characters of one
_QUERY: Final = re.compile(r"\?[^\s'\")]+")  # of an endpoint; it may hold a token
_RULES: Final[Sequence[tuple[str, str, str]]] = (  # names, the values that are valid in lower case, and words
    ("OTEL_SDK_DISABLED", "true|false", "must be true or false"),
    ("OTEL_(TRACES|METRICS)_EXPORTER", _EXPORTERS, "must be none, or console, otlp or both with a comma between them"),
    (f"{_OTLP}PROTOCOL", "http/protobuf|grpc", "must be http/protobuf or grpc"),
    (f"{_OTLP}ENDPOINT", _URL, "must be a URL, such as http://localhost:4318"),
    (f"{_OTLP}HEADERS", "[^=,]+=[^,]*(,[^=,]+=[^,]*)*,?", "must be name=value, with commas between several"),
    (f"{_OTLP}COMPRESSION", "gzip|deflate|none", "must be gzip, deflate or none"),
    (f"{_OTLP}TIMEOUT|OTEL_METRIC_EXPORT_[A-Z]+", r"(?=.*[1-9])\d{1,9}(\.\d+)?", "must be a number above 0"),
    ("OTEL_BSP_[A-Z_]+", r"[1-9]\d{0,8}", "must be a whole number above 0"),
    ("OTEL_([A-Z]+_)*(COUNT|LENGTH)_LIMIT", r"\d{1,9}", "must be a whole number"),
    ("OTEL_TRACES_SAMPLER", "(parentbased_)?(always_on|always_off|traceidratio)", "must be the name of a sampler"),
    ("OTEL_TRACES_SAMPLER_ARG", r"[01](\.0*)?|0?\.\d+", "must be a number from 0 to 1"),
    ("OTEL_METRICS_EXEMPLAR_FILTER", "trace_based|always_(on|off)", "must be trace_based, always_on or always_off"),
)


class Variables(NamedTuple):
    """The destinations of spans (*traces*) and of *metrics*: "console", and OTLP by "http" or "grpc".

    *faults* has the words for each malformed variable. It quotes no value: an endpoint or a header may hold a secret.
    """

    traces: Sequence[str] = ()
    metrics: Sequence[str] = ()
    faults: Mapping[str, str] = {}

    @classmethod
    def from_environ(cls, environ: MutableMapping[str, str]) -> Self:
        """Read the variables, and prepare them for the SDK: remove malformed and empty ones, and set our defaults."""
        values = {name: value.strip().lower() for name, value in environ.items() if name.startswith("OTEL_")}
        faults = {
            name: words
            for name, value in values.items()
            for names, valid, words in _RULES
            if value and re.fullmatch(names, name) and not re.fullmatch(valid, value)
        }
        for name, value in values.items():
            if name in faults or not value or (name.endswith("_COMPRESSION") and value == "none"):
                del environ[name]  # gRPC's exporter lacks the latter
        environ.update({**_DEFAULTS, **environ})
        queue, batch = "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"
        environ[batch] = str(min(int(environ[batch]), int(environ[queue])))  # the SDK takes no larger one
        if values.get("OTEL_SDK_DISABLED") == "true":
            return cls(faults=faults)
        return cls(_destinations("TRACES", environ, faults), _destinations("METRICS", environ, faults), faults)


class Diagnostics(logging.Handler):
    """Writes what the SDK logs, such as a collector that is down: a line without its stack, at most one a minute."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = monotonic) -> None:
        super().__init__(logging.WARNING)
        self._write, self._clock, self._next = write, clock, float("-inf")

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        if (moment := self._clock()) >= self._next:
            self._next = moment + _EVERY
            text = _QUERY.sub("?…", " ".join(record.getMessage().split()))[:_LONGEST]
            kind = f" ({record.exc_info[0].__name__})" if record.exc_info and record.exc_info[0] else ""
            self._write(f"linktime-mcp: WARNING telemetry: {text}{kind}")


def set_up(
    environ: MutableMapping[str, str], *, arguments: bool = False, warn: Callable[[str], None] = write_line
) -> Telemetry:
    """Return the telemetry of these variables, with the *arguments* of calls or without. Warnings go to *warn*."""
    variables = Variables.from_environ(environ)
    for name, words in variables.faults.items():
        warn(f"linktime-mcp: WARNING {name}: {words}. The server ignores it.")
    logger = logging.getLogger("opentelemetry")
    logger.propagate, logger.handlers = False, [Diagnostics(warn)]
    if not (variables.traces or variables.metrics):
        return Telemetry()
    sdk = partial(import_module, ".sdk", __package__)
    return Telemetry(lambda: sdk().load(variables.traces, variables.metrics), arguments=arguments)


def _destinations(signal: str, environ: Mapping[str, str], faults: dict[str, str]) -> Sequence[str]:
    """Return the destinations of *signal*. An endpoint adds OTLP to the default."""

    def variable(name: str) -> str:
        own, shared = f"OTEL_EXPORTER_OTLP_{signal}_{name}", f"OTEL_EXPORTER_OTLP_{name}"
        return own if own in environ else shared

    default = "otlp" if variable("ENDPOINT") in environ else "none"
    otlp = environ.get(variable("PROTOCOL"), "").strip().lower().partition("/")[0] or "http"
    if otlp == "grpc" and not find_spec("opentelemetry.exporter.otlp.proto.grpc"):
        faults[variable("PROTOCOL")] = "needs `pip install '.[grpc]'` for grpc; nothing is sent to the collector"
        otlp = "none"
    names = {"stderr": "console", "otlp": otlp}
    words = re.findall(r"\w+", environ.get(f"OTEL_{signal}_EXPORTER", default).lower())
    return tuple(dict.fromkeys(name for word in words if (name := names.get(word, word)) != "none"))
