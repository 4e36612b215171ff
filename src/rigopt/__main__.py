"""``python -m rigopt``."""

from rigopt.cli import main

main()
