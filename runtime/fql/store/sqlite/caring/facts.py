"""What is known of a store from its file alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from fql.errors import StoreError
from fql.store.records import StoredPlan
from fql.store.sqlite import schema
from fql.store.sqlite.files import holds_store, read_only, translate
from fql.store.sqlite.format import format_of
from fql.store.sqlite.lock import holder, inode_of
from fql.store.sqlite.marks import BACKUP, COPIED
from fql.store.sqlite.reading.read import meta
from fql.store.sqlite.reading.read import plans as stored_plans

_NEWEST = (
    "SELECT max(received) FROM fql_event",
    "SELECT max(started) FROM fql_run",
    "SELECT max(ended) FROM fql_run WHERE ended IS NOT NULL AND order_key IS NULL",
    "SELECT max(at) FROM fql_inbox",
)


@dataclass(frozen=True, slots=True)
class Past:
    """How far a store has come. `newest` is the last moment that it knows of, in milliseconds since
    1970; `session` and `numbered` are the last session and the last number of a run."""

    newest: int
    session: int
    numbered: int
    plan: StoredPlan | None


def past_of(connection: sqlite3.Connection) -> Past:
    """Read it from a store of any format up to this one. Raises sqlite3.Error."""
    moments = [connection.execute(query).fetchone()[0] or 0 for query in _NEWEST]
    marks = [int(meta(connection, mark) or 0) for mark in (BACKUP, COPIED)]
    active = meta(connection, "active")
    plan = next((one for one in stored_plans(connection) if one.short == active), None)
    session = connection.execute("SELECT max(id) FROM fql_session").fetchone()[0] or 0
    return Past(max(*moments, *marks), session, _numbered(connection), plan)


def _numbered(connection: sqlite3.Connection) -> int:
    """Formats below 3 did not number runs but by their ids."""
    columns = [row[1] for row in connection.execute("PRAGMA table_info(fql_session)")]
    row = connection.execute(schema.LAST_SESSION).fetchone() if "numbered" in columns else None
    return 0 if row is None else int(row[1])


def past_of_file(file: Path) -> Past | None:
    """The same of a file that is about to be replaced; None for what cannot be read."""
    try:
        with closing(read_only(file)) as connection:
            return past_of(connection)
    except sqlite3.Error:
        return None


def require_sound(file: Path) -> None:
    """Raises StoreError for what is not a whole store of a format that this version reads."""
    if not file.is_file():
        raise StoreError(f"there is no file {file}", hint="name a backup of a store")
    if not holds_store(file):
        raise StoreError(f"{file} is an SQLite file, but not a store", hint="name a backup")
    try:
        with closing(read_only(file)) as connection:
            format_of(connection, file)
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as problem:
        raise translate(problem, file) from problem
    if verdict != "ok":
        raise StoreError(f"{file} is damaged: {verdict}", hint="take an older backup")


def session_of(file: Path) -> int:
    """The number of the last session of a store, 0 before the first. Raises StoreError."""
    try:
        with closing(read_only(file)) as connection:
            row = connection.execute(schema.LAST_SESSION).fetchone()
    except sqlite3.Error as problem:
        raise translate(problem, file) from problem
    return 0 if row is None else int(row[0])


def engine_of(file: Path) -> int | None:
    """The process that is the engine of a store, 0 where the system does not tell which; None where
    there is none. Raises StoreError."""
    try:
        with closing(read_only(file)) as connection:
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
            return holder(inode_of(file.resolve()))
    except sqlite3.Error as problem:
        raise translate(problem, file) from problem
