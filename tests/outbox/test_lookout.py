"""When we look at a database again."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import pytest

from fql.outbox.sqlite import lookout
from fql.outbox.sqlite.lookout import RARELY, Lookout

POLL = 0.001
linux = pytest.mark.skipif(sys.platform != "linux", reason="inotify is of Linux")


class Flag:
    """Something that changes; counts how often it was looked at."""

    def __init__(self) -> None:
        self.looks = 0
        self.changed = False

    def __call__(self) -> bool:
        self.looks += 1
        return self.changed


async def seconds_until_seen(file: Path, flag: Flag, look: Lookout) -> float:
    """How long after a write the wait ends."""
    began = 0.0

    def write() -> None:
        nonlocal began
        flag.changed, began = True, time.monotonic()
        file.write_bytes(b"1")

    flag.changed = False
    asyncio.get_running_loop().call_later(0.05, write)
    await look.wait(3)
    return time.monotonic() - began


@linux
async def test_a_write_ends_the_wait_at_once(tmp_path: Path) -> None:
    """Far below the pace at which nothing is expected; most of several, as one may be disturbed."""
    file = tmp_path / "x.db-wal"
    file.write_bytes(b"")
    flag = Flag()
    look = Lookout(flag, (tmp_path / "missing", file), POLL)
    look.open()
    assert look.watches
    found = [await seconds_until_seen(file, flag, look) for _ in range(5)]
    look.close()
    assert sorted(found)[2] < RARELY / 5


@linux
async def test_without_news_there_are_few_looks(tmp_path: Path) -> None:
    file = tmp_path / "x.db-wal"
    file.write_bytes(b"")
    flag = Flag()
    look = Lookout(flag, (file,), POLL)
    look.open()
    await look.wait(0.5)
    look.close()
    assert flag.looks <= 5


@linux
async def test_what_is_published_after_the_write_is_seen_soon(tmp_path: Path) -> None:
    """SQLite syncs between writing and publishing; nothing is told of the latter."""
    file = tmp_path / "x.db-wal"
    file.write_bytes(b"")
    flag = Flag()
    look = Lookout(flag, (file,), POLL)
    look.open()
    loop = asyncio.get_running_loop()
    began = loop.time()
    loop.call_later(0.02, file.write_bytes, b"1")
    loop.call_later(0.04, setattr, flag, "changed", True)
    await look.wait(3)
    look.close()
    assert loop.time() - began < 0.04 + RARELY / 2


async def test_where_nobody_watches_looks_come_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another system, or no watch left: the news come a little later, and still come."""
    monkeypatch.setattr(lookout, "watch_files", lambda _paths: None)
    flag = Flag()
    look = Lookout(flag, (tmp_path / "x",), POLL)
    look.open()
    assert not look.watches
    loop = asyncio.get_running_loop()
    loop.call_later(0.2, setattr, flag, "changed", True)
    began = loop.time()
    await look.wait(3)
    look.close()
    assert 0.19 < loop.time() - began < 0.4


async def test_a_busy_writer_is_looked_at_no_more_often_than_poll(tmp_path: Path) -> None:
    file = tmp_path / "x.db-wal"
    file.write_bytes(b"")
    flag = Flag()
    look = Lookout(flag, (file,), 0.05)
    look.open()

    async def write() -> None:
        while True:
            file.write_bytes(b"1")
            await asyncio.sleep(0)

    writing = asyncio.create_task(write())
    await look.wait(0.5)
    writing.cancel()
    look.close()
    assert flag.looks <= 12
