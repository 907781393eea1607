"""A small disk and a reader without end: what is wrong is said in words, and what to do."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from fql.engine.process import housekeeping
from fql.errors import StoreFull
from fql.store.sqlite import files
from fql.store.sqlite.store import SqliteStore
from fql.testing import MockWebhookServer
from tests.app.plans import order
from tests.app.test_runtime import runtime


async def test_a_reader_without_end_is_warned_of(
    webhook_server: MockWebhookServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """The journal cannot be emptied past what it sees. When it ends, the journal is cut."""
    monkeypatch.setattr(housekeeping, "EVERY", 0.05)
    monkeypatch.setattr(housekeeping, "AT_LEAST_EVERY", 0.05)
    monkeypatch.setattr(housekeeping, "LARGE_JOURNAL", 2_000_000)
    monkeypatch.setattr(files, "JOURNAL_BYTES", 100_000)
    webhook_server.always(503)
    path = tmp_path / "s.db"
    async with runtime(webhook_server, store=f"sqlite:///{path}") as running:
        assert running.engine.session
        reader = sqlite3.connect(path)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM fql_run").fetchone()
        text = "x" * 50_000
        for number in range(60):
            await running.emit("Order.insert", new=order(number, status=text))
            await running.until_idle(0.02)
        reader.close()
    told = [one.message for one in caplog.records if "journal of the store" in one.message]
    assert told
    assert "open transaction" in told[0]
    assert len(told) <= 3, "told when it has doubled, not at every look"


@pytest.fixture
def small_disk(tmp_path: Path) -> list[str]:
    """A command that runs what follows with a file system of 500 KB at `tmp_path/disk`."""
    (tmp_path / "disk").mkdir()
    mount = f'mount -t tmpfs -o size=500k tmpfs {tmp_path}/disk && exec "$@"'
    command = ["unshare", "-rm", "sh", "-c", mount, "-"]
    if subprocess.run([*command, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system lets nobody mount")
    return command


def test_a_full_disk_is_named_also_where_there_is_no_journal(
    small_disk: list[str], tmp_path: Path
) -> None:
    """SQLite says "disk I/O error": it cannot make its -shm longer (SQLITE_IOERR_SHMSIZE)."""
    code = (
        "import asyncio, os, sys\n"
        "from pathlib import Path\n"
        "from fql.errors import FqlError\n"
        "from fql.store.sqlite.store import SqliteStore\n"
        "folder = Path(sys.argv[1])\n"
        "async def opened():\n"
        "    store = SqliteStore(folder / 's.db')\n"
        "    await store.open()\n"
        "    await store.close()\n"
        "asyncio.run(opened())\n"
        "try:\n"
        "    with open(folder / 'fill', 'wb', buffering=0) as fill:\n"
        "        while fill.write(b'x' * 1000): pass\n"
        "except OSError: pass\n"
        "try:\n"
        "    asyncio.run(opened())\n"
        "except FqlError as error:\n"
        "    print(type(error).__name__, error.message, error.hint)\n"
    )
    done = subprocess.run(
        [*small_disk, sys.executable, "-c", code, str(tmp_path / "disk")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout.startswith("StoreFull no space is left for the store"), done
    assert "free some space" in done.stdout


def test_errors_of_sqlite_are_judged_by_their_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words of SQLite are nobody's promise; the disk is asked whether it is full."""
    problem = sqlite3.OperationalError("disk I/O error")
    problem.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    problem.sqlite_errorname = "SQLITE_IOERR_SHMSIZE"
    healthy = files.translate(problem, tmp_path / "s.db")
    assert not isinstance(healthy, StoreFull)
    assert "check the disk" in healthy.hint
    monkeypatch.setattr(files, "_is_full", lambda _path: True)
    assert isinstance(files.translate(problem, tmp_path / "s.db"), StoreFull)


async def test_a_folder_without_room_for_entries_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(tmp_path / "s.db")
    await store.open()
    await store.close()
    assert not files._is_full(tmp_path / "s.db")
    monkeypatch.setattr(files, "NO_SPACE", 1 << 62)
    assert files._is_full(tmp_path / "s.db")
