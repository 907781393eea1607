"""Retention of an SQLite store costs what it removes, and no commit waits for it long. Costs are
counted in instructions of SQLite's machine."""

from __future__ import annotations

import itertools
import sqlite3
from pathlib import Path

import pytest

from fql.store.port import Pruned
from fql.store.records import AttemptRow, BatchRow, Mutations, Retention, StoredPlan
from fql.store.sqlite import prune
from fql.store.sqlite.prune import Slice, Sweep, bytes_of_letters
from fql.store.sqlite.store import SqliteStore
from fql.store.sqlite.write import KEY
from tests.store.rows import event, letter, remembered, run

OLD = 10_000
"""When what was there before has ended."""


class Counted:
    """A connection to the store's file that counts what pruning takes."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.sweep = Sweep()

    def look(self, retention: Retention) -> tuple[int, int]:
        """A whole round: how much went, and instructions, to the nearest ten."""
        tens, gone, more = itertools.count(), 0, True

        def tick() -> int:
            return 0 * next(tens)

        self.connection.set_progress_handler(tick, 10)
        while more:
            found = self.slice(retention)
            gone, more = gone + found.runs + found.keys + found.letters, found.more
        self.connection.set_progress_handler(None, 10)
        return gone, 10 * next(tens)

    def slice(self, retention: Retention) -> Pruned:
        return Slice(self.connection, retention, "webhook_dlq", self.sweep).prune()


async def filled(path: Path, *, old: int, open_: int, dead: int) -> SqliteStore:
    """So many finished runs, old ones that are open, and old ones that a dead letter needs."""
    store = SqliteStore(path)
    await store.open()
    lease = await store.acquire("one")
    plans = [StoredPlan(name, f"sha256:{name}", b"", 0) for name in ("p1", "p2")]
    await store.commit(lease, Mutations(plans=plans, active="p2"))
    numbers = [20 * n for n in range(1, old + open_ + dead + 1)]
    ends = [None] * open_ + [OLD] * (old + dead)
    runs = [
        run(n + 1, n, state="done" if end else "open", due=None, ended=end)
        for n, end in zip(numbers, ends, strict=True)
    ]
    letters = [letter(f"d{one.id}", run=one.id, failed_at=OLD) for one in runs[open_:][:dead]]
    attempts = [AttemptRow(one.id, "a", 1, OLD, 200, None, "", 1, "") for one in runs]
    rows = Mutations(
        events=[event(n) for n in numbers], runs=runs, letters=letters, attempts=attempts
    )
    await store.commit(lease, rows)
    return store


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine cuts no slice short."""
    monkeypatch.setattr(prune, "SLICE", 60.0)


@pytest.mark.parametrize("kind", ["open_", "dead"])
async def test_a_run_costs_the_same_to_remove_whatever_else_is_stored(
    tmp_path: Path, kind: str
) -> None:
    costs = []
    for others in (100, 2000):
        many = {"open_": 10, "dead": 10, kind: others}
        store = await filled(tmp_path / f"{others}.db", old=200, **many)
        await store.close()
        counted = Counted(tmp_path / f"{others}.db")
        nothing = Retention(0, 0, 0)
        counted.look(Retention(OLD, 0, 0))  # what is there is looked at once
        gone, least = counted.look(nothing)
        assert gone == 0
        gone, cost = counted.look(Retention(OLD + 1, 0, 0))
        assert gone == 200
        costs.append(cost - least)
        counted.connection.close()
    assert costs[1] < costs[0] + 2000 * 30, "a look at each of what must stay, and no more"


async def test_a_look_that_finds_nothing_old_reads_next_to_nothing(tmp_path: Path) -> None:
    costs = []
    for stored in (300, 3000):
        store = await filled(tmp_path / f"{stored}.db", old=stored, open_=stored, dead=0)
        await store.close()
        counted = Counted(tmp_path / f"{stored}.db")
        counted.look(Retention(500, 0, 0))
        costs.append(counted.look(Retention(500, 0, 0))[1])
        counted.connection.close()
    assert costs[1] < costs[0] + 100


async def test_old_events_with_open_runs_are_looked_at_once(tmp_path: Path) -> None:
    store = await filled(tmp_path / "s.db", old=0, open_=2000, dead=0)
    await store.close()
    counted = Counted(tmp_path / "s.db")
    first = counted.look(Retention(OLD, 0, 0))[1]
    second = counted.look(Retention(OLD, 0, 0))[1]
    counted.connection.close()
    assert second * 20 < first


async def test_a_slice_ends_when_its_time_is_over_and_the_next_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await filled(tmp_path / "s.db", old=100, open_=0, dead=0)
    await store.close()
    counted = Counted(tmp_path / "s.db")
    monkeypatch.setattr(prune, "SLICE", 0.0)
    found = counted.slice(Retention(OLD + 1, 0, 0))
    assert (found.runs, found.more) == (prune.GROUP, True)
    monkeypatch.setattr(prune, "SLICE", 60.0)
    monkeypatch.setattr(prune, "LEAST", 0.0)
    one = Slice(
        counted.connection, Retention(OLD + 1, 0, 0), "webhook_dlq", counted.sweep,
        awaited=lambda: True,
    ).prune()  # fmt: skip
    assert (one.runs, one.more) == (prune.GROUP, True), "a commit waits"
    assert counted.look(Retention(OLD + 1, 0, 0))[0] == 100 - 2 * prune.GROUP
    counted.connection.close()


async def test_a_slice_is_not_synced_and_a_commit_is(tmp_path: Path) -> None:
    store = await filled(tmp_path / "s.db", old=10, open_=0, dead=0)
    assert (await store.prune(Retention(OLD + 1, 0, 0))).runs == 10
    level = await store._call(lambda one: one.execute("PRAGMA synchronous").fetchone())
    assert level == (2,)
    await store.close()


async def test_the_number_of_keys_is_estimated_within_some_percent(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "s.db")
    await store.open()
    lease = await store.acquire("one")
    keys = [remembered(0)._replace(key=KEY.pack(n * 2**63 // 50_000 * 2 - 2**63, n), at=n)
            for n in range(50_000)]  # fmt: skip
    await store.commit(lease, Mutations(remembered=keys))
    counted = Counted(tmp_path / "s.db")
    one = Slice(counted.connection, Retention(0, 0, 0), "webhook_dlq", counted.sweep)
    assert 48_000 < one.keys_stored() < 52_000
    gone, _ = counted.look(Retention(0, 0, 0, keys_max=1000))
    assert gone == 49_000, "few are counted exactly"
    left = counted.connection.execute("SELECT min(at) FROM fql_remembered").fetchone()
    assert left == (49_000,), "the oldest went"
    counted.connection.close()
    await store.close()


async def test_the_size_of_dead_letters_is_kept_whoever_changes_them(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "s.db")
    await store.open()
    lease = await store.acquire("one")
    rows = [letter(f"d{n}", request="x" * 100 * n) for n in range(1, 6)]
    await store.commit(lease, Mutations(letters=rows))
    await store.commit(lease, Mutations(letters=[rows[0]._replace(request="y" * 50)]))
    await store.commit(lease, Mutations(letter_states=[("resolved", "d2")]))
    with sqlite3.connect(tmp_path / "s.db") as mine:
        mine.execute("DELETE FROM webhook_dlq WHERE dlq_id = 'd3'")
    assert bytes_of_letters(mine, "webhook_dlq") == 3 * 500 + 50 + 400 + 500
    mine.close()
    await store.close()


async def test_attempts_of_batches_go_with_them(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "s.db")
    await store.open()
    lease = await store.acquire("one")
    tries = [AttemptRow(40, "a", 1, OLD, 200, None, "", 1, "")]
    ended = BatchRow(40, "k", "p1", "watch", "a", "[]", 1, None, "here", OLD, "[]")
    await store.commit(lease, Mutations(batches=[ended], attempts=tries))
    await store.prune(Retention(OLD, 0, 0))
    assert await store.attempts([40]) == tries
    await store.prune(Retention(OLD + 1, 0, 0))
    assert await store.attempts([40]) == []
    await store.close()
