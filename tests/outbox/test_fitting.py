"""A table compared with the entity over it, and its first rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import pytest
from tests.outbox.plans import entity, plan

from fql.outbox.fitting import misfits
from fql.outbox.sqlite.capture.fits import fit_table
from fql.outbox.sqlite.database import examined, table_facts
from fql.plan.model import Enum, Plan

STATUS = Enum(name="Status", members=("open", "paid"))


def plan_of(fields: Sequence[tuple[str, str]]) -> Plan:
    """A plan that watches orders with these fields."""
    made = plan("Order.insert", entities=[entity(fields=fields)])
    return made.model_copy(update={"enums": (STATUS,)})


def found(columns: str, *fields: tuple[str, str], options: str = "") -> list[str]:
    """The codes and places that a table of these columns earns."""
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE orders ({columns}) {options}")
    unfit, _ = examined(connection, plan_of(fields))
    connection.close()
    return [f"{one.code} {one.place}" for one in unfit]


ID = ("id", "Int")


@pytest.mark.parametrize(
    ("declared", "type_text", "codes"),
    [
        ("TEXT", "String", ["FQL504"]),
        ("TEXT", "String?", []),
        ("TEXT NOT NULL", "String", []),
        ("TEXT NOT NULL", "Int", ["FQL503"]),
        ("VARCHAR(20)", "Boolean?", ["FQL503"]),
        ("INTEGER NOT NULL", "String", ["FQL503"]),
        ("INTEGER NOT NULL", "Int", []),
        ("INTEGER NOT NULL", "Boolean", []),
        ("INTEGER NOT NULL", "DateTime", []),
        ("INTEGER NOT NULL", "ID", []),
        ("INTEGER NOT NULL", "Status", ["FQL503"]),
        ("INTEGER NOT NULL", "[Int]", ["FQL503"]),
        ("REAL NOT NULL", "Float", []),
        ("REAL NOT NULL", "Decimal", []),
        ("REAL NOT NULL", "String", ["FQL503"]),
        ("DECIMAL(10, 2) NOT NULL", "Decimal", []),
        ("DECIMAL(10, 2) NOT NULL", "String", ["FQL503"]),
        ("BOOLEAN NOT NULL", "Boolean", []),
        ("BOOLEAN NOT NULL", "String", ["FQL503"]),
        ("DATETIME NOT NULL", "DateTime", []),
        ("DATETIME NOT NULL", "String", []),
        ("DATE NOT NULL", "Date", []),
        ("TIMESTAMP NOT NULL", "Int", ["FQL503"]),
        ("JSON NOT NULL", "JSON", []),
        ("NOT NULL", "Status", []),
        ("BLOB NOT NULL", "String", ["FQL506"]),
        ("BLOB NOT NULL", "UUID", []),
        ("TEXT NOT NULL CHECK (x IN ('open', 'paid'))", "Status", []),
        ("TEXT NOT NULL CHECK (\"x\" in ('open','lost'))", "Status", ["FQL505"]),
        ("TEXT NOT NULL CHECK (x IN ('open'))", "Status", ["FQL505"]),
        ("TEXT NOT NULL CHECK (length(x) IN (1, 2))", "Status", []),
    ],
)
def test_a_column_and_its_field(declared: str, type_text: str, codes: list[str]) -> None:
    columns = f"id INTEGER PRIMARY KEY, x {declared}"
    assert found(columns, ID, ("x", type_text)) == [f"{code} Order.x" for code in codes]


def test_key_columns_are_never_null() -> None:
    assert found("id TEXT PRIMARY KEY", ("id", "String")) == []


def test_a_key_that_is_none() -> None:
    assert found("id INTEGER NOT NULL, k INTEGER PRIMARY KEY", ID) == ["FQL507 Order"]
    assert found("id INTEGER NOT NULL UNIQUE, k INTEGER PRIMARY KEY", ID) == []


def test_a_name_that_is_not_there_is_told_with_the_nearest() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE order_s (id INTEGER PRIMARY KEY)")
    (table,), samples = examined(connection, plan_of([ID]))
    assert (table.code, table.hint, samples) == ("FQL501", "did you mean `order_s`?", [])
    connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, state TEXT)")
    (column,), samples = examined(connection, plan_of([ID, ("stat", "String?")]))
    assert (column.code, column.hint, samples) == ("FQL502", "did you mean `state`?", [])
    connection.close()


def test_columns_without_a_field_are_told_where_it_is_asked_for() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL)")
    made = plan_of([ID])
    (order,) = made.entities
    facts = table_facts(connection, "orders")
    connection.close()
    assert facts is not None
    tables = {order.table: fit_table(facts)}
    assert misfits(made, [order], tables, ["orders"]) == []
    (left,) = misfits(made, [order], tables, ["orders"], complete=True)
    assert left.code == "FQL508"


def test_the_first_rows_are_read_as_capture_would_read_them() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, paid BOOLEAN, note TEXT)")
    connection.executemany(
        "INSERT INTO orders VALUES (?, ?, ?)",
        [(1, 1, "a"), (2, "yes", "b"), (3, 0, None), (4, 0, b"\xff"), (5, 0, "c")],
    )
    made = plan_of([ID, ("paid", "Boolean?"), ("note", "String")])
    _, (sample,) = examined(connection, made)
    connection.close()
    assert (sample.rows, sample.unfit) == (5, 3)
    assert sample.first.startswith("id = 2: new.paid must be true or false")
