"""Stores with many dead letters: one that an engine has made, multiplied by SQL."""

from __future__ import annotations

import sqlite3
from pathlib import Path

FIRST = 1 << 40
"""Ids far above those of the first sessions."""


def multiply(path: Path, number: int, *, minutes: int = 60) -> None:
    """Make `number` dead letters of the one there is, each with a run and its attempts, failed
    within these minutes and before it. Nobody may have the store open."""
    with sqlite3.connect(path) as store:
        (run, event, node, at) = store.execute(
            "SELECT l.run, r.event, l.node, l.failed_at FROM webhook_dlq l"
            " JOIN fql_run r ON r.id = l.run"
        ).fetchone()
        store.execute("CREATE TEMP TABLE n(i INTEGER PRIMARY KEY)")
        store.execute(
            "WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i < ?)"
            " INSERT INTO n SELECT i FROM c",
            (number - 2,),
        )
        _copied(store, "fql_run", "id", run, {
            "id": f"{FIRST} + i", "key": "lower(hex(randomblob(16)))", "event": str(event),
        })  # fmt: skip
        _copied(store, "fql_attempt", "owner", run, {"owner": f"{FIRST} + i"})
        spread = minutes * 60_000 // max(1, number)
        _copied(store, "webhook_dlq", "run", run, {
            "dlq_id": f"printf('dlq_%x_{node}', {FIRST} + i)", "run": f"{FIRST} + i",
            "failed_at": f"{at} - 1 - i * {spread}", "key": "lower(hex(randomblob(16)))",
        })  # fmt: skip
        # The next session's ids begin above all of these.
        session = FIRST >> 31
        store.execute("UPDATE fql_session SET id = max(id, ?), state = 'drained'", (session,))
    store.close()


def _copied(
    store: sqlite3.Connection, table: str, column: str, value: int, changed: dict[str, str]
) -> None:
    names = [row[1] for row in store.execute(f"PRAGMA table_info({table})")]
    made = ", ".join(changed.get(name, name) for name in names)
    store.execute(
        f"INSERT INTO {table} SELECT {made} FROM {table}, n WHERE {column} = ?",
        (value,),
    )
