"""`python -m vtrace`, and the `vtrace` script."""

import sys

from vtrace.cli import main as run


def main() -> None:
    """Run the command line and exit with its status."""
    sys.exit(run())


if __name__ == "__main__":
    main()
