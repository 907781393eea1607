"""How a compile goes on, for people: the passes with `-v`, and its progress where it takes long."""

from __future__ import annotations

import time

from fql.terminal.lines import detail
from fql.terminal.progress import Progress
from fqlc.project.follower import Follower


class Following(Follower):
    """Tells a person about one compile. `expected` is how many sources are known before it."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._read: set[str] = set()
        self._since = time.perf_counter()
        self._progress = Progress()

    def read(self, path: str) -> None:
        """Count the file."""
        if path in self._read:
            return
        self._read.add(path)
        detail(f"reads {path}", depth=2)
        total = max(self._expected, len(self._read))
        self._progress.show(f"checking {len(self._read):,} of {total:,} files")

    def passed(self, name: str) -> None:
        """Say how long the pass took; the next one begins."""
        now = time.perf_counter()
        detail(f"{name}: {(now - self._since) * 1_000:.0f} ms")
        self._since = now
        self._progress.show(f"checking {max(self._expected, len(self._read)):,} files: {name} done")

    def close(self) -> None:
        """Take the progress away."""
        self._progress.end()
