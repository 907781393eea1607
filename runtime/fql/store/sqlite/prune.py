"""Retention of an SQLite store, in slices of a few milliseconds: open work and what a dead letter
needs stay.

Slices and commits are made on one thread, so a commit waits for a slice at most. What a slice does
costs what it removes, however much is stored: what is old is found in an index or by a walk that
looks at each row once. A slice is not synced to the disk: what a power cut brings back is removed
again.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from fql.store.eviction import surplus
from fql.store.port import Pruned
from fql.store.records import LetterRow, Retention
from fql.store.sqlite import schema
from fql.store.sqlite.write import drop_run
from fql.store.sqlite.writing.copies import note
from fql.store.sqlite.writing.history import prune_history

SLICE = 0.005
"""Seconds after which a slice ends, once its first group of rows is done."""
LEAST = 0.001
"""Seconds after which it ends if a commit waits."""
GROUP = 16
"""Rows between two looks at the clock."""
SAMPLE = 4096
"""How many remembered keys are counted to estimate the number of all."""
ALWAYS = 1 << 62


@dataclass(slots=True)
class Sweep:
    """How far the walks through a store have come, from one slice to the next.

    - `ended`: time and id of the last finished run of this round; a round ends with a slice that
      has nothing left to do, and the next one begins with the oldest.
    - `event`: the last old event that was looked at. It is looked at once: if it had a run, it goes
      with the last one (`drop_run`).
    - `unproven`: stored plans that no run was seen of, up to `run`; None between two walks.
    - `dropped`: whether runs have gone since the last such walk.
    """

    ended: tuple[int, int] = (-1, -1)
    event: int = 0
    unproven: set[str] | None = None
    run: int = 0
    dropped: bool = True


@dataclass(slots=True)
class Slice:
    """One slice. `letters` is the name of their table, `notes` says that copies of them are kept,
    `awaited` whether a commit waits."""

    connection: sqlite3.Connection
    retention: Retention
    letters: str
    sweep: Sweep
    notes: bool = False
    awaited: Callable[[], bool] = bool
    evicted: list[LetterRow] = field(default_factory=list)
    runs: int = 0
    early: int = 0
    keys: int = 0
    began: float = 0.0

    def prune(self) -> Pruned:
        """Remove what there is time for, in one transaction."""
        self.connection.execute("PRAGMA synchronous = NORMAL")
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            more = self._work()
            self.connection.execute("COMMIT")
        finally:
            if self.connection.in_transaction:
                self.connection.rollback()
            self.connection.execute("PRAGMA synchronous = FULL")
        gone = tuple(self.evicted)
        return Pruned(self.runs, self.keys, len(gone), gone, more=more, early=self.early)

    def _work(self) -> bool:
        """Whether there may be more to do."""
        self.began = time.perf_counter()
        steps = (
            self._old_letters, self._finished_runs, self._ended_batches, self._lone_events,
            self._old_keys, self._unused_plans, self._old_history,
        )  # fmt: skip
        for step in steps:
            while step():
                if self._is_over():
                    return True
        self.sweep.ended = (-1, -1)
        return False

    def _is_over(self) -> bool:
        spent = time.perf_counter() - self.began
        return spent > SLICE or (spent > LEAST and self.awaited())

    def _old_letters(self) -> bool:
        """Dead letters that are too old; past their size, the oldest go first."""
        size = bytes_of_letters(self.connection, self.letters)
        too_many = size > self.retention.letters_max
        found = self.connection.execute(
            f"SELECT * FROM {self.letters} WHERE failed_at < ? ORDER BY failed_at LIMIT ?",  # noqa: S608
            (ALWAYS if too_many else self.retention.letters_before, GROUP),
        ).fetchall()
        gone = surplus((LetterRow(*row) for row in found), size, self.retention)
        names = [(letter.id,) for letter in gone]
        delete = f"DELETE FROM {self.letters} WHERE dlq_id = ?"  # noqa: S608
        self.connection.executemany(delete, names)
        if self.notes:
            note(self.connection, (), [("evicted", letter.id) for letter in gone])
        self.evicted += gone
        return len(gone) == GROUP

    def _before(self) -> int:
        """When what may go has ended at the latest: past the size of the store, at any time."""
        too_big = used_bytes(self.connection) > self.retention.store_max
        return ALWAYS if too_big else self.retention.runs_before

    def _finished_runs(self) -> bool:
        """The oldest first. One that a dead letter needs is passed over."""
        ended, number = self.sweep.ended
        rows = self.connection.execute(
            schema.NEXT_FINISHED.format(letters=self.letters),
            (ended, number, self._before(), GROUP),
        ).fetchall()
        for ended, number, needed in rows:
            self.sweep.ended = (ended, number)
            if not needed:
                drop_run(self.connection, number)
                self.runs += 1
                self.early += ended >= self.retention.runs_before
                self.sweep.dropped = True
        return bool(rows)

    def _ended_batches(self) -> bool:
        """With their attempts."""
        find = "SELECT id FROM fql_batch WHERE ended < ? ORDER BY ended LIMIT ?"
        rows = self.connection.execute(find, (self._before(), GROUP)).fetchall()
        self.connection.executemany("DELETE FROM fql_attempt WHERE owner = ?", rows)
        self.connection.executemany("DELETE FROM fql_batch WHERE id = ?", rows)
        return bool(rows)

    def _lone_events(self) -> bool:
        """Old events that never had a run."""
        find = "SELECT id, received FROM fql_event WHERE id > ? ORDER BY id LIMIT ?"
        rows = self.connection.execute(find, (self.sweep.event, GROUP)).fetchall()
        for number, received in rows:
            if received >= self.retention.runs_before:
                return False
            self.connection.execute(schema.DROP_EVENT, (number,))
            self.sweep.event = number
        return bool(rows)

    def _old_keys(self) -> bool:
        gone = self._forget(self.retention.keys_before, GROUP)
        if not gone:
            over = self.keys_stored() - self.retention.keys_max
            gone = self._forget(ALWAYS, min(over, GROUP)) if over > 0 else 0
        return gone > 0

    def _forget(self, before: int, limit: int) -> int:
        gone = self.connection.execute(schema.FORGET_KEYS, (before, limit)).rowcount
        self.keys += gone
        return gone

    def _old_history(self) -> bool:
        """What people look at: one group of each kind."""
        return prune_history(self.connection, self.retention, GROUP)

    def keys_stored(self) -> int:
        """How many keys are remembered: exactly for a few thousand, else estimated within some
        percent by those of a part of their range, as they are hashes."""
        count = "SELECT count(*) FROM fql_remembered WHERE high < ?"
        for halvings in (14, 10, 6, 3):
            part = (1 << (64 - halvings)) - (1 << 63)
            found = int(self.connection.execute(count, (part,)).fetchone()[0])
            if found >= SAMPLE:
                return found << halvings
        return int(self.connection.execute("SELECT count(*) FROM fql_remembered").fetchone()[0])

    def _unused_plans(self) -> bool:
        """Plans that neither a run nor a dead letter refers to, and that are not the active one.
        New runs come at the end, so a walk that has reached it has seen all."""
        sweep = self.sweep
        if sweep.unproven is None:
            if not sweep.dropped:
                return False
            unused = self.connection.execute(schema.IDLE_PLANS.format(letters=self.letters))
            sweep.unproven, sweep.run, sweep.dropped = {row[0] for row in unused}, 0, False
        find = "SELECT id, plan FROM fql_run WHERE id > ? ORDER BY id LIMIT ?"
        rows = self.connection.execute(find, (sweep.run, 8 * GROUP)).fetchall()
        sweep.unproven -= {plan for _, plan in rows}
        if rows and sweep.unproven:
            sweep.run = rows[-1][0]
            return True
        again = self.connection.execute(schema.IDLE_PLANS.format(letters=self.letters)).fetchall()
        gone = [row for row in again if row[0] in sweep.unproven]
        self.connection.executemany("DELETE FROM fql_plan WHERE short = ?", gone)
        sweep.unproven = None
        return False


def used_bytes(connection: sqlite3.Connection) -> int:
    """Bytes that rows and indexes take, without free pages."""
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    free = connection.execute("PRAGMA freelist_count").fetchone()[0]
    return int(pages - free) * int(connection.execute("PRAGMA page_size").fetchone()[0])


def bytes_of_letters(connection: sqlite3.Connection, letters: str) -> int:
    """What the dead letters count for: triggers keep the sum."""
    find = "SELECT value FROM fql_meta WHERE name = ?"
    row = connection.execute(find, (schema.BYTES_OF.format(letters=letters),)).fetchone()
    return 0 if row is None else int(row[0])
