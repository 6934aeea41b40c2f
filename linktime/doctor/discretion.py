"""What is told, without what strangers may not see: people show it to others who can help."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

from ..sanitize import visible
from .report import Findings

_KEY: Final = re.compile(r"lt_live_[^\s\"']+")
_SECRET: Final = re.compile(r"((?:KEY|TOKEN|SECRET|PASSWORD)\w{0,64}=)\S+", re.IGNORECASE)
_EMAIL: Final = re.compile(r"[\w.+%-]{1,64}(?:@|%40)(?:[\w-]{1,63}\.){1,9}[^\W\d_]{2,63}")
_TELLING: Final = 6  # characters; what is shorter is no key, and stands in any text


def without(findings: Findings, keys: Collection[str]) -> Findings:
    """Leave out the *keys*, whatever they look like."""
    known = sorted((key for key in keys if len(key) >= _TELLING), key=len, reverse=True)

    def told(text: str) -> str:
        for key in known:
            text = text.replace(key, "[key]")
        return text

    return _retold(findings, told)


def discreet(findings: Findings, home: str) -> Findings:
    """Leave out the user's name, which is in paths, and keys, secrets, e-mail addresses and signs that aren't seen."""
    homes = [re.compile(rf"{re.escape(way)}(?![\w.-])") for way in _ways(home)]

    def told(text: str) -> str:
        for way in homes:
            text = way.sub("~", text)
        text = _SECRET.sub(r"\1[key]", _KEY.sub("[key]", " ".join(visible(text).split())))
        return _EMAIL.sub("[e-mail]", text)

    return _retold(findings, told)


def _ways(home: str) -> list[str]:
    """Tell how a path in *home* can begin, the longest first; a root is nobody's home."""
    if not Path(home).is_absolute():
        return []
    ways = {str(Path(home)), os.path.normpath(home), os.path.realpath(home)}
    return sorted((way for way in ways if Path(way).parent != Path(way)), key=len, reverse=True)


def _retold(findings: Findings, told: Callable[[str], str]) -> Findings:
    return {
        area: [finding._replace(subject=told(finding.subject), seen=told(finding.seen)) for finding in found]
        for area, found in findings.items()
    }
