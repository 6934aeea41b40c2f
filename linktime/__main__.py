"""`python -m linktime` is `linktime-mcp`."""

from .cli import main

main()
