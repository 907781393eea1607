"""A store of another version: upgraded with a way back, or refused with one."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from fql.client import open_client
from fql.errors import StoreError, StoreFull
from fql.store.sqlite import whole
from fql.store.sqlite.caring.info import info_of
from fql.store.sqlite.schema import FORMAT
from fql.store.sqlite.store import SqliteStore
from tests.cli_runtime.conftest import Fqlc, fqlc
from tests.stores import unpacked

__all__ = ["fqlc"]
LOCKED = """
import os, sys
from fql.store.sqlite.lock import EngineLock, inode_of
from pathlib import Path
path = Path(sys.argv[1])
os.open(path, os.O_RDWR)
EngineLock().take(path, inode_of(path))
print("locked", flush=True)
sys.stdin.read()
"""


def test_an_upgrade_can_be_gone_back_on(tmp_path: Path, fqlc: Fqlc) -> None:
    path = _store(tmp_path)
    said = fqlc("store", "upgrade", "--dry-run")
    assert (said.code, f"from format 2 to {FORMAT}" in said.err) == (0, True), said.err
    assert info_of(path).form == 2
    assert fqlc("store", "upgrade").code == 0
    kept = tmp_path / "fql.db.format-2"
    assert (info_of(path).form, info_of(kept).form) == (FORMAT, 2)
    assert "nothing to do" in fqlc("store", "upgrade").err
    _write_format(path, FORMAT + 1)
    newer = fqlc("runs", "list")
    assert newer.code == 3
    assert f"format {FORMAT + 1}, this version reads up to {FORMAT}" in newer.err
    assert f"fqlc store restore --replace {kept}" in newer.err
    assert fqlc("store", "restore", "--replace", str(kept)).code == 0
    assert (info_of(path).form, fqlc("runs", "list").code) == (FORMAT, 0)


def _store(folder: Path) -> Path:
    return unpacked(folder, "store.db", 2).rename(folder / "fql.db")


def _write_format(path: Path, number: int) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE fql_meta SET value = ? WHERE name = 'version'", (number,))
        connection.commit()


async def test_an_engine_upgrades_and_a_client_does_not(tmp_path: Path) -> None:
    path = _store(tmp_path)
    with pytest.raises(StoreError, match=f"has format 2, and this version works with {FORMAT}"):
        async with open_client(f"sqlite:///{path}"):
            pass
    assert not list(tmp_path.glob("*.format-*"))
    store = SqliteStore(path)
    await store.open()
    await store.close()
    assert info_of(tmp_path / "fql.db.format-2").form == 2


def test_a_store_at_work_is_not_upgraded(
    tmp_path: Path, fqlc: Fqlc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fql.store.sqlite.format.PATIENCE_SECONDS", 0.1)
    path = _store(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", LOCKED, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as engine:
        assert engine.stdout is not None
        assert engine.stdout.readline() == b"locked\n"
        done = fqlc("store", "upgrade")
        engine.kill()
    assert (done.code, f"process {engine.pid} is its engine" in done.err) == (3, True), done.err
    assert info_of(path).form == 2


def test_without_room_for_a_copy_it_is_asked_for(
    tmp_path: Path, fqlc: Fqlc, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _store(tmp_path)
    monkeypatch.setattr(whole, "SPARE", 1 << 60)
    done = fqlc("store", "upgrade")
    assert (done.code, "--no-backup" in done.err) == (3, True), done.err
    assert info_of(path).form == 2
    with pytest.raises(StoreFull):
        whole.copy_whole(sqlite3.connect(path), tmp_path / "other.db", print, Path.replace)
    assert fqlc("store", "upgrade", "--no-backup").code == 0
    assert info_of(path).form == FORMAT
    assert not list(tmp_path.glob("*.format-*"))
