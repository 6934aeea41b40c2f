"""Draws how long calls waited."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from .session import Session


def draw(sessions: Mapping[str, Session], file: Path) -> None:
    """Draw, for the reads and for the writes of each policy, how many were answered within how many seconds."""
    try:
        figures = import_module("matplotlib.figure")
    except ImportError:
        raise SystemExit("--plot needs matplotlib, which the tests don't: pip install matplotlib") from None
    figure = figures.Figure(figsize=(11, 4.5), layout="constrained")
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
    figure.savefig(file, dpi=150)
