"""Backups: whole or not there, also beside an engine, and never in the place of something else."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from fql.errors import StoreError
from fql.store.records import Mutations
from fql.store.sqlite import whole
from fql.store.sqlite.caring.backup import is_backup
from fql.store.sqlite.caring.info import info_of
from fql.store.sqlite.files import connect
from fql.store.sqlite.marks import mark_copied
from fql.store.sqlite.store import SqliteStore
from tests.cli_runtime.conftest import Fqlc, fqlc
from tests.store.rows import event, run

__all__ = ["fqlc"]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with something in it."""

    async def work() -> None:
        found = SqliteStore(tmp_path / "fql.db")
        await found.open()
        lease = await found.acquire("test")
        for number in range(1, 4):
            id_ = number + (lease.session << 32)
            rows = Mutations(events=[event(id_)], runs=[run(id_, id_)])
            assert await found.commit(lease, rows) == "ok"
        await found.release(lease, clean=True)
        await found.close()

    asyncio.run(work())
    return tmp_path / "fql.db"


def test_a_backup_is_of_one_moment_while_others_write(store: Path, fqlc: Fqlc) -> None:
    """A transaction that is open beside it is not in it, and does not hold it up."""
    with closing(sqlite3.connect(store, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM fql_run")
        whole_copy = store.with_name("copy.db")
        with closing(sqlite3.connect(store)) as source:
            whole.copy_whole(source, whole_copy, lambda _: None, Path.replace)
        writer.execute("COMMIT")
    with closing(sqlite3.connect(whole_copy)) as copy:
        assert copy.execute("SELECT count(*) FROM fql_run").fetchone() == (3,)
    assert fqlc("store", "backup", "new.db").code == 0
    assert is_backup(store.with_name("new.db"))
    assert info_of(store).last_backup == info_of(store.with_name("new.db")).last_backup
    assert "last backup   20" in fqlc("store", "info").out


def test_the_newest_are_kept(store: Path, fqlc: Fqlc) -> None:
    names = [f"fql-2026010{day}T000000Z.db" for day in range(1, 5)]
    for name in names:
        assert fqlc("store", "backup", name).code == 0
    others = ["fql-notes.db", "fql-20260101T000000Z.db.old", "fql-20250101T000000Z.db"]
    for name in others:
        store.with_name(name).write_text("not a backup")
    store.with_name(".fql-20260105T000000Z.db.part").write_text("left by a process that was killed")
    done = fqlc("store", "backup", "fql-{time}.db", "--keep", "2")
    assert (done.code, "removed 3 older backups" in done.err) == (0, True), done.err
    left = {path.name for path in store.parent.glob("*fql-*")} - set(others)
    assert names[-1] in left
    assert len(left) == 2
    assert all(re.fullmatch(r"fql-\d{8}T\d{6}Z\.db", name) for name in left)


def test_nothing_else_is_written_over(store: Path, fqlc: Fqlc) -> None:
    store.with_name("notes.txt").write_text("mine")
    store.with_name("other.db").write_bytes(store.read_bytes())
    for name, words in (
        ("fql.db", "the store itself"), ("notes.txt", "is not a backup"),
        ("other.db", "is not a backup"), ("nowhere/fql.db", "cannot be written"),
        ("{time}/fql.db", "not in that of a folder"),
    ):  # fmt: skip
        done = fqlc("store", "backup", name)
        assert (done.code in (2, 3), words in done.err) == (True, True), (name, done.err)
    assert store.with_name("notes.txt").read_text() == "mine"
    assert fqlc("store", "backup", "one.db", "--keep", "3").code == 2
    assert fqlc("store", "backup", "one.db").code == 0
    assert fqlc("store", "backup", "one.db").code == 0, "an older backup is replaced"


async def test_a_backup_that_an_engine_works_on_is_a_store(store: Path) -> None:
    """Someone starts `fqlc run --store backup.db`: the next backup must not take its place."""
    copy = store.with_name("one.db")
    with closing(sqlite3.connect(store)) as source:
        whole.copy_whole(source, copy, partial(mark_copied, 1), Path.replace)
    assert is_backup(copy)
    engine = SqliteStore(copy)
    await engine.open()
    await engine.acquire("test")
    await engine.close()
    assert not is_backup(copy)


def test_the_connection_of_a_copy_syncs_as_before(store: Path) -> None:
    """Also after one that failed: an engine's own connection may be the source."""
    with closing(connect(store)) as source:
        whole.copy_whole(source, store.with_name("one.db"), lambda _: None, Path.replace)
        assert source.execute("PRAGMA synchronous").fetchone() == (2,)
        source.execute("BEGIN")
        with pytest.raises(StoreError, match="cannot be written"):
            whole.copy_whole(source, store.with_name("two.db"), lambda _: None, Path.replace)
        source.execute("COMMIT")
        assert source.execute("PRAGMA synchronous").fetchone() == (2,)


def test_two_at_once_do_not_share_a_file(store: Path) -> None:
    target = store.with_name("one.db")
    busy = pytest.raises(StoreError, match="another process is writing")
    with closing(sqlite3.connect(store)) as source, whole._part(target), busy:
        whole.copy_whole(source, target, lambda _: None, Path.replace)
    assert not list(store.parent.glob(".*.part"))


def test_what_is_wrong_with_a_store_is_told(store: Path, fqlc: Fqlc) -> None:
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("UPDATE fql_run SET works = 'nothing' WHERE id = (SELECT min(id)"
                           " FROM fql_run)")  # fmt: skip
        connection.execute("DELETE FROM fql_event WHERE id = (SELECT max(id) FROM fql_event)")
        connection.commit()
    done = fqlc("store", "check")
    assert done.code == 1
    for words in ("has no event", "cannot be read", "runs need the plan p1, which is gone"):
        assert words in done.err


def test_other_kinds_of_stores_are_told_what_to_do(store: Path, fqlc: Fqlc) -> None:
    for command, url, words in (
        (("backup", "x.db"), "postgresql://db/x", "pg_dump"),
        (("restore", "x.db"), "nats://broker:4222", "nats stream restore"),
        (("check",), "memory:", "ends with its process"),
    ):
        done = fqlc("store", *command, "--store", url)
        assert (done.code, words in done.err) == (2, True), done.err
    assert fqlc("store", "info", "--format", "json").lines[0]["format"]
