"""The command `linktime-mcp`, and `python -m linktime`."""

from __future__ import annotations

import sys

from .commands.environment import prepare


def main() -> None:
    """Run the command line, protected from the environment."""
    notices = prepare()
    # These imports could find other files before.
    from .commands.startup import is_plain  # noqa: PLC0415
    from .front import Front  # noqa: PLC0415

    front = Front()
    # Some clients stop reading stderr after the first answer, so notices come before it.
    if sys.argv[1:] in ([], ["serve"]) and not is_plain() and not notices:
        front.begin()
    from .cli import main as run  # noqa: PLC0415 - it takes long

    run(notices=notices, front=front)


if __name__ == "__main__":
    main()
