"""A store is itself, whatever it is called: links, moves, replacements, forks. Real processes."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fql.errors import FqlError, StoreError, StoreGone, StoreLocked, UsageError
from fql.store.choosing import RunFilter
from fql.store.records import Mutations
from fql.store.sqlite.store import SqliteStore
from tests.store.processes import beside, ran
from tests.store.rows import letter, one_run

ENGINE = "await store.acquire('one')"
TAKES_OVER = "await store.acquire('two'); print('engine')"
APPENDS = "print(await store.append([('pause', b'{}')], now=1))"


async def opened(path: Path) -> SqliteStore:
    store = SqliteStore(path)
    await store.open()
    return store


def symbolic(path: Path, folder: Path) -> Path:
    other = folder / "other.db"
    other.symlink_to(path)
    return other


def folder_link(path: Path, folder: Path) -> Path:
    (folder / "elsewhere").symlink_to(path.parent)
    return folder / "elsewhere" / path.name


def hard(path: Path, folder: Path) -> Path:
    (folder / "deep").mkdir()
    os.link(path, folder / "deep" / "other.db")
    return folder / "deep" / "other.db"


def relative(path: Path, folder: Path) -> Path:
    return folder / "." / ".." / folder.name / path.name


NAMES = [symbolic, folder_link, hard, relative]


@pytest.mark.parametrize("name", NAMES)
async def test_two_names_of_one_store_are_one_store(
    tmp_path: Path, name: Callable[[Path, Path], Path]
) -> None:
    """The second engine is told who has it; a client's command reaches the first."""
    store = await opened(tmp_path / "s.db")
    await store.acquire("one")
    other = name(tmp_path / "s.db", tmp_path)
    said = ran(other, TAKES_OVER)
    assert said.startswith("StoreLocked")
    assert f"process {os.getpid()} is its engine" in said
    assert ran(other, APPENDS) == "[1]"
    assert [command.kind for command in await store.fetch(10, frozenset())] == ["pause"]
    assert not other.with_name(other.name + "-wal").exists() or other.parent != tmp_path / "deep"
    await store.close()
    assert ran(other, TAKES_OVER) == "engine"


@pytest.mark.parametrize("name", NAMES)
async def test_also_within_one_process(tmp_path: Path, name: Callable[[Path, Path], Path]) -> None:
    first = await opened(tmp_path / "s.db")
    await first.acquire("one")
    second = await opened(name(tmp_path / "s.db", tmp_path))
    with pytest.raises(StoreLocked, match=f"process {os.getpid()} is its engine"):
        await second.acquire("two")
    await second.append([("pause", b"{}")], now=1)
    assert len(await first.fetch(10, frozenset())) == 1
    await first.close()
    await second.acquire("two")
    await second.close()


def test_a_file_that_is_mounted_under_another_name_is_in_use(tmp_path: Path) -> None:
    """As in a container that was given the file alone: nothing is written beside that name."""
    mounted = tmp_path / "box" / "inside.db"
    mounted.parent.mkdir()
    mounted.touch()
    with beside(tmp_path / "s.db", ENGINE) as engine:
        for work in (TAKES_OVER, APPENDS):
            script = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'
            inside = [sys.executable, "-c", _in_box(work), str(mounted)]
            done = subprocess.run(
                ["unshare", "-rm", "sh", "-c", script, "-", str(tmp_path / "s.db"), str(mounted),
                 *inside],
                capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            if "unshare" in done.stderr or "mount" in done.stderr:
                pytest.skip("this system lets nobody mount")
            assert f"process {engine.pid} is its engine" in done.stdout, done
            assert "under another name" in done.stdout
    assert list(mounted.parent.iterdir()) == [mounted]


def _in_box(work: str) -> str:
    from tests.store.processes import HEAD

    return HEAD.format(body=f"    {work}")


async def test_a_path_means_what_it_meant_when_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = SqliteStore("s.db")
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    await store.open()
    await store.close()
    assert (tmp_path / "s.db").exists()
    assert list((tmp_path / "deep").iterdir()) == []


async def test_a_client_of_the_same_process_that_leaves_takes_no_lock_with_it(
    tmp_path: Path,
) -> None:
    """POSIX gives up all locks of a process on a file with any descriptor that is closed. Without
    SQLite's, the next command that ends would delete the journal below the engine."""
    path = tmp_path / "s.db"
    engine = await opened(path)
    lease = await engine.acquire("one")
    await (await opened(path)).close()
    _read(path)
    assert path.with_name("s.db-wal").exists()
    assert ran(path, TAKES_OVER).startswith("StoreLocked")
    assert await engine.commit(lease, one_run()) == "ok"
    assert _read(path) == "[(1,)]"
    await engine.close()


def _read(path: Path) -> str:
    """What a process of its own reads that closes the file behind it."""
    code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
    code += "print(c.execute('SELECT count(*) FROM fql_run').fetchall()); c.close()"
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


async def test_no_forked_child_keeps_the_lock(tmp_path: Path) -> None:
    """The engine is killed, its child lives on: the next one starts."""
    path = tmp_path / "s.db"
    forks = (
        "await store.acquire('one')\n"
        "child = os.fork()\n"
        "if child == 0: time.sleep(60); os._exit(0)\n"
        "print(child, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    child = 0
    try:
        with subprocess.Popen(
            [sys.executable, "-c", _in_box(forks.replace("\n", "\n    ")), str(path)],
            stdout=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            child = int(process.stdout.readline())
            process.wait(30)
        assert ran(path, TAKES_OVER) == "engine"
    finally:
        os.kill(child, 9)


async def test_a_child_that_ends_leaves_its_parents_store_alone(tmp_path: Path) -> None:
    store = await opened(tmp_path / "s.db")
    lease = await store.acquire("one")
    child = os.fork()
    if child == 0:
        try:
            store.counts().send(None)
        except UsageError as error:
            try:
                store.close().send(None)
            except StopIteration:
                os._exit(7 if "another process" in error.message else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert ran(tmp_path / "s.db", TAKES_OVER).startswith("StoreLocked")
    assert await store.commit(lease, one_run()) == "ok"
    await store.close()


def remove(path: Path) -> None:
    path.unlink()


def remove_all(path: Path) -> None:
    for file in path.parent.glob("s.db*"):
        file.unlink()


def move(path: Path) -> None:
    path.rename(path.with_name("moved.db"))


def move_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("moved"))


def replace(path: Path) -> None:
    shutil.copy(path, path.with_name("copy.db"))
    path.with_name("copy.db").rename(path)


def remove_journal(path: Path) -> None:
    path.with_name("s.db-wal").unlink()


def into_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "harm", [remove, remove_all, move, move_folder, replace, remove_journal, into_a_folder]
)
async def test_a_store_that_is_gone_takes_nothing(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    """Neither the engine nor a client of it believes that it stores anything."""
    path = tmp_path / "home" / "s.db"
    engine, client = await opened(path), await opened(path)
    lease = await engine.acquire("one")
    harm(path)
    with pytest.raises(StoreGone, match=r"s\.db(-wal)? was (removed|replaced)"):
        await engine.commit(lease, one_run())
    with pytest.raises(StoreGone):
        await engine.fetch(10, frozenset())
    with pytest.raises(StoreGone):
        await client.append([("pause", b"{}")], now=1)
    await engine.close()
    await client.close()


async def test_a_store_that_is_moved_while_in_use_is_whole(tmp_path: Path) -> None:
    store = await opened(tmp_path / "s.db")
    await store.commit(await store.acquire("one"), one_run())
    move(tmp_path / "s.db")
    await store.close()
    store = await opened(tmp_path / "moved.db")
    assert len(await store.runs(RunFilter())) == 1
    await store.close()


async def test_a_journal_that_was_left_behind_is_named(tmp_path: Path) -> None:
    """After a crash the newest commits are in the journal, and somebody moves the file alone."""
    path, moved = tmp_path / "s.db", tmp_path / "moved.db"
    crashes = (
        "lease = await store.acquire('one')\n"
        "store._connection.execute('PRAGMA wal_checkpoint')\n"
        "await store.commit(lease, one_run())\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    ran(path, crashes)
    path.rename(moved)
    with pytest.raises(StoreError, match=r"moved from .* without its journal") as refused:
        await opened(moved)
    assert refused.value.hint == f"move it along: mv {path}-wal {moved}-wal"
    Path(f"{path}-wal").rename(f"{moved}-wal")
    store = await opened(moved)
    assert len(await store.runs(RunFilter())) == 1
    await store.close()


async def test_a_copy_is_a_store_of_its_own(tmp_path: Path) -> None:
    """Also beside the first one, whose engine is at work."""
    store = await opened(tmp_path / "s.db")
    await store.acquire("one")
    with sqlite3.connect(tmp_path / "s.db") as source, sqlite3.connect(tmp_path / "c.db") as target:
        source.backup(target)
    source.close()
    target.close()
    assert ran(tmp_path / "c.db", TAKES_OVER) == "engine"
    await store.close()


async def test_a_failed_start_leaves_the_lock(tmp_path: Path) -> None:
    """The lock was taken and the session could not be written."""
    store = await opened(tmp_path / "s.db")
    other = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    assert store._connection is not None
    store._connection.execute("PRAGMA busy_timeout = 10")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked") as refused:
        await store.acquire("one")
    assert "open transaction" in refused.value.hint
    other.execute("ROLLBACK")
    other.close()
    assert (await store.acquire("one")).session
    await store.close()


@pytest.mark.parametrize("kind", ["folder", "pipe", "device"])
async def test_only_a_regular_file_is_a_store(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "s.db"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path = Path("/dev/full")
    began = time.monotonic()
    with pytest.raises(FqlError, match="a folder, a device or a pipe"):
        await opened(path)
    assert time.monotonic() - began < 5


async def test_a_start_that_fails_leaves_nothing_open(tmp_path: Path) -> None:
    import threading

    (tmp_path / "s.db").write_bytes(b"no database" * 500)
    before = threading.active_count()
    with pytest.raises(StoreError, match="not an SQLite file"):
        await opened(tmp_path / "s.db")
    assert threading.active_count() == before
    assert not [p for p in Path("/dev/fd").iterdir() if _points_at(p, tmp_path / "s.db")]


def _points_at(descriptor: Path, path: Path) -> bool:
    try:
        return descriptor.samefile(path)
    except OSError:
        return False


async def test_the_table_of_dead_letters_is_there_under_every_name(tmp_path: Path) -> None:
    store = await opened(tmp_path / "s.db")
    await store.commit(await store.acquire("one"), Mutations(letters=[letter("d1")]))
    other = symbolic(tmp_path / "s.db", tmp_path)
    assert ran(other, "print((await store.counts()).letters)") == "{'dead': 1}"
    await store.close()
