"""The format number of a store: older ones are upgraded, newer ones refused."""

from __future__ import annotations

import fcntl
import json
import os
import re
import sqlite3
from pathlib import Path

import pytest

from fql.errors import StoreError
from fql.store.choosing import LetterFilter, RunFilter
from fql.store.records import Mutations
from fql.store.sqlite import format as store_format
from fql.store.sqlite.schema import FORMAT
from fql.store.sqlite.store import SqliteStore
from fql.store.works import decode_works, must_be_held
from tests.store.rows import event, run
from tests.stores import unpacked


async def opened(path: Path) -> SqliteStore:
    store = SqliteStore(path)
    await store.open()
    return store


def ask(path: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute(query).fetchall()
    connection.close()
    return rows


VERSION = "SELECT value FROM fql_meta WHERE name = 'version'"
TABLES = "SELECT name, sql FROM sqlite_master ORDER BY name"


async def test_a_store_of_format_1_is_upgraded(tmp_path: Path) -> None:
    path = unpacked(tmp_path, "store.db")
    assert ask(path, VERSION) == [(1,)]
    before = ask(path, "SELECT count(*) FROM fql_run")
    store = await opened(path)
    assert ask(path, VERSION) == [(FORMAT,)]
    assert ask(path, "SELECT count(*) FROM fql_run") == before
    for one in await store.runs(RunFilter(limit=1000)):
        assert bool(one.run.held) == must_be_held(decode_works(one.run.works))
    held = ask(path, "SELECT count(*) FROM fql_run WHERE held = 1")
    assert held == [(7,)], "three are buffered, four are members of batches"
    await store.close()


@pytest.mark.parametrize("form", [1, 2, 3, 4])
async def test_runs_of_older_formats_keep_their_order_before_new_ones(
    tmp_path: Path, form: int
) -> None:
    """Queues, lists, dead letters, and letters that are noted to be copied elsewhere."""
    path = unpacked(tmp_path, "store.db", form)
    queues = "SELECT order_key, id FROM fql_run WHERE order_key IS NOT NULL ORDER BY id"
    before = ask(path, queues)
    letter = [*ask(path, "SELECT * FROM webhook_dlq")[0]]
    letter[18:19] = [None] if form > 2 else []  # the payload, which is beside it
    with sqlite3.connect(path) as connection:
        note = "INSERT INTO fql_copy(dlq_id, change, letter, payload) VALUES(?, 'dead', ?, NULL)"
        connection.execute(note, (letter[0], json.dumps(letter)))
        connection.execute("INSERT INTO fql_meta VALUES('copies_letters', 1)")
    connection.close()
    store = await opened(path)
    store.note_copies()
    lease = await store.acquire("test")
    fresh = event(lease.session << 32), run(1 + (lease.session << 32), lease.session << 32)
    await store.commit(
        lease, Mutations(events=[fresh[0]], runs=[fresh[1]._replace(started=1 << 50)])
    )
    assert (await store.load(lease)).queues == before
    runs = await store.runs(RunFilter(limit=1000))
    assert runs[0].run.id == fresh[1].id
    assert max(runs, key=lambda one: one.run.number).run.id == fresh[1].id
    assert sorted(runs[1:], key=lambda one: -one.run.id) == runs[1:]
    numbers = {one.run.id: one.run.number for one in runs}
    dead = await store.letters(LetterFilter())
    assert [row.number for row in dead] == [numbers[row.run or 0] for row in dead]
    [copy] = await store.copies(10)
    assert copy.letter == next(row for row in dead if row.id == copy.dlq_id)
    await store.close()


async def test_after_the_upgrade_every_plan_has_one_identity(tmp_path: Path) -> None:
    path = unpacked(tmp_path, "store.db")
    await (await opened(path)).close()
    digests = {row[0] for row in ask(path, "SELECT digest FROM fql_plan")}
    shorts = {row[0] for row in ask(path, "SELECT short FROM fql_plan")}
    assert {row[0] for row in ask(path, "SELECT plan_digest FROM webhook_dlq")} <= digests
    for table in ("fql_run", "fql_batch"):
        assert {row[0] for row in ask(path, f"SELECT plan FROM {table}")} <= shorts


async def test_an_upgraded_store_has_the_tables_of_a_new_one(tmp_path: Path) -> None:
    def shapes(path: Path) -> set[tuple[object, ...]]:
        names = ask(path, "SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            (table, *column[1:3])
            for (table,) in names
            for column in ask(path, f"PRAGMA table_info({table})")
        } | set(ask(path, "SELECT name FROM sqlite_master WHERE type = 'index'"))

    old, new = unpacked(tmp_path, "store.db"), tmp_path / "new.db"
    await (await opened(old)).close()
    await (await opened(new)).close()
    assert shapes(old) == shapes(new)


async def test_an_upgrade_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(connection: sqlite3.Connection, letters: str) -> None:
        connection.execute("UPDATE fql_run SET state = 'gone'")
        raise sqlite3.OperationalError("disk I/O error")

    path = unpacked(tmp_path, "store.db")
    before = ask(path, "SELECT id, state, works FROM fql_run"), ask(path, TABLES)
    monkeypatch.setitem(store_format._STEPS, 2, fails)
    with pytest.raises(StoreError, match="disk I/O error"):
        await opened(path)
    assert (ask(path, "SELECT id, state, works FROM fql_run"), ask(path, TABLES)) == before
    monkeypatch.undo()
    await (await opened(path)).close()
    assert ask(path, VERSION) == [(FORMAT,)]


async def test_a_store_whose_older_engine_is_at_work_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_format, "PATIENCE_SECONDS", 0.1)
    path = unpacked(tmp_path, "store.db")
    engine = os.open(tmp_path / "store.db.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(engine, fcntl.LOCK_EX)
    os.write(engine, b"4711")
    with pytest.raises(StoreError, match="older format and is in use: process 4711") as caught:
        await opened(path)
    assert "stop that process" in caught.value.hint
    assert ask(path, VERSION) == [(1,)]
    os.close(engine)
    await (await opened(path)).close()
    assert ask(path, VERSION) == [(FORMAT,)]


@pytest.mark.parametrize(
    ("number", "words"),
    [(FORMAT + 1, "newer version"), (99, "newer version"), ("two", "no readable"), (0, "no read")],
)
async def test_a_store_of_another_format_is_refused(
    tmp_path: Path, number: object, words: str
) -> None:
    path = tmp_path / "s.db"
    await (await opened(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE fql_meta SET value = ? WHERE name = 'version'", (number,))
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=words):
        await opened(path)
    assert path.read_bytes() == before


async def test_opening_a_store_of_this_format_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    await (await opened(path)).close()
    before = ask(path, "PRAGMA data_version"), path.read_bytes()
    store = await opened(path)
    await store.close()
    assert (ask(path, "PRAGMA data_version"), path.read_bytes()) == before


def test_every_older_format_has_its_step() -> None:
    assert sorted(store_format._STEPS) == list(range(2, FORMAT + 1))


def test_every_older_format_has_a_store_here() -> None:
    folders = (Path(__file__).parents[1] / "stores").glob("format_*")
    numbers = {int(re.sub(r"\D", "", folder.name)) for folder in folders}
    assert numbers >= set(range(1, FORMAT))
