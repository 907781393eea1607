"""Restores of the store, with real processes: nothing is lost that the command does not name.
Those of the application's database are in tests/histories/test_went_back.py."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fql.store.sqlite.caring.facts import past_of_file
from fql.store.sqlite.caring.restore import restore
from fql.store.sqlite.format import write_missing_formats
from fql.testing import MockWebhookServer
from tests.operate.shop import Shop, stopped, until


def runs_of(shop: Shop) -> set[str]:
    shown = shop.fqlc("runs", "list", "--format", "json").out
    return {json.loads(line)["run"] for line in shown.splitlines()}


def test_the_store_alone_is_restored(tmp_path: Path, webhook_server: MockWebhookServer) -> None:
    """What was open in the backup comes again under its keys, what came later is named."""
    shop = Shop(tmp_path, webhook_server)
    webhook_server.always(503)
    with shop.engine() as engine:
        shop.order(1, 2)
        until(lambda: {1, 2} <= set(shop.heard()))
        done = shop.fqlc("store", "backup", "backup.db")
        assert (done.code, "wrote backup.db" in done.err) == (0, True), done.err
        assert (tmp_path / "backup.db").stat().st_mode & 0o777 == 0o600
        webhook_server.always(200)
        shop.order(3, 4)
        until(lambda: {3, 4} <= set(shop.heard()) and runs_of_state(shop, "done") == 4)
        until(lambda: waiting(shop) == 0)
        busy = shop.fqlc("store", "restore", "--replace", "backup.db")
        assert (busy.code, "is its engine" in busy.err) == (3, True)
        engine.send_signal(signal.SIGKILL)
        engine.wait()
    first = {one.key: one for one in webhook_server.requests}
    there = shop.fqlc("store", "restore", "backup.db")
    assert (there.code, "--replace keeps it as fql.db.old" in there.err) == (3, True)
    known = runs_of(shop)

    done = shop.fqlc("store", "restore", "--replace", "backup.db")
    assert done.code == 0, done.err
    assert "is kept as" in done.err
    assert (tmp_path / "fql.db.old").exists()
    moment = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    assert re.search(rf"what was accepted from {moment} to {moment} UTC is not in it", done.err)
    (query,) = done.out.splitlines()
    with closing(sqlite3.connect(tmp_path / "shop.db")) as application:
        rows = {row[0] for row in application.execute(query)}
    assert rows >= {3, 4}, "the query finds the rows whose events are not in the backup"

    webhook_server.clear()
    shop.order(5)
    shop.finish()
    again = [one for one in webhook_server.requests if one.payload != {"id": 5}]
    assert sorted(shop.heard()) == [1, 2, 5], "open ones again, nothing else twice"
    assert all(one.key in first and one.headers["fql-redelivery"] == "1" for one in again)
    assert len(runs_of(shop) - known) == 1, "ids never come twice"
    assert max(runs_of(shop)) not in known


def waiting(shop: Shop) -> int:
    with closing(sqlite3.connect(shop.folder / "shop.db")) as application:
        return int(application.execute("SELECT count(*) FROM fql_main_outbox").fetchone()[0])


def runs_of_state(shop: Shop, state: str) -> int:
    shown = shop.fqlc("runs", "list", "--format", "json").out
    return sum(json.loads(line)["state"] == state for line in shown.splitlines())


def test_both_are_restored_from_the_same_moment(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """Nothing is to be done: what waits in the outbox and what is open comes, once each."""
    shop = Shop(tmp_path, webhook_server)
    shop.order(1)
    shop.finish()
    shop.order(2)
    assert shop.fqlc("store", "backup", "backup.db").code == 0
    shutil.copyfile(tmp_path / "shop.db", tmp_path / "shop.backup")
    shop.finish()
    (tmp_path / "shop.backup").replace(tmp_path / "shop.db")
    assert shop.fqlc("store", "restore", "--replace", "backup.db").code == 0
    keys = {one.key for one in webhook_server.requests}
    shop.finish()
    assert sorted(shop.heard()) == [1, 2, 2]
    assert {one.key for one in webhook_server.requests} == keys, "by the key of before"


def test_a_copy_of_another_tool_goes_through_restore(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """Litestream and file systems make copies with a journal beside them, or without one."""
    shop = Shop(tmp_path, webhook_server)
    with shop.engine() as engine:
        shop.order(1)
        until(lambda: runs_of_state(shop, "done") == 1)
        for name in ("fql.db", "fql.db-wal"):
            shutil.copyfile(tmp_path / name, tmp_path / name.replace("fql", "copy"))
        stopped(engine)
    known = runs_of(shop)
    for file in tmp_path.glob("fql.db*"):
        file.unlink()
    done = shop.fqlc("store", "restore", "copy.db")
    assert done.code == 0, done.err
    assert runs_of(shop) == known
    shop.order(2)
    shop.finish()
    assert sorted(shop.heard()) == [1, 2]
    assert "restored" in shop.fqlc("store", "info").out


def test_what_is_not_a_whole_store_is_refused(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    shop = Shop(tmp_path, webhook_server)
    shop.order(1)
    shop.finish()
    before = (tmp_path / "fql.db").read_bytes()
    (tmp_path / "half.db").write_bytes(before[: len(before) // 2])
    (tmp_path / "text.db").write_text("not a database, but a text of some length" * 20)
    for name, words in (
        ("nothing.db", "there is no file"), ("shop.db", "not a store"), ("half.db", "damaged"),
        ("text.db", "not an SQLite file"), ("fql.db", "the store itself"),
    ):  # fmt: skip
        done = shop.fqlc("store", "restore", "--replace", name)
        assert (done.code, words in done.err) == (3, True), (name, done.err)
    assert (tmp_path / "fql.db").read_bytes() == before
    assert not list(tmp_path.glob("*.old")) + list(tmp_path.glob(".*.part"))


def test_a_damaged_store_is_replaced_and_kept(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    shop = Shop(tmp_path, webhook_server)
    shop.order(1)
    shop.finish()
    assert shop.fqlc("store", "backup", "backup.db").code == 0
    store = tmp_path / "fql.db"
    store.write_bytes(b"x" * 4096 + store.read_bytes()[4096:])
    assert shop.fqlc("store", "check").code == 3
    assert shop.fqlc("store", "restore", "--replace", "backup.db").code == 0
    assert (tmp_path / "fql.db.old").read_bytes().startswith(b"xxx")
    assert shop.fqlc("store", "check").code == 0
    shop.order(2)
    shop.finish()
    assert sorted(shop.heard()) == [1, 2]


@pytest.mark.parametrize("ahead", ["backup", "store"])
def test_no_id_comes_twice_after_a_restore(tmp_path: Path, ahead: str) -> None:
    """The next session begins above all that the backup or the replaced store knows. Both may be
    ahead of the clock: the one was made on another machine."""
    later = {"backup": 0, "store": 0} | {ahead: 1 << 30}
    for name, session in later.items():
        write_store(tmp_path / f"{name}.db", session or 7, session or 9)
    restore(tmp_path / "backup.db", tmp_path / "store.db", "webhook_dlq", NOW, replace=True)
    past = past_of_file(tmp_path / "store.db")
    assert past is not None
    assert past.session == (1 << 30) + 1
    assert past.numbered == 1 << 30


NOW = 1_800_000_000_000


def write_store(path: Path, session: int, numbered: int) -> None:
    """A store whose last session and last run have these numbers."""
    with closing(sqlite3.connect(path)) as connection:
        connection.isolation_level = None
        write_missing_formats(connection, path, "webhook_dlq")
        connection.execute(
            "INSERT INTO fql_session(id, holder, cycle, state, numbered)"
            " VALUES(?, 'me', 1, 'left', ?)",
            (session, numbered),
        )
