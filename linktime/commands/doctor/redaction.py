"""Removes keys, secrets, e-mail addresses and the user's name from findings, because users publish them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path, PureWindowsPath
from typing import Final

from ...sanitize import visible
from .report import Findings

_KEY: Final = re.compile(r"lt_live_[^\s\"']+")
_SECRET: Final = re.compile(r"((?:KEY|TOKEN|SECRET|PASSWORD)\w{0,64}=)\S+", re.IGNORECASE)
_EMAIL: Final = re.compile(r"[\w.+%-]{1,64}(?:@|%40)(?:[\w-]{1,63}\.){1,9}[^\W\d_]{2,63}")
_SHORTEST_KEY: Final = 6  # characters; a shorter text is not a key and occurs by chance
_NAME_ENDS: Final = r"(?![\w.-])"


def without_keys(findings: Findings, keys: Collection[str]) -> Findings:
    """Replace the known *keys*. They can have any form."""
    # The longest key first, because a key can contain another one.
    known = sorted((key for key in keys if len(key) >= _SHORTEST_KEY), key=len, reverse=True)

    def redact(text: str) -> str:
        for key in known:
            text = text.replace(key, "[key]")
        return text

    return _mapped(findings, redact)


def redacted(findings: Findings, *homes: str) -> Findings:
    """Replace *homes*, which contain the user's name, and keys, secrets and e-mail addresses. Remove hidden text."""
    # The longest home first, because another one can be a part of it.
    patterns = [pattern for home in sorted(set(homes), key=len, reverse=True) for pattern in _homes(home)]

    def redact(text: str) -> str:
        for pattern in patterns:
            text = pattern.sub("~", text)
        text = _SECRET.sub(r"\1[key]", _KEY.sub("[key]", " ".join(visible(text).split())))
        return _EMAIL.sub("[e-mail]", text)

    return _mapped(findings, redact)


def _homes(home: str) -> Iterator[re.Pattern[str]]:
    """Yield a pattern for each spelling of the home folder, the longest first. A root is not a home folder."""
    windows = PureWindowsPath(home)
    if windows.drive and windows.root and len(windows.parts) > 1:
        # C:\Users\Ada, c:/users/ada, C:\\Users\\Ada (in JSON), /c/Users/Ada (in Git Bash)
        drive = rf"(?:{re.escape(windows.drive)}|/{re.escape(windows.drive[0])})"
        folders = "".join(rf"[\\/]+{re.escape(folder)}" for folder in windows.parts[1:])
        yield re.compile(drive + folders + _NAME_ENDS, re.IGNORECASE)
    # A folder can have another spelling, and can be behind a symbolic link.
    if Path(home).is_absolute():
        spellings = {str(Path(home)), os.path.normpath(home), os.path.realpath(home)}
        for path in sorted((path for path in spellings if Path(path).parent != Path(path)), key=len, reverse=True):
            yield re.compile(re.escape(path) + _NAME_ENDS, re.IGNORECASE)  # as macOS compares names


def _mapped(findings: Findings, redact: Callable[[str], str]) -> Findings:
    return {
        area: [finding._replace(subject=redact(finding.subject), message=redact(finding.message)) for finding in group]
        for area, group in findings.items()
    }
