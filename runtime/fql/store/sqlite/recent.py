"""The ids of what came last, for the completion of command lines: read at once, or not at all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

PATIENCE = 0.05
"""Seconds that a writer may keep us waiting."""


def recent_ids(path: Path, what: str, letters: str, most: int = 200) -> list[str]:
    """The ids of the latest `letters` or `runs` of a store, as people see them; none where it
    cannot be read. `letters` is the name of the table of dead letters."""
    table = '"' + letters.replace('"', '""') + '"'
    query = (
        f"SELECT dlq_id FROM {table} ORDER BY failed_at DESC LIMIT ?"  # noqa: S608 - quoted above
        if what == "letters"
        else "SELECT id FROM fql_run ORDER BY started DESC, number DESC LIMIT ?"
    )
    try:
        uri = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=PATIENCE)) as store:
            found = [row[0] for row in store.execute(query, (most,))]
    except sqlite3.Error:
        return []
    if what == "letters":
        return found
    from fql.store.works import run_name

    return [run_name(run) for run in found]
