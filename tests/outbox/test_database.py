"""Install, status and uninstall on real files."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from tests.outbox.plans import entity, plan

from fql.errors import StoreError
from fql.outbox.sqlite.database import opened
from fql.outbox.sqlite.installing import install, uninstall
from fql.outbox.sqlite.status import status
from fql.outbox.sqlite.tables import Names

PLAN = plan("Order.insert", "Order.update")
MAIN = Names()


def test_install_is_complete_and_harmless_when_repeated(database: sqlite3.Connection) -> None:
    assert not status(database, PLAN, MAIN).in_step
    assert install(database, PLAN, MAIN)[0].in_step
    before = database.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    mark = database.execute("SELECT incarnation FROM fql_main_source").fetchone()
    assert install(database, PLAN, MAIN)[0].in_step
    assert (
        database.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall() == before
    )
    assert database.execute("SELECT incarnation FROM fql_main_source").fetchone() == mark


def test_another_plan_makes_triggers_differ_and_obsolete(database: sqlite3.Connection) -> None:
    install(database, PLAN, MAIN)
    later = plan("Order.update", "Order.delete", old=["status"])
    states = {t.name: t.state for t in status(database, later, MAIN).triggers}
    assert states["fql_main_Order_update"] == "differs"
    assert states["fql_main_Order_delete"] == "missing"
    assert install(database, later, MAIN)[0].in_step
    states = {t.name: t.state for t in status(database, PLAN, MAIN).triggers}
    assert states["fql_main_Order_insert"] == "missing"
    assert states["fql_main_Order_update"] == "differs"
    assert states["fql_main_Order_delete"] == "obsolete"


def test_renamed_column_is_drift(database: sqlite3.Connection) -> None:
    install(database, PLAN, MAIN)
    database.execute("ALTER TABLE orders RENAME COLUMN status TO state")
    now = status(database, PLAN, MAIN)
    assert not now.in_step
    assert now.problems == ("the table `orders` has no column `status`",)


def test_table_made_anew_has_lost_its_triggers(database: sqlite3.Connection) -> None:
    install(database, PLAN, MAIN)
    database.execute("DROP TABLE orders")
    database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, email, status, total, paid, at)")
    assert "missing" in {t.state for t in status(database, PLAN, MAIN).triggers}


@pytest.mark.parametrize(
    ("ddl", "table", "says"),
    [
        ("SELECT 1", "gone", "the table `gone` of entity Order does not exist"),
        ("CREATE VIEW v AS SELECT * FROM orders", "v", "is a view"),
        ("CREATE TABLE b (id, email, status BLOB, total, paid, at)", "b", "is a BLOB"),
        ("CREATE TABLE c (id)", "c", "has no column `email`"),
    ],
)
def test_what_cannot_be_captured_is_said_and_nothing_installed(
    database: sqlite3.Connection, ddl: str, table: str, says: str
) -> None:
    database.execute(ddl)
    with pytest.raises(StoreError, match=says):
        install(database, plan("Order.insert", entities=[entity(table=table)]), MAIN)
    assert not status(database, PLAN, MAIN).outbox


def test_uninstall_removes_everything_but_not_waiting_events(database: sqlite3.Connection) -> None:
    before = database.execute("SELECT name FROM sqlite_master").fetchall()
    install(database, PLAN, MAIN)
    database.execute("INSERT INTO orders (id) VALUES (1)")
    with pytest.raises(StoreError, match="1 events wait"):
        uninstall(database, MAIN)
    assert status(database, PLAN, MAIN).in_step
    uninstall(database, MAIN, force=True)
    left = database.execute("SELECT name FROM sqlite_master")
    assert left.fetchall() == before


def test_files_that_are_no_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no database file"), opened(tmp_path / "x", writable=True):
        pass
    (tmp_path / "x").write_bytes(b"not a database" * 100)
    with (
        pytest.raises(StoreError, match="cannot be used: file is not a database"),
        opened(tmp_path / "x", writable=False) as connection,
    ):
        status(connection, PLAN, MAIN)
