"""Younger triggers of the application are named, and `capture install` goes before them."""

from __future__ import annotations

import sqlite3

from tests.outbox.conftest import told
from tests.outbox.plans import plan

from fql.outbox.sqlite.installing import install
from fql.outbox.sqlite.status import status
from fql.outbox.sqlite.tables import Names

PLAN, MAIN = plan("Order.insert", "Order.update", old=["id", "status"]), Names()
TOUCH = """CREATE TRIGGER touch AFTER INSERT ON orders
BEGIN UPDATE "orders" SET status = 'touched' WHERE id = NEW.id; END"""
AUDIT = """CREATE TRIGGER audit AFTER INSERT ON orders
BEGIN INSERT INTO orders_log SELECT NEW.id; END"""
IN_ORDER = [
    ("insert", None, (1, "new")),
    ("update", (1, "new"), (1, "touched")),
]


def insert(database: sqlite3.Connection) -> None:
    database.execute("INSERT INTO orders (id, status) VALUES (1, 'new')")


def test_a_trigger_made_before_capture_changes_no_order(database: sqlite3.Connection) -> None:
    database.execute(TOUCH)
    assert install(database, PLAN, MAIN)[0].in_step
    insert(database)
    assert told(database) == IN_ORDER


def test_a_younger_one_is_named_and_overtaken_again(database: sqlite3.Connection) -> None:
    install(database, PLAN, MAIN)
    database.execute(TOUCH)
    found = status(database, PLAN, MAIN)
    assert (found.younger, found.in_step) == (("touch",), False)
    assert {trigger.state for trigger in found.triggers} == {"behind"}
    now, changed = install(database, PLAN, MAIN)
    assert now.in_step
    assert len(changed.made) == len(now.triggers)
    insert(database)
    assert told(database) == IN_ORDER


def test_one_that_changes_no_captured_table_is_no_matter(database: sqlite3.Connection) -> None:
    install(database, PLAN, MAIN)
    database.execute("CREATE TABLE orders_log (id)")
    database.execute(AUDIT)
    assert status(database, PLAN, MAIN).in_step


def test_another_project_is_no_application(database: sqlite3.Connection) -> None:
    install(database, PLAN, MAIN)
    install(database, PLAN, Names("other"))
    assert status(database, PLAN, MAIN).in_step
