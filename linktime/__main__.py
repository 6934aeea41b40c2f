"""The command `linktime-mcp`, and `python -m linktime`."""

from __future__ import annotations

from .commands.environment import prepare


def main() -> None:
    """Run the command line, protected from the environment."""
    notices = prepare()
    from .cli import main as run  # noqa: PLC0415 - its imports could find other files before

    run(notices=notices)


if __name__ == "__main__":
    main()
