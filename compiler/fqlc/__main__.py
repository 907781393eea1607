"""`fqlc` and `python -m fqlc`. An older Python reads this as well, so that it can be told."""

from __future__ import annotations

import sys

OLDEST = (3, 11)
"""The first version of Python that reads the rest."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    if sys.version_info < OLDEST:
        sys.exit(_too_old())
    from fqlc.cli.main import run

    sys.exit(run(sys.argv[1:]))


def _too_old() -> int:
    here, needed = ("{}.{}".format(*version[:2]) for version in (sys.version_info, OLDEST))
    sys.stderr.write(
        f"error: fqlc needs Python {needed} or later; this is Python {here} ({sys.executable})\n"
        f"  help: install it for a newer one, such as `python{needed} -m pip install fqlc`\n"
    )
    return 3


if __name__ == "__main__":
    main()
