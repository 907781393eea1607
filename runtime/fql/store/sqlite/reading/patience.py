"""Questions to an SQLite store that may take so long and no longer."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from fql.errors import StoreSlow
from fql.store.sqlite.files import connect

T = TypeVar("T")
STEPS = 2_000
"""Steps of SQLite between two looks at the clock: some 50 µs."""


class Patience:
    """Asks on a connection of its own, which only reads; `within` seconds are the most that one
    question may take."""

    def __init__(self, within: float) -> None:
        self._within = within
        self._connection: sqlite3.Connection | None = None

    def ask(self, work: Callable[[sqlite3.Connection], T], path: Path) -> T:
        """Raises StoreSlow when the time is over."""
        if self._connection is None:
            self._connection = connect(path)
            self._connection.execute("PRAGMA query_only = ON")
        end = time.monotonic() + self._within
        self._connection.set_progress_handler(lambda: time.monotonic() > end, STEPS)
        try:
            return work(self._connection)
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            raise StoreSlow(path, self._within) from problem
        finally:
            self._connection.set_progress_handler(None, 0)

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
