"""What is in a store, in numbers, without holding up its engine."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from fql.store.sqlite.files import read_only, translate
from fql.store.sqlite.format import format_of
from fql.store.sqlite.marks import BACKUP, RESTORED
from fql.store.sqlite.names import beside
from fql.store.sqlite.reading.read import meta

_TABLES = """SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name
  GROUP BY m.tbl_name ORDER BY 2 DESC"""


@dataclass(frozen=True, slots=True)
class Info:
    """Sizes in bytes, moments in milliseconds since 1970; None for what there is not. `tables` has
    no entries where SQLite cannot tell."""

    form: int
    file: int
    free: int
    journal: int
    tables: dict[str, int]
    oldest_run: int | None
    last_backup: int | None
    restored: int | None


def info_of(path: Path) -> Info:
    """Raises StoreError for what is not a store of a format that this version reads."""
    journal = beside(path, "-wal")
    try:
        with closing(read_only(path)) as connection:
            form = format_of(connection, path)
            free, size = (
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("freelist_count", "page_size")
            )
            oldest = "SELECT started FROM fql_run ORDER BY started LIMIT 1"
            row = connection.execute(oldest).fetchone()
            return Info(
                form=form or 0,
                file=path.stat().st_size,
                free=free * size,
                journal=journal.stat().st_size if journal.exists() else 0,
                tables=_tables(connection),
                oldest_run=None if row is None else row[0],
                last_backup=meta(connection, BACKUP),
                restored=meta(connection, RESTORED),
            )
    except sqlite3.Error as problem:
        raise translate(problem, path) from problem


def _tables(connection: sqlite3.Connection) -> dict[str, int]:
    try:
        return dict(connection.execute(_TABLES).fetchall())
    except sqlite3.OperationalError:  # SQLite was built without dbstat
        return {}
