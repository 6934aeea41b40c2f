"""The OTEL_* variables: those that the SDK leaves to the program, and rules for the values that the SDK cannot read.

OpenTelemetry's own rule holds for all of them: a malformed value causes a warning and counts as not set.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping, Sequence
from importlib.util import find_spec
from typing import Final, NamedTuple, Self

_DEFAULTS: Final = {  # a server that an agent starts may live for seconds
    "OTEL_BSP_MAX_QUEUE_SIZE": "8192",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "512",
    "OTEL_BSP_SCHEDULE_DELAY": "1000",  # ms
    "OTEL_METRIC_EXPORT_INTERVAL": "15000",  # ms
}
_OTLP: Final = "OTEL_EXPORTER_OTLP_(TRACES_|METRICS_)?"
_EXPORTERS: Final = r"none|(console|stderr|otlp)(\s*,\s*(console|stderr|otlp))*"
_URL: Final = r"https?://([^\s/@]+@)?([\w.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?(/\S*)?"
_RULES: Final[Sequence[tuple[str, str, str]]] = (  # names, the values that are valid in lower case, and words
    ("OTEL_SDK_DISABLED", "true|false", "must be true or false"),
    ("OTEL_(TRACES|METRICS)_EXPORTER", _EXPORTERS, "must be none, or console, otlp or both with a comma between them"),
    (f"{_OTLP}PROTOCOL", "http/protobuf|grpc", "must be http/protobuf or grpc"),
    (f"{_OTLP}ENDPOINT", _URL, "must be a URL, such as http://localhost:4318"),
    (f"{_OTLP}HEADERS", "[^=,]+=[^,]*(,[^=,]+=[^,]*)*,?", "must be name=value, with commas between several"),
    (f"{_OTLP}COMPRESSION", "gzip|deflate|none", "must be gzip, deflate or none"),
    (f"{_OTLP}TIMEOUT", r"(?=.*[1-9])\d{1,9}(\.\d+)?", "must be a number of seconds above 0"),
    ("OTEL_METRIC_EXPORT_[A-Z]+", r"(?=.*[1-9])\d{1,9}(\.\d+)?", "must be a number of milliseconds above 0"),
    ("OTEL_BSP_[A-Z_]+", r"[1-9]\d{0,8}", "must be a whole number above 0"),
    ("OTEL_([A-Z]+_)*(COUNT|LENGTH)_LIMIT", r"\d{1,9}", "must be a whole number"),
    ("OTEL_TRACES_SAMPLER", "(parentbased_)?(always_on|always_off|traceidratio)", "must be the name of a sampler"),
    ("OTEL_TRACES_SAMPLER_ARG", r"[01](\.0*)?|0?\.\d+", "must be a number from 0 to 1"),
    ("OTEL_METRICS_EXEMPLAR_FILTER", "trace_based|always_(on|off)", "must be trace_based, always_on or always_off"),
)


class Variables(NamedTuple):
    """The destinations of spans (*traces*) and of *metrics*: "console", "otlp" or both.

    *faults* has the words for each malformed variable. It quotes no value: an endpoint or a header may hold a secret.
    """

    traces: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    traces_grpc: bool = False
    metrics_grpc: bool = False
    faults: Mapping[str, str] = {}

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read the variables. Malformed and empty ones count as not set."""
        values = {name: value.strip().lower() for name, value in environ.items() if name.startswith("OTEL_")}
        faults = {
            name: words
            for name, value in values.items()
            for names, valid, words in _RULES
            if value and re.fullmatch(names, name) and not re.fullmatch(valid, value)
        }
        values = {name: value for name, value in values.items() if value and name not in faults}
        if values.get("OTEL_SDK_DISABLED") == "true":
            return cls(faults=faults)
        traces, traces_grpc = _destinations("TRACES", values, faults, default="console")
        metrics, metrics_grpc = _destinations("METRICS", values, faults, default="none")
        return cls(traces, metrics, traces_grpc, metrics_grpc, faults)


def settle(environ: MutableMapping[str, str]) -> Variables:
    """Read the variables and prepare *environ* for the SDK: remove malformed ones, and set this program's defaults."""
    variables = Variables.from_environ(environ)
    for name, value in list(environ.items()):
        none = name.endswith("_COMPRESSION") and value.strip().lower() == "none"  # gRPC's exporter lacks it
        if name.startswith("OTEL_") and (name in variables.faults or not value.strip() or none):
            del environ[name]
    for name, value in _DEFAULTS.items():
        environ.setdefault(name, value)
    queue, batch = "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"
    environ[batch] = str(min(int(environ[batch]), int(environ[queue])))  # the SDK takes no larger one
    return variables


def _destinations(
    signal: str, values: Mapping[str, str], faults: dict[str, str], *, default: str
) -> tuple[tuple[str, ...], bool]:
    """Return where *signal* goes, and whether OTLP is gRPC. An endpoint adds OTLP to the *default*."""
    own, shared = f"OTEL_EXPORTER_OTLP_{signal}_", "OTEL_EXPORTER_OTLP_"
    endpoint = any(f"{prefix}ENDPOINT" in values for prefix in (own, shared))
    words = values.get(f"OTEL_{signal}_EXPORTER", f"{default},otlp" if endpoint else default)
    chosen = dict.fromkeys(re.split(r"\s*,\s*", words.replace("stderr", "console")))
    protocol = f"{own if f'{own}PROTOCOL' in values else shared}PROTOCOL"
    grpc = values.get(protocol) == "grpc"
    if grpc and not find_spec("opentelemetry.exporter.otlp.proto.grpc"):
        faults[protocol] = "needs `pip install '.[grpc]'` for grpc; nothing is sent to the collector"
        chosen.pop("otlp", None)
    return tuple(each for each in chosen if each != "none"), grpc
