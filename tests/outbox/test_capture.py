"""What the triggers tell about each way to change a row, on a real database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest
from tests.outbox.conftest import kept, told
from tests.outbox.plans import entity, plan

Captured = Callable[[object], sqlite3.Connection]
ALL = plan("Order.insert", "Order.update", "Order.delete", old=["id", "status"])
RECURSIVE = pytest.mark.parametrize("recursive", ["OFF", "ON"])


def test_plain_statements(captured: Captured) -> None:
    db = captured(ALL)
    db.execute("INSERT INTO orders (id, status) VALUES (1, 'new')")
    db.execute("UPDATE orders SET status = 'paid' WHERE id = 1")
    db.execute("DELETE FROM orders WHERE id = 1")
    assert told(db) == [
        ("insert", None, (1, "new")),
        ("update", (1, "new"), (1, "paid")),
        ("delete", (1, "paid"), None),
    ]


def test_statements_over_many_rows(captured: Captured) -> None:
    db = captured(ALL)
    db.execute("INSERT INTO orders (id, status) VALUES (1, 'a'), (2, 'a'), (3, 'a')")
    db.execute("UPDATE orders SET status = 'b' WHERE id > 1")
    db.execute("DELETE FROM orders")
    events = [event for event, _, _ in told(db)]
    assert events == ["insert"] * 3 + ["update"] * 2 + ["delete"] * 3


def test_rolled_back_changes_are_not_told(captured: Captured) -> None:
    db = captured(ALL)
    db.execute("BEGIN")
    db.execute("INSERT INTO orders (id, status) VALUES (1, 'new')")
    db.execute("ROLLBACK")
    assert told(db) == []


def test_only_watched_events_are_told(captured: Captured) -> None:
    db = captured(plan("Order.update"))
    db.execute("INSERT INTO orders (id, status) VALUES (1, 'new')")
    db.execute("UPDATE orders SET status = 'paid'")
    db.execute("DELETE FROM orders")
    assert told(db) == [("update", None, (1, "paid"))]


@RECURSIVE
@pytest.mark.parametrize("verb", ["INSERT OR REPLACE", "REPLACE"])
def test_replace_over_the_same_key_is_an_update(
    captured: Captured, verb: str, recursive: str
) -> None:
    db = captured(ALL)
    db.execute("INSERT INTO orders (id, status) VALUES (1, 'new')")
    told(db)
    db.execute(f"PRAGMA recursive_triggers = {recursive}")
    db.execute(f"{verb} INTO orders (id, status) VALUES (1, 'paid'), (2, 'new')")
    assert told(db) == [("update", (1, "new"), (1, "paid")), ("insert", None, (2, "new"))]


@RECURSIVE
def test_replace_through_another_unique_column_is_a_delete_and_an_insert(
    captured: Captured, recursive: str
) -> None:
    db = captured(ALL)
    db.execute("INSERT INTO orders (id, email, status) VALUES (1, 'a@b.c', 'new')")
    told(db)
    db.execute(f"PRAGMA recursive_triggers = {recursive}")
    db.execute("INSERT OR REPLACE INTO orders (email, status) VALUES ('a@b.c', 'again')")
    assert told(db) == [("delete", (1, "new"), None), ("insert", None, (2, "again"))]


@RECURSIVE
def test_update_or_replace_tells_the_row_it_removed(captured: Captured, recursive: str) -> None:
    db = captured(ALL)
    db.execute("INSERT INTO orders (id, email, status) VALUES (1, 'a', 'x'), (2, 'b', 'y')")
    told(db)
    db.execute(f"PRAGMA recursive_triggers = {recursive}")
    db.execute("UPDATE OR REPLACE orders SET email = 'a' WHERE id = 2")
    assert sorted(told(db), key=str) == [
        ("delete", (1, "x"), None),
        ("update", (2, "y"), (2, "y")),
    ]


def test_replace_is_known_as_one_where_only_inserts_are_watched(captured: Captured) -> None:
    """A row that existed before is not new."""
    db = captured(plan("Order.insert"))
    db.execute("INSERT INTO orders (id, status) VALUES (1, 'new')")
    db.execute("REPLACE INTO orders (id, status) VALUES (1, 'paid')")
    assert told(db) == [("insert", None, (1, "new"))]


@RECURSIVE
def test_replace_is_no_delete_where_only_deletes_are_watched(
    captured: Captured, recursive: str
) -> None:
    db = captured(plan("Order.delete"))
    db.execute(f"PRAGMA recursive_triggers = {recursive}")
    db.execute("INSERT INTO orders (id, status) VALUES (1, 'new')")
    db.execute("REPLACE INTO orders (id, status) VALUES (1, 'paid')")
    db.execute("DELETE FROM orders")
    assert told(db) == [("delete", (1, "paid"), None)]


def test_upsert_is_an_update(captured: Captured) -> None:
    db = captured(ALL)
    sql = (
        "INSERT INTO orders (id, status) VALUES (1, ?)"
        " ON CONFLICT (id) DO UPDATE SET status = excluded.status"
    )
    db.execute(sql, ("new",))
    db.execute(sql, ("paid",))
    assert told(db) == [("insert", None, (1, "new")), ("update", (1, "new"), (1, "paid"))]


def test_statements_that_write_nothing_leave_no_trace(captured: Captured) -> None:
    """The note of an ignored insert must not change what later statements mean."""
    db = captured(ALL)
    db.execute("INSERT INTO orders (id, status) VALUES (1, 'new')")
    db.execute("INSERT OR IGNORE INTO orders (id, status) VALUES (1, 'other')")
    db.execute("DELETE FROM orders WHERE id = 1")
    db.execute("INSERT INTO orders (id, status) VALUES (1, 'second')")
    assert told(db) == [
        ("insert", None, (1, "new")),
        ("delete", (1, "new"), None),
        ("insert", None, (1, "second")),
    ]


def test_row_with_the_id_that_automatic_ids_show_before_the_insert(captured: Captured) -> None:
    """Before an insert an automatic id reads as -1; a row of that id is no replaced row."""
    db = captured(ALL)
    db.execute("INSERT INTO orders (id, status) VALUES (-1, 'odd')")
    db.execute("INSERT INTO orders (status) VALUES ('new')")
    assert told(db) == [("insert", None, (-1, "odd")), ("insert", None, (0, "new"))]


def test_cascaded_deletes_are_told(database: sqlite3.Connection, captured: Captured) -> None:
    database.execute("PRAGMA foreign_keys = ON")
    database.execute(
        "CREATE TABLE items (id INTEGER PRIMARY KEY, status TEXT,"
        " order_id INTEGER REFERENCES orders (id) ON DELETE CASCADE)"
    )
    item = entity("Item", "items", (("id", "Int"), ("status", "String")))
    db = captured(plan("Item.delete", entities=[item]))
    db.execute("INSERT INTO orders (id, status) VALUES (1, 'new')")
    db.execute("INSERT INTO items VALUES (7, 'x', 1), (8, 'y', 1)")
    db.execute("DELETE FROM orders")
    assert told(db) == [("delete", (7, "x"), None), ("delete", (8, "y"), None)]


@RECURSIVE
def test_table_without_rowid_and_with_a_key_of_two_columns(
    database: sqlite3.Connection, captured: Captured, recursive: str
) -> None:
    database.execute(
        "CREATE TABLE stock (id INTEGER, place TEXT, status TEXT, PRIMARY KEY (id, place))"
        " WITHOUT ROWID"
    )
    stock = entity("Stock", "stock", (("id", "Int"), ("place", "String"), ("status", "String")))
    db = captured(
        plan("Stock.insert", "Stock.update", "Stock.delete", old=["id", "status"], entities=[stock])
    )
    db.execute(f"PRAGMA recursive_triggers = {recursive}")
    db.execute("INSERT INTO stock VALUES (1, 'a', 'x')")
    db.execute("REPLACE INTO stock VALUES (1, 'a', 'y'), (1, 'b', 'z')")
    assert told(db) == [
        ("insert", None, (1, "x")),
        ("update", (1, "x"), (1, "y")),
        ("insert", None, (1, "z")),
    ]


def test_last_insert_rowid_of_the_application_is_its_own(captured: Captured) -> None:
    db = captured(ALL)
    for _ in range(5):
        db.execute("INSERT INTO orders (status) VALUES ('new')")
    cursor = db.execute("INSERT INTO orders (id, status) VALUES (77, 'new')")
    assert cursor.lastrowid == 77
    assert cursor.rowcount == 1


@pytest.mark.parametrize(
    "value", [b"\x00\xff", 9e999, "text \x00 with nul", '"quotes" \\ and \n lines', 2**63 - 1]
)
def test_no_value_makes_the_statement_of_the_application_fail(
    captured: Captured, value: object
) -> None:
    db = captured(ALL)
    db.execute("INSERT INTO orders (id, status) VALUES (1, ?)", (value,))
    assert len(told(db)) == 1


def test_names_that_need_quoting(database: sqlite3.Connection, captured: Captured) -> None:
    database.execute('CREATE TABLE "odd ""name" (id INTEGER PRIMARY KEY, "the status" TEXT)')
    odd = entity(
        "Odd", 'odd "name', (("id", "Int"), ("status", "String")), {"status": "the status"}
    )
    db = captured(plan("Odd.insert", entities=[odd]))
    db.execute("INSERT INTO \"odd \"\"name\" VALUES (1, 'it''s')")
    assert told(db) == [("insert", None, (1, "it's"))]


def test_entity_with_many_fields(database: sqlite3.Connection, captured: Captured) -> None:
    """SQLite limits the arguments of a function to 100; rows may be wider than that."""
    names = ["id", "status", *(f"f{n}" for n in range(120))]
    database.execute(f"CREATE TABLE wide (id INTEGER PRIMARY KEY, {', '.join(names[1:])})")
    wide = entity("Wide", "wide", [(name, "Int?") for name in names])
    db = captured(plan("Wide.insert", entities=[wide]))
    db.execute("INSERT INTO wide (id, status, f119) VALUES (1, 2, 3)")
    (row,) = kept(db)
    assert row.new == dict.fromkeys(names) | {"id": 1, "status": 2, "f119": 3}


def test_an_update_brings_exactly_the_old_values_that_observers_need(captured: Captured) -> None:
    db = captured(plan("Order.update", old=["status"]))
    db.execute("INSERT INTO orders (id, status, total) VALUES (1, 'new', 5)")
    db.execute("UPDATE orders SET status = 'paid'")
    assert [row.old for row in kept(db)] == [{"status": "new"}]


def test_an_update_without_such_observers_brings_none(captured: Captured) -> None:
    db = captured(plan("Order.update"))
    db.execute("INSERT INTO orders (id) VALUES (1)")
    db.execute("UPDATE orders SET status = 'paid'")
    assert [row.old for row in kept(db)] == [None]
