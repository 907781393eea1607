"""What an SQLite store reads, on the thread of its connection. Nothing here writes."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fql.errors import StoreLocked
from fql.exact.writing import json_text
from fql.store.choosing import Due, paged
from fql.store.port import MOST_OPEN, Lease, StoreSize
from fql.store.records import (
    BatchRow,
    EventRow,
    LimitRow,
    Loaded,
    Page,
    Paged,
    RunRow,
    Snapshot,
    StoredPlan,
)
from fql.store.sqlite import schema
from fql.store.sqlite.marks import BACKUP
from fql.store.sqlite.names import beside
from fql.store.sqlite.prune import used_bytes
from fql.store.sqlite.reading import counting

OPEN = f"""SELECT count(*) FROM (SELECT 1 FROM fql_run
  WHERE state = 'open' AND state <> 'done' LIMIT {MOST_OPEN})"""  # noqa: S608
"""Along the index of states, which has all that is asked."""


def meta(connection: sqlite3.Connection, name: str) -> Any:
    """What `fql_meta` holds under this name, or None."""
    row = connection.execute("SELECT value FROM fql_meta WHERE name = ?", (name,)).fetchone()
    return None if row is None else row[0]


def loaded(
    connection: sqlite3.Connection, query: str, values: Sequence[object] = ()
) -> list[Loaded]:
    """The rows of a query on `schema.LOADED`."""
    width = len(RunRow._fields)
    run, event = RunRow._make, EventRow._make
    rows = connection.execute(query, tuple(values))
    return [Loaded(run(row[:width]), event(row[width:])) for row in rows]


def load(connection: sqlite3.Connection, lease: Lease) -> Snapshot:
    """What an engine needs at its start. Raises StoreLocked when another has taken over."""

    def rows(query: str, *values: object) -> list[Any]:
        return connection.execute(query, values).fetchall()

    before = rows(
        "SELECT state FROM fql_session WHERE id < ? ORDER BY id DESC LIMIT 1", lease.session
    )
    current = rows("SELECT max(id) FROM fql_session")
    if current[0][0] != lease.session:
        raise StoreLocked("another engine has taken the store over")
    batches = [BatchRow(*row) for row in rows("SELECT * FROM fql_batch WHERE ended IS NULL")]
    return Snapshot(
        clean=not before or before[0][0] == "drained",
        open_runs=rows(OPEN)[0][0],
        plans=plans(connection),
        active=meta(connection, "active"),
        lanes=_lanes(connection),
        queues=rows(schema.QUEUES),
        halted=[row[0] for row in rows(schema.HALTED)],
        held=loaded(connection, schema.HELD),
        batches=batches,
        limits=[LimitRow(*row) for row in rows("SELECT * FROM fql_limit")],
        positions=dict(rows("SELECT source, last FROM fql_position")),
        taken=dict(rows("SELECT id, outbox FROM fql_taken")),
        pauses=[row[0] for row in rows("SELECT name FROM fql_pause")],
    )


def _lanes(connection: sqlite3.Connection) -> list[str]:
    """Distinct lanes with work, by jumps through the index rather than by reading all of it."""
    found: list[str] = []
    find = "SELECT min(lane) FROM fql_run WHERE due IS NOT NULL AND lane > ?"
    last = connection.execute(find, ("",)).fetchone()[0]
    while last is not None:
        found.append(last)
        last = connection.execute(find, (last,)).fetchone()[0]
    return found


def plans(connection: sqlite3.Connection) -> list[StoredPlan]:
    """All stored plans, oldest first."""
    rows = connection.execute("SELECT short, digest, blob, at FROM fql_plan ORDER BY at")
    return [StoredPlan(*row) for row in rows]


def page(connection: sqlite3.Connection, page: Page) -> Paged:
    """Runs by their ids, or what is due in a lane and when the next one is."""
    if page.ids:
        ids = json_text(page.ids)
        return Paged(page, loaded(connection, schema.RUNS_BY_ID, (ids,)))
    values = (page.lane, json_text(sorted(page.held)), page.limit + 1)
    ready = [Due(*row) for row in connection.execute(schema.READY_IN_LANE, values)]
    if page.fresh:
        ids = json_text([one.run for one in ready[: page.limit]])
        return Paged(page, loaded(connection, schema.RUNS_BY_ID, (ids,)))
    timed = [Due(*row) for row in connection.execute(schema.TIMED_IN_LANE, values)]
    return paged(
        page,
        (*ready, *timed),
        lambda ids: loaded(connection, schema.RUNS_BY_ID, (json_text(ids),)),
    )


def size(connection: sqlite3.Connection, letters: str, path: Path) -> StoreSize:
    """How big it is; dead letters are counted in an index."""
    journal, disk = beside(path, "-wal"), os.statvfs(path.parent)
    return StoreSize(
        letters=counting.by_observer(connection, letters),
        inbox=counting.few(connection, "fql_inbox"),
        bytes=used_bytes(connection),
        journal=journal.stat().st_size if journal.exists() else 0,
        backup=meta(connection, BACKUP),
        disk=(disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize),
    )
