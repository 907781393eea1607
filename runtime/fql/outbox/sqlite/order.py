"""Triggers of the application that change the order of events.

Of the triggers for one event SQLite fires the youngest first. One that is younger than ours and
changes a captured table tells its own change before the one that caused it. Ours made again are the
youngest again.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection

from fql.outbox.marks import read_mark
from fql.outbox.sqlite.tables import Names

_TRIGGERS = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY rowid"


def overtaking(
    connection: sqlite3.Connection, names: Names, captured: Collection[str]
) -> dict[str, list[str]]:
    """For each captured table the triggers of the application that fire before ours and change
    one of the captured tables."""
    ours: set[str] = set()
    found: dict[str, list[str]] = {}
    by_lower = {table.lower(): table for table in captured}
    for name, on, sql in connection.execute(_TRIGGERS).fetchall():
        table = by_lower.get(on.lower())
        mark = read_mark(sql)
        if table is None or (mark is not None and mark.project != names.project):
            continue
        if mark is not None:
            ours.add(table)
        elif table in ours and _changes(sql, captured):
            found.setdefault(table, []).append(name)
    return found


def _changes(sql: str, tables: Collection[str]) -> bool:
    """Whether the text of a trigger has a statement that changes one of these tables."""
    body = re.split(r"\bBEGIN\b", sql, maxsplit=1, flags=re.IGNORECASE)[-1]
    names = "|".join(re.escape(table) for table in tables)
    verb = r"\b(?:INTO|FROM|UPDATE(?:\s+OR\s+\w+)?)"
    wanted = rf"""{verb}\s+["'`\[]?(?:{names})["'`\]]?(?!\w)"""
    return re.search(wanted, body, re.IGNORECASE) is not None
