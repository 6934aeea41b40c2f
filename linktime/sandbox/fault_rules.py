"""Fault rules: which requests meet which fault, and how often."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

import orjson
from aiohttp import web

from . import params, readers
from .responses import Invalid, answer, created

_SILENT: Final = ("hang", "reset", "close")
_SPOILING: Final = ("truncate", "drip", "unsolicited")  # these need an answer
_ENDS: Final = _SILENT + _SPOILING
_ANSWER: Final = {"headers", "body", "bodyBase64"}
_LONGEST_DELAY: Final = 3600  # s


@dataclass(slots=True)
class Fault:
    """A rule: the next *times* requests that match, after *skip* others, meet the fault. None means all of them.

    | *when* | the request is carried out | order |
    |---|---|---|
    | "before" | no, unless the fault is a delay only | delay, then answer |
    | "after" | at once | delay, then answer |
    | "later" | *delay_seconds* after the answer | answer, then delay |

    The answer is the *end*, or else that of *status*, or else the correct one.
    """

    # which requests
    method: str = "*"
    path: str = "*"
    times: int | None = 1
    skip: int = 0
    # when
    when: str = "before"
    delay_seconds: float = 0
    # the answer; *member* is raw JSON that is added to the object of a correct one
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    member: str = ""
    # how the connection ends
    end: str | None = None
    pace: float = 0  # s; between two bytes of a drip, or before an unsolicited response

    @property
    def is_only_slow(self) -> bool:
        """Return whether the correct answer still follows."""
        return self.status is None and self.end is None

    def takes(self, method: str, path: str) -> bool:
        """Return whether this request meets the fault, and count it."""
        if self.times == 0 or self.method not in {"*", method} or not fnmatchcase(path, self.path):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


Faults = list[Fault]

FAULTS: Final = web.AppKey("faults", Faults)

routes = web.RouteTableDef()


@routes.get("/sandbox/faults")
async def list_faults(request: web.Request) -> web.Response:
    """List the rules with their remaining counts."""
    return answer({"data": [_public(fault) for fault in request.app[FAULTS]]})


@routes.post("/sandbox/faults")
async def add_fault(request: web.Request) -> web.Response:
    """Add a rule. If several match a request, the oldest takes it."""
    fault = parsed(await params.body(request, _READERS))
    request.app[FAULTS].append(fault)
    return created(_public(fault))


@routes.delete("/sandbox/faults")
async def clear_faults(request: web.Request) -> web.Response:
    """Remove all rules."""
    request.app[FAULTS].clear()
    return answer({"data": []})


def parsed(fields: dict[str, Any]) -> Fault:
    """Build a rule from the posted fields.

    Raises Invalid unless they name an end, an answer, a delay or a member, in a combination that is possible.
    """
    ends = [name for name in _ENDS if fields.get(name)]
    if len(ends) > 1 or not (ends or fields.keys() & {"status", "delaySeconds", "member"}):
        raise Invalid(f"give status, delaySeconds, member or one of {', '.join(_ENDS)}")
    end = ends[0] if ends else None
    if end in _SILENT and "status" in fields:
        raise Invalid(f"{end} gives no answer, so it has no status")
    if "status" not in fields and (_ANSWER & fields.keys() or fields.get("when") == "later"):
        raise Invalid("headers, body and when: later need a status")
    spoils = end in _SPOILING or "member" in fields
    return Fault(
        when=fields.pop("when", "after" if spoils and "status" not in fields else "before"),
        delay_seconds=fields.pop("delaySeconds", 0),
        body=fields.pop("bodyBase64", fields.pop("body", None)),
        end=end,
        pace=fields.get("drip") or fields.pop("unsolicitedSeconds", 0),
        **{name: value for name, value in fields.items() if name not in _ENDS},
    )


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LONGEST_DELAY:
        raise ValueError(f"must be seconds from 0 to {_LONGEST_DELAY}")
    return value


def _headers(value: Any) -> dict[str, str]:
    fields = readers.anything(value)
    if not all(isinstance(text, str) and text.isprintable() and name.isascii() for name, text in fields.items()):
        raise ValueError("must be an object of plain text")
    return fields


def _body(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else orjson.dumps(value)


def _base64(value: Any) -> bytes:
    try:
        return base64.b64decode(str(value), validate=True)
    except binascii.Error:
        raise ValueError("must be base64") from None


def _public(fault: Fault) -> dict[str, Any]:
    rule = asdict(fault)
    rule["delaySeconds"] = rule.pop("delay_seconds")
    rule["body"] = None if fault.body is None else fault.body.decode(errors="replace")
    return rule


_READERS: Final[dict[str, readers.Reader]] = {
    "method": readers.one_of("*", "GET", "POST", "PUT", "PATCH", "DELETE"),
    "path": readers.text(500),
    "times": readers.nullable(readers.integer(1, 1_000_000)),
    "skip": readers.integer(0, 1_000_000),
    "when": readers.one_of("before", "after", "later"),
    "delaySeconds": _seconds,
    "status": readers.integer(200, 599),
    "headers": _headers,
    "body": _body,
    "bodyBase64": _base64,
    "member": readers.text(100_000),
    **dict.fromkeys(_ENDS, readers.flag),
    "drip": _seconds,
    "unsolicitedSeconds": _seconds,
}
