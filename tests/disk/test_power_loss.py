"""The power goes at any moment: what the store has acknowledged is there when it is back."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from fql.store.choosing import RunFilter
from fql.store.port import Lease
from fql.store.records import Mutations
from fql.store.sqlite.store import SqliteStore
from tests.disk.cuts import check_soundness, cut, restore
from tests.disk.power import WAYS, left_over
from tests.disk.story import STORE, tell
from tests.disk.vfs import Disk, in_reach
from tests.store.rows import event, run

pytestmark = pytest.mark.skipif(
    not in_reach(), reason="this Python hides its SQLite: no disk can be put below it"
)
EVENTS = 24


async def test_an_engine_goes_on_after_the_power_is_back(tmp_path: Path) -> None:
    (tmp_path / "live").mkdir()
    story = await tell(tmp_path / "live", EVENTS, seed=1)
    names = {op.path.name for op in story.ops if op.kind == "sync"}
    assert {STORE, f"{STORE}-wal"} <= names, "the WAL went into the database under way"
    for seed in range(12):
        await cut(story, tmp_path / f"cut{seed}", seed)


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(5))
async def test_an_engine_goes_on_after_many_cuts(tmp_path: Path, seed: int) -> None:
    """100 ends of a longer story."""
    (tmp_path / "live").mkdir()
    story = await tell(tmp_path / "live", 60, seed=seed)
    for number in range(100):
        await cut(story, tmp_path / f"cut{number}", 1000 * seed + number)


# The store alone, commit by commit.


async def committed(folder: Path, store: SqliteStore, count: int) -> tuple[Disk, list[int]]:
    """So many commits, and how much the disk had done when each was acknowledged."""
    marks: list[int] = []
    with Disk(folder) as disk:
        await store.open()
        lease = await store.acquire("test")
        for number in range(1, count + 1):
            assert await _commit(store, lease, number) == "ok"
            marks.append(len(disk.ops))
        await store.close()
    return disk, marks


async def _commit(store: SqliteStore, lease: Lease, number: int) -> str:
    rows = Mutations(events=[event(20 * number)], runs=[run(20 * number + 1, 20 * number)])
    return await store.commit(lease, rows)


async def lost(folder: Path, disk: Disk, moment: int, wanted: int, rng: random.Random) -> int:
    """How many of the first commits are missing after a cut; there are no gaps and no ruins."""
    restore(folder, left_over(disk.ops[:moment], rng, rng.choice(WAYS)))
    check_soundness(folder / STORE)
    store = SqliteStore(folder / STORE)
    await store.open()
    found = sorted(loaded.run.id for loaded in await store.runs(RunFilter(limit=10_000)))
    assert found == [20 * number + 1 for number in range(1, len(found) + 1)], "a gap"
    assert await _commit(store, await store.acquire("next"), len(found) + 1) == "ok"
    await store.close()
    return max(0, wanted - len(found))


class Small(SqliteStore):
    """Checkpoints often; `level` is what it asks of each commit."""

    level = "FULL"

    def _open(self) -> None:
        super()._open()
        assert self._connection is not None
        self._connection.execute("PRAGMA wal_autocheckpoint = 30")
        self._connection.execute(f"PRAGMA synchronous = {self.level}")


class Hasty(Small):
    """What the store must not be."""

    level = "NORMAL"


async def worst_loss(folder: Path, store: type[Small], cuts: int) -> int:
    """The most commits that a cut cost."""
    (folder / "live").mkdir()
    disk, marks = await committed(folder / "live", store(folder / "live" / STORE), 40)
    rng, worst = random.Random(5), 0
    for number in range(cuts):
        moment = rng.randrange(marks[0], len(disk.ops) + 1)
        wanted = sum(mark <= moment for mark in marks)
        worst = max(worst, await lost(folder / str(number), disk, moment, wanted, rng))
    return worst


async def test_no_acknowledged_commit_is_lost(tmp_path: Path) -> None:
    assert await worst_loss(tmp_path, Small, 30) == 0


async def test_a_store_that_syncs_less_would_be_caught(tmp_path: Path) -> None:
    """The same cuts with `synchronous=NORMAL` cost commits: the test above can fail."""
    assert await worst_loss(tmp_path, Hasty, 30) > 0
