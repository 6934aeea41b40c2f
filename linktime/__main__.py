"""The command `linktime-mcp`, and `python -m linktime`."""

from __future__ import annotations

import os
import sys

from .commands.environment import prepare


def main() -> None:
    """Run the command line, protected from the environment."""
    notices = prepare()
    from .front import front  # noqa: PLC0415 - these imports could find other files before

    answering = front(sys.argv[1:], os.environ)
    from .cli import main as run  # noqa: PLC0415

    run(notices=notices, front=answering)


if __name__ == "__main__":
    main()
