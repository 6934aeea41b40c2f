"""Tortures the real program over a LinkTime that misbehaves, and holds its answers against what was done.

`python -m tests.torture --runs 1000` plays so many runs and ends with status 1 if one of them shows a write that was
made or sent twice, an answer that lied, a call that was never answered or a server that ended badly.
"""

from .play import play
from .record import Record

__all__ = ["Record", "play"]
