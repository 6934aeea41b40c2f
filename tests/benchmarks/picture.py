"""Draws the waiting times of calls."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from .session import Session


def blank() -> Any:
    """Return an empty picture. Ends the program if matplotlib is missing."""
    try:
        figures = import_module("matplotlib.figure")
    except ImportError:
        raise SystemExit("--plot needs matplotlib: pip install matplotlib") from None
    return figures.Figure(figsize=(11, 4.5), layout="constrained")


def draw(figure: Any, sessions: Mapping[str, Session]) -> None:
    """Draw the share of answered reads and writes of each policy over the seconds."""
    panels = figure.subplots(1, 2, sharey=True)
    for panel, (kind, read) in zip(panels, {"reads": True, "writes": False}.items(), strict=True):
        for policy, session in sessions.items():
            waits = session.waits(read=read)
            shares = [100 * rank / len(waits) for rank in range(1, len(waits) + 1)]
            panel.step(waits, shares, where="post", label=policy, linewidth=2 if policy == next(iter(sessions)) else 1)
        panel.set(title=kind, xlabel="seconds until the answer", xscale="symlog", xlim=(0, 130))
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("% of the calls")
    panels[1].legend(loc="lower right", fontsize="small")
