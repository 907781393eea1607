"""What planted faults (`tests/mutants`) showed that no other test of stores looked at."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from fql.errors import StoreRewound
from fql.store.records import Mutations
from fql.store.sqlite.store import SqliteStore
from tests.store.rows import one_run

OTHER = """
import asyncio, sys
from fql.store.sqlite.store import SqliteStore
async def main():
    store = SqliteStore(sys.argv[1])
    await store.open()
    await store.acquire("other")
asyncio.run(main())
"""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    made = SqliteStore(tmp_path / "s.db")
    await made.open()
    yield made
    await made.close()


async def test_another_process_is_not_the_engine_as_well(
    store: SqliteStore, tmp_path: Path
) -> None:
    await store.acquire("one")
    command = [sys.executable, "-c", OTHER, str(tmp_path / "s.db")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "StoreLocked" in done.stderr


async def test_a_file_that_has_forgotten_commits_takes_no_further_one(
    store: SqliteStore, tmp_path: Path
) -> None:
    lease = await store.acquire("one")
    for _ in range(2):
        assert await store.commit(lease, Mutations()) == "ok"
    with closing(sqlite3.connect(tmp_path / "s.db", isolation_level=None)) as restored:
        restored.execute("UPDATE fql_session SET cycle = 1")
    assert await store.commit(lease, one_run()) == "fenced"
    with pytest.raises(StoreRewound):
        await store.settle(lease, 2)


async def test_a_commit_that_raises_leaves_nothing_open(store: SqliteStore) -> None:
    lease = await store.acquire("one")
    broken = one_run()
    broken.positions["x"] = object()  # type: ignore[assignment]
    with pytest.raises(Exception, match="cannot be used"):
        await store.commit(lease, broken)
    assert await store.settle(lease, 0) is False
    assert await store.commit(lease, one_run()) == "ok"


async def test_a_settlement_that_is_asked_for_twice_counts_once(store: SqliteStore) -> None:
    """Its reply may be lost as well; the next commit that did not count is then known as such."""
    lease = await store.acquire("one")
    assert await store.settle(lease, 0) is False
    assert await store.settle(lease, 0) is False
    assert await store.settle(lease, 1) is False
    assert await store.commit(lease, one_run()) == "ok"
    assert await store.settle(lease, 2) is True
