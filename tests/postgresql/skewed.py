"""`python skewed.py SECONDS ARGUMENTS`: `fqlc` on a machine whose clock is ahead."""

from __future__ import annotations

import sys
import time


def main(ahead: int) -> None:
    """Whatever asks for the time of day gets this one."""
    true, true_ns = time.time, time.time_ns
    time.time = lambda: true() + ahead
    time.time_ns = lambda: true_ns() + ahead * 1_000_000_000

    from fqlc.__main__ import main as fqlc

    fqlc()


if __name__ == "__main__":
    main(int(sys.argv.pop(1)))
