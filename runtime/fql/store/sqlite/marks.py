"""What a store notes about its own past, in `fql_meta`: moments in milliseconds since 1970."""

from __future__ import annotations

import sqlite3

BACKUP = "backup"
"""When the last backup was made."""
COPIED = "copied"
"""In a backup: when it was made. Whoever becomes its engine takes it out."""
RESTORED = "restored"
"""When the store was restored from a backup."""


def note(connection: sqlite3.Connection, mark: str, moment: int) -> None:
    """Remember a moment."""
    connection.execute("INSERT OR REPLACE INTO fql_meta VALUES(?, ?)", (mark, moment))


def forget(connection: sqlite3.Connection, mark: str) -> None:
    """Take a mark out, if it is there."""
    connection.execute("DELETE FROM fql_meta WHERE name = ?", (mark,))


def mark_copied(now: int, copy: sqlite3.Connection) -> None:
    """Say in a copy when it was made."""
    note(copy, BACKUP, now)
    note(copy, COPIED, now)
