"""A wall clock that somebody sets: Python imports this before a program whose PYTHONPATH names it.

The file that FQL_STORM_CLOCK names holds the step in milliseconds; the monotonic clock is real.
"""

import mmap
import os
import struct
import time
from pathlib import Path


def _set_by_hand() -> None:
    path = os.environ.get("FQL_STORM_CLOCK")
    if not path:
        return
    with Path(path).open("r+b") as file:
        held = mmap.mmap(file.fileno(), 8)
    wall = time.time_ns

    def time_ns() -> int:
        (step,) = struct.unpack("<q", held[:8])
        return wall() + int(step) * 1_000_000

    time.time_ns = time_ns
    time.time = lambda: time_ns() / 1e9


_set_by_hand()
