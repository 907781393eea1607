"""Rows that no observer could match are not written; all others are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from tests.outbox.conftest import kept

from fql.outbox.sqlite.database import wanted_capture
from fql.outbox.sqlite.installing import install
from fql.outbox.sqlite.tables import Names
from fql.plan.model import Plan
from fqlc import compile_text

MAIN = Names()
SOURCE = """
enum Status { open, paid }
entity Order from "orders" {
  id: Int @key  status: Status  note: String?  total: Decimal  at: DateTime?  tags: [String]
}
"""


def plan_of(*observers: tuple[str, str]) -> Plan:
    """Observers, each a trigger and its condition."""
    text = SOURCE + "\n".join(
        f"observer o{n} {{ on: Order.{on} {when and f'when: {when}'}"
        f' webhook w{n} {{ url: "https://x.example/" }} }}'
        for n, (on, when) in enumerate(observers)
    )
    compiled = compile_text(text)
    assert compiled.plan is not None, compiled.diagnostics
    return Plan.model_validate_json(compiled.plan)


@pytest.fixture
def shop() -> Iterator[sqlite3.Connection]:
    """Orders in a database."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, status TEXT COLLATE NOCASE, note TEXT,"
        " total NUMERIC, at TEXT, tags TEXT)"
    )
    yield connection
    connection.close()


def insert(shop: sqlite3.Connection, id_: int, status: object = "open", total: object = 1) -> None:
    row = (id_, status, total)
    shop.execute("INSERT INTO orders VALUES (?, ?, NULL, ?, NULL, '[]')", row)


def events(shop: sqlite3.Connection) -> list[str]:
    """What is told since the last time."""
    found = [row.event for row in kept(shop)]
    shop.execute("DELETE FROM fql_main_outbox")
    return found


def test_upserts_of_another_column_tell_nothing(shop: sqlite3.Connection) -> None:
    install(shop, plan_of(("update", "status.changed_to(paid)")), MAIN)
    for number in range(20):
        shop.execute(
            "INSERT INTO orders VALUES (?, 'open', NULL, 1, NULL, '[]')"
            " ON CONFLICT (id) DO UPDATE SET total = total + 1",
            (number % 3,),
        )
    assert events(shop) == []
    shop.execute("UPDATE orders SET status = 'paid'")
    assert events(shop) == ["update"] * 3


def test_a_changed_field_is_an_update_of_its_column(shop: sqlite3.Connection) -> None:
    watched = plan_of(("update", "status.changed_to(paid)"), ("update", "note.changed()"))
    wanted = wanted_capture(shop, watched, MAIN)
    (update,) = [trigger for trigger in wanted.triggers if trigger.suffix == "update"]
    assert 'AFTER UPDATE OF "status", "note" ON "orders"' in update.sql


@pytest.mark.parametrize(
    "condition", ["id.changed()", "total > 1", "id.changed() || note.changed()"]
)
def test_a_row_id_or_a_state_is_not(shop: sqlite3.Connection, condition: str) -> None:
    """`SET rowid = 7` changes `id` without naming it."""
    wanted = wanted_capture(shop, plan_of(("update", condition)), MAIN)
    (update,) = [trigger for trigger in wanted.triggers if trigger.suffix == "update"]
    assert "AFTER UPDATE ON" in update.sql
    install(shop, plan_of(("update", condition)), MAIN)
    insert(shop, 1, total=9)
    shop.execute("UPDATE orders SET rowid = 7")
    assert events(shop) == ["update"]


def test_several_observers_are_joined_by_or(shop: sqlite3.Connection) -> None:
    watched = plan_of(("insert", "status == paid"), ("insert", "total > 100"))
    install(shop, watched, MAIN)
    for number, (status, total) in enumerate([("open", 5), ("paid", 5), ("open", 500)]):
        insert(shop, number, status, total)
    assert [row.new and row.new["id"] for row in kept(shop)] == [1, 2]


def test_one_observer_without_a_condition_wants_all(shop: sqlite3.Connection) -> None:
    install(shop, plan_of(("insert", "status == paid"), ("insert", "")), MAIN)
    insert(shop, 1)
    assert events(shop) == ["insert"]


@pytest.mark.parametrize("condition", ['"x" in tags', 'at != null && at > "2026-01-01T00:00:00Z"'])
def test_what_sqlite_does_not_judge_is_left_to_the_runtime(
    shop: sqlite3.Connection, condition: str
) -> None:
    install(shop, plan_of(("insert", condition)), MAIN)
    insert(shop, 1)
    assert events(shop) == ["insert"]


def test_the_rest_of_such_a_condition_is_tested(shop: sqlite3.Connection) -> None:
    install(shop, plan_of(("insert", '"x" in tags && status == paid')), MAIN)
    insert(shop, 1)
    insert(shop, 2, "paid")
    assert [row.new and row.new["id"] for row in kept(shop)] == [2]


@pytest.mark.parametrize("status", ["PAID", "lost", None, 5, b"paid"])
def test_a_value_that_does_not_fit_is_told(shop: sqlite3.Connection, status: object) -> None:
    """It is to become a dead letter with a reason, not nothing."""
    install(shop, plan_of(("insert", "status == paid")), MAIN)
    insert(shop, 1, status)
    assert events(shop) == ["insert"]


@pytest.mark.parametrize("total", ["much", None, 1e12, "0.1234567"])
def test_a_decimal_that_sqlite_cannot_compare_is_told(
    shop: sqlite3.Connection, total: object
) -> None:
    install(shop, plan_of(("insert", "total > 100000000 && total < 100000001")), MAIN)
    insert(shop, 1, total=total)
    assert events(shop) == ["insert"]
    insert(shop, 2, total="19.90")
    assert events(shop) == []


def test_rows_that_are_replaced_are_tested_as_well(shop: sqlite3.Connection) -> None:
    install(shop, plan_of(("update", "status.changed_to(paid)")), MAIN)
    insert(shop, 1)
    replace = "REPLACE INTO orders VALUES (1, ?, NULL, 1, NULL, '[]')"
    shop.execute(replace, ("open",))
    assert events(shop) == []
    shop.execute(replace, ("paid",))
    assert events(shop) == ["update"]


def test_another_condition_asks_for_new_triggers(shop: sqlite3.Connection) -> None:
    """Triggers that tell more serve; those that tell less are refused."""
    from fql.outbox.sqlite.status import status

    one, two = plan_of(("insert", "total > 1")), plan_of(("insert", "total > 2"))
    every = plan_of(("insert", ""))
    install(shop, one, MAIN)
    assert status(shop, two, MAIN).named("differs")
    assert status(shop, every, MAIN).named("differs")
    install(shop, every, MAIN)
    assert not status(shop, one, MAIN).named("differs")


def table(columns: str, fields: str, on: str, condition: str) -> tuple[sqlite3.Connection, Plan]:
    """A table of things with capture of one condition."""
    text = (
        f'entity Thing from "things" {{ {fields} }}\n'
        f"observer o {{ on: Thing.{on} when: {condition}"
        ' webhook w { url: "https://x.example/" } }'
    )
    compiled = compile_text(text)
    assert compiled.plan is not None, compiled.diagnostics
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute(f"CREATE TABLE things ({columns})")
    watched = Plan.model_validate_json(compiled.plan)
    install(connection, watched, MAIN)
    return connection, watched


@pytest.mark.parametrize("collation", ["NOCASE", "RTRIM", "BINARY"])
@pytest.mark.parametrize(
    ("condition", "value"),
    [('x != "a"', "A"), ('x != "a"', "a "), ('!(x == "a")', "A"), ('!(x in ["b", "a"])', "a ")],
)
def test_texts_are_compared_by_their_characters_whatever_the_collation(
    collation: str, condition: str, value: str
) -> None:
    columns = f"id INTEGER PRIMARY KEY, x TEXT COLLATE {collation}"
    connection, _ = table(columns, "id: Int @key  x: String", "insert", condition)
    connection.execute("INSERT INTO things VALUES (1, ?)", (value,))
    assert len(kept(connection)) == 1
    connection.close()


@pytest.mark.parametrize(("collation", "value"), [("NOCASE", "A"), ("RTRIM", "a ")])
def test_a_change_that_a_collation_does_not_see_is_one(collation: str, value: str) -> None:
    columns = f"id INTEGER PRIMARY KEY, x TEXT COLLATE {collation}"
    connection, _ = table(columns, "id: Int @key  x: String", "update", "x.changed()")
    connection.execute("INSERT INTO things VALUES (1, 'a')")
    connection.execute("UPDATE things SET x = ?", (value,))
    assert len(kept(connection)) == 1
    connection.close()


@pytest.mark.parametrize(
    ("declared", "type_text", "condition", "value"),
    [
        ("TEXT", "Decimal", "x > 1", "1.0000000000000000001"),
        ("TEXT", "Decimal", "x > 1", "1.0000001"),
        ("TEXT", "Decimal", "x != 12345678901234567890", "12345678901234567890.1"),
        ("TEXT", "Decimal", "x > 0.1", "0.10000000000000000001"),
        ("REAL", "Decimal", "x > 1", 1.0000001),
        ("", "Float", "x <= 9007199254740992.0", 2**53 + 1),
        ("TEXT", "Boolean", "x", "1"),
        ("", "Int", "x > 5", "text"),
        ("", "Int", "x > 5", 6.0),
    ],
)
def test_a_number_that_sqlite_would_judge_otherwise_is_told(
    declared: str, type_text: str, condition: str, value: object
) -> None:
    columns = f"id INTEGER PRIMARY KEY, x {declared}"
    connection, _ = table(columns, f"id: Int @key  x: {type_text}", "insert", condition)
    connection.execute("INSERT INTO things VALUES (1, ?)", (value,))
    assert len(kept(connection)) == 1
    connection.close()


def test_a_row_replaced_through_a_unique_column_is_told_if_its_end_is_wanted() -> None:
    columns = "id INTEGER PRIMARY KEY, x TEXT UNIQUE, n INT"
    fields = "id: Int @key  x: String  n: Int"
    connection, _ = table(columns, fields, "delete", "n > 5")
    connection.execute("INSERT INTO things VALUES (1, 'a', 9), (2, 'b', 1)")
    connection.execute("INSERT OR REPLACE INTO things VALUES (3, 'a', 0), (4, 'b', 0)")
    assert [row.old and row.old["id"] for row in kept(connection)] == [1]
    connection.execute("DELETE FROM fql_main_outbox")
    connection.execute("INSERT INTO things VALUES (5, 'c', 9)")
    connection.execute("UPDATE OR REPLACE things SET x = 'c' WHERE id = 3")
    assert [row.old and row.old["id"] for row in kept(connection)] == [5]
    connection.close()


@pytest.mark.parametrize("kind", ["STORED", "VIRTUAL"])
def test_a_generated_column_changes_without_being_named(kind: str) -> None:
    columns = f"id INTEGER PRIMARY KEY, n INT, x INT GENERATED ALWAYS AS (n * 2) {kind}"
    connection, _ = table(columns, "id: Int @key  x: Int", "update", "x.changed()")
    connection.execute("INSERT INTO things (id, n) VALUES (1, 1)")
    connection.execute("UPDATE things SET n = 2")
    assert len(kept(connection)) == 1
    connection.close()
