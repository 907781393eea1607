"""What only a file can show: reopening, locks, modes, clients, damage, a full disk."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fql.errors import SettingsError, StoreError, StoreFull, StoreLocked
from fql.store.choosing import LetterFilter, RunFilter
from fql.store.opening import Place, open_store, store_of_settings_file
from fql.store.records import Mutations, Retention
from fql.store.sqlite.store import SqliteStore
from tests.store.rows import event, letter, one_run, run


async def opened(path: Path) -> SqliteStore:
    store = SqliteStore(path)
    await store.open()
    return store


async def test_committed_rows_survive_reopening(tmp_path: Path) -> None:
    store = await opened(tmp_path / "s.db")
    lease = await store.acquire("one")
    await store.commit(lease, one_run())
    await store.close()
    store = await opened(tmp_path / "s.db")
    assert len(await store.runs(RunFilter())) == 1
    assert not (await store.load(await store.acquire("two"))).clean, "it was not drained"
    await store.close()


async def test_a_second_engine_is_told_who_has_the_store(tmp_path: Path) -> None:
    first, second = await opened(tmp_path / "s.db"), await opened(tmp_path / "s.db")
    await first.acquire("one")
    with pytest.raises(StoreLocked, match=f"process {os.getpid()} is its engine"):
        await second.acquire("two")
    await first.close()
    await second.acquire("two")
    await second.close()


async def test_the_lock_goes_with_a_killed_process(tmp_path: Path) -> None:
    """SIGKILL leaves no lock behind."""
    code = (
        "import asyncio, os, signal, sys\n"
        "from fql.store.sqlite.store import SqliteStore\n"
        "async def main():\n"
        "    s = SqliteStore(sys.argv[1]); await s.open(); await s.acquire('x')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    path = tmp_path / "s.db"
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False, timeout=30)
    assert done.returncode == -9
    store = await opened(path)
    await store.acquire("next")
    await store.close()


async def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    store = await opened(tmp_path / "new" / "s.db")
    await store.commit(await store.acquire("one"), one_run())
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    for file in (tmp_path / "new").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    await store.close()


async def test_an_engine_sees_what_a_client_appends(tmp_path: Path) -> None:
    engine, client = await opened(tmp_path / "s.db"), await opened(tmp_path / "s.db")
    await engine.acquire("one")
    await engine.wait(0)
    assert not await engine.wait(0.05)
    await client.append([("pause", b"{}")], now=1)
    assert await engine.wait(1.0)
    assert [command.kind for command in await engine.fetch(10, frozenset())] == ["pause"]
    await engine.close()
    await client.close()


async def test_dead_letters_answer_plain_sql(tmp_path: Path) -> None:
    store = await opened(tmp_path / "s.db")
    await store.commit(await store.acquire("one"), Mutations(letters=[letter("d1"), letter("d2")]))
    with sqlite3.connect(tmp_path / "s.db") as reader:
        query = "SELECT observer, COUNT(*), MAX(failed_at) FROM webhook_dlq GROUP BY observer"
        assert reader.execute(query).fetchall() == [("watch", 2, 5000)]
    reader.close()
    await store.close()


async def test_the_table_of_dead_letters_has_the_name_given(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "s.db", letters="gone_wrong")
    await store.open()
    await store.commit(await store.acquire("one"), Mutations(letters=[letter("d1")]))
    assert len(await store.letters(LetterFilter())) == 1
    await store.close()
    with pytest.raises(StoreError, match="name of the dead letter table"):
        SqliteStore(tmp_path / "s.db", letters="x; DROP TABLE y")


async def test_a_file_that_is_no_store_is_named(tmp_path: Path) -> None:
    (tmp_path / "s.db").write_bytes(b"this is not a database, whatever its name says" * 50)
    with pytest.raises(StoreError, match="damaged or not an SQLite file"):
        await opened(tmp_path / "s.db")


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be opened"):
        await opened(tmp_path / "file" / "s.db")


async def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    store = await opened(tmp_path / "s.db")
    await store.close()
    with sqlite3.connect(tmp_path / "s.db") as connection:
        connection.execute("UPDATE fql_meta SET value = 99 WHERE name = 'version'")
    connection.close()
    with pytest.raises(StoreError, match="newer version"):
        await opened(tmp_path / "s.db")


async def test_a_full_disk_refuses_the_commit_whole(tmp_path: Path) -> None:
    """SQLite's own page limit stands in for the disk: the same error, on the same path."""
    store = await opened(tmp_path / "s.db")
    lease = await store.acquire("one")

    def limit(pages: int) -> None:
        assert store._connection is not None
        store._connection.execute(f"PRAGMA max_page_count = {pages}")

    pages = await store._call(lambda c: c.execute("PRAGMA page_count").fetchone()[0])
    await store._call(lambda _: limit(pages))
    big = one_run(works='[["r","' + "x" * 100_000 + '"]]')
    with pytest.raises(StoreFull, match="no space"):
        await store.commit(lease, big)
    assert await store.runs(RunFilter()) == []
    await store._call(lambda _: limit(100_000))
    assert await store.commit(lease, big) == "ok"
    await store.close()


def test_urls_of_stores(tmp_path: Path) -> None:
    assert type(open_store(Place("memory:"))).__name__ == "MemoryStore"
    assert type(open_store(Place("sqlite:///x.db"))).__name__ == "SqliteStore"
    with pytest.raises(SettingsError, match="not a known kind"):
        open_store(Place("mysql://x"))
    (tmp_path / "fql.toml").write_text('[store]\nurl = "sqlite:///data/x.db"\n')
    (tmp_path / "deep").mkdir()
    assert store_of_settings_file(tmp_path / "deep").url == f"sqlite:///{tmp_path}/data/x.db"


async def test_copies_that_are_wanted_again_begin_with_all_letters(tmp_path: Path) -> None:
    """What became dead while nobody copied is noted when somebody does; off means forgotten."""
    found = []
    for wanted in (False, True, True, False, True):
        store = SqliteStore(tmp_path / "s.db")
        if wanted:
            store.note_copies()
        await store.open()
        lease = await store.acquire("test")
        found.append([note.dlq_id for note in await store.copies(10)])
        if len(found) == 1:
            await store.commit(lease, Mutations(letters=[letter("dlq_1")]))
        await store.close()
    assert found == [[], ["dlq_1"], ["dlq_1"], [], ["dlq_1"]]


async def test_past_its_size_finished_runs_go_with_their_payloads(tmp_path: Path) -> None:
    """However young they are; open work stays."""
    store = await opened(tmp_path / "s.db")
    lease = await store.acquire("one")
    runs = [run(11, 10, state="done", due=None, ended=5000), run(21, 20)]
    await store.commit(lease, Mutations(events=[event(10), event(20)], runs=runs))
    assert (await store.prune(Retention(0, 0, 0, store_max=0))).runs == 1
    counts = await store.counts()
    await store.close()
    assert (counts.events, counts.runs) == (1, {"open": 1})


def test_a_new_file_is_opened_by_many_at_once(tmp_path: Path) -> None:
    """SQLite says "locked" to one of two that switch to WAL or leave it, and waits for nobody."""

    async def used(path: Path) -> None:
        store = SqliteStore(path)
        await store.open()
        await store.close()

    for number in range(40):
        path, begin = tmp_path / f"{number}.db", threading.Barrier(3)

        def opened(path: Path = path, begin: threading.Barrier = begin) -> None:
            begin.wait()
            asyncio.run(used(path))

        with ThreadPoolExecutor(3) as pool:
            for done in [pool.submit(opened) for _ in range(3)]:
                done.result()
