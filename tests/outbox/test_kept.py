"""Values of every kind through real triggers: nothing fails, nothing changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from tests.outbox.conftest import kept
from tests.outbox.plans import entity, plan

from fql.outbox.sqlite.capture.kept import MOST_VALUES
from fql.outbox.sqlite.installing import install
from fql.outbox.sqlite.tables import FORMAT, Names

Captured = Callable[[object], sqlite3.Connection]
ALL = ("Thing.insert", "Thing.update", "Thing.delete")
WIDE = [f"c{number}" for number in range(MOST_VALUES)]
VALUES: list[tuple[object, object]] = [
    (None, None),
    (2**63 - 1, 2**63 - 1),
    (-(2**63), -(2**63)),
    (0.1 + 0.2, 0.1 + 0.2),
    (1e300, 1e300),
    (5e-324, 5e-324),
    (9e999, ["infinite", True]),
    (-9e999, ["infinite", False]),
    (b"\x00\xff", ["blob", "00FF"]),
    (b"", ["blob", ""]),
    ("nul \x00 inside", "nul \x00 inside"),
    ('"quotes" \\ \n \x1f', '"quotes" \\ \n \x1f'),
    ("}" * 5, "}" * 5),
    ("日😀", "日😀"),
]


def things(connection: sqlite3.Connection, columns: list[str], declared: str = "") -> None:
    """A table with these columns, and capture of everything in it."""
    made = ", ".join(f"{name} {declared}" for name in columns)
    connection.execute(f"CREATE TABLE things (id INTEGER PRIMARY KEY, {made})")
    fields = [("id", "Int"), *((name, "String?") for name in columns)]
    order = entity("Thing", "things", fields)
    install(connection, plan(*ALL, old=[n for n, _ in fields], entities=[order]), Names())


@pytest.mark.parametrize("columns", [["x"], ["x", *WIDE]], ids=["kept", "wide"])
def test_values_are_told_as_they_are(database: sqlite3.Connection, columns: list[str]) -> None:
    things(database, columns)
    for value, told in VALUES:
        database.execute("DELETE FROM fql_main_outbox")
        database.execute("INSERT INTO things (id, x) VALUES (1, ?)", (value,))
        database.execute("UPDATE things SET id = 2")
        database.execute("DELETE FROM things")
        rows = [row for event in kept(database) for row in (event.new, event.old) if row]
        assert len(rows) == 4, value
        for row in rows:
            found: Any = row["x"]
            assert (float(found) if isinstance(told, float) else found) == told
            assert len(row) == len(columns) + 1


@pytest.mark.parametrize("columns", [["x"], ["x", *WIDE]], ids=["kept", "wide"])
@pytest.mark.parametrize("declared", ["", "TEXT", "NUMERIC"])
def test_a_text_that_sqlite_marked_as_json_stays_a_text(
    database: sqlite3.Connection, columns: list[str], declared: str
) -> None:
    things(database, columns, declared)
    database.execute("INSERT INTO things (id, x) VALUES (1, json_object('a', json_array(1)))")
    database.execute("UPDATE things SET x = json_set(x, '$.b', 2)")
    assert [row.new and row.new["x"] for row in kept(database)] == [
        '{"a":[1]}', '{"a":[1],"b":2}',
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["VIRTUAL", "STORED"])
def test_a_generated_column_of_json_is_a_text(database: sqlite3.Connection, kind: str) -> None:
    made = f"(json_object('a', x)) {kind}"
    database.execute(f"CREATE TABLE things (id INTEGER PRIMARY KEY, x, y TEXT AS {made})")
    fields = (("id", "Int"), ("x", "Int?"), ("y", "String?"))
    watched = plan("Thing.insert", entities=[entity("Thing", "things", fields)])
    install(database, watched, Names())
    database.execute("INSERT INTO things (id, x) VALUES (1, 5)")
    (row,) = kept(database)
    assert row.new == {"id": 1, "x": 5, "y": '{"a":5}'}


LONG = [pytest.param(count, marks=pytest.mark.soak) for count in (100, 498)]


@pytest.mark.parametrize("count", [249, 250, 1_000, *LONG])
def test_a_table_of_many_columns(database: sqlite3.Connection, count: int) -> None:
    """SQLite bounds arguments of functions and the depth of expressions."""
    columns = [f"c{number}" for number in range(count)]
    things(database, columns)
    values = list(range(count))
    marks = ", ".join("?" * count)
    database.execute(f"INSERT INTO things ({', '.join(columns)}) VALUES ({marks})", values)
    database.execute("UPDATE things SET c0 = 'changed'")
    insert, update = kept(database)
    assert insert.new == update.old == {"id": 1, **dict(zip(columns, values, strict=True))}
    assert update.new == {**insert.new, "c0": "changed"}


def test_an_outbox_becomes_wider_when_a_plan_needs_it(database: sqlite3.Connection) -> None:
    narrow = plan("Order.insert", entities=[entity(fields=(("id", "Int"), ("status", "String")))])
    install(database, narrow, Names())
    database.execute("INSERT INTO orders (id, status) VALUES (1, 'new')")
    assert install(database, plan("Order.insert"), Names())[0].in_step
    database.execute("INSERT INTO orders (id, status) VALUES (2, 'new')")
    first, second = kept(database)
    assert (first.new, second.new and second.new["id"]) == ({"id": 1, "status": "new"}, 2)


def test_a_null_key_beside_a_unique_column_is_no_error(database: sqlite3.Connection) -> None:
    """SQLite takes null into a primary key that is no row id."""
    database.execute("CREATE TABLE things (id TEXT PRIMARY KEY, x TEXT UNIQUE)")
    fields = (("id", "String?"), ("x", "String?"))
    install(database, plan(*ALL, entities=[entity("Thing", "things", fields)]), Names())
    database.execute("INSERT INTO things VALUES (NULL, 'a')")
    database.execute("INSERT OR REPLACE INTO things VALUES (NULL, 'a')")
    assert [row.event for row in kept(database)] == ["insert", "delete", "insert"]


def test_a_row_replaced_through_an_index_of_another_collation(database: sqlite3.Connection) -> None:
    database.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, x TEXT)")
    database.execute("CREATE UNIQUE INDEX things_x ON things (x COLLATE NOCASE)")
    fields = (("id", "Int"), ("x", "String?"))
    install(database, plan(*ALL, entities=[entity("Thing", "things", fields)]), Names())
    database.execute("INSERT INTO things VALUES (1, 'a')")
    database.execute("INSERT OR REPLACE INTO things VALUES (2, 'A')")
    assert [row.event for row in kept(database)] == ["insert", "delete", "insert"]


def test_several_rows_that_one_insert_replaces_are_all_told(database: sqlite3.Connection) -> None:
    database.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, x UNIQUE, y UNIQUE, z UNIQUE)")
    fields = tuple((name, "Int?") for name in ("id", "x", "y", "z"))
    install(database, plan(*ALL, entities=[entity("Thing", "things", fields)]), Names())
    database.execute("INSERT INTO things VALUES (1, 1, 1, 1), (2, 2, 2, 2), (3, 3, 3, 3)")
    database.execute("DELETE FROM fql_main_outbox")
    database.execute("INSERT OR REPLACE INTO things VALUES (9, 1, 2, 3)")
    events = kept(database)
    assert [row.event for row in events] == ["delete"] * 3 + ["insert"]
    assert sorted(row.old["id"] for row in events if row.old) == [1, 2, 3]


def test_numbers_go_on_behind_those_that_were_deleted(database: sqlite3.Connection) -> None:
    """Whoever deletes notes the last number, so that an empty outbox does not begin anew."""
    install(database, plan("Order.insert"), Names())
    database.execute("INSERT INTO orders (id, status) VALUES (1, 'x'), (2, 'x')")
    database.execute("UPDATE fql_main_source SET number = 2")
    database.execute("DELETE FROM fql_main_outbox")
    database.execute("INSERT INTO orders (id, status) VALUES (3, 'x'), (4, 'x')")
    assert database.execute("SELECT seq FROM fql_main_outbox").fetchall() == [(3,), (4,)]


def test_an_update_writes_the_names_of_its_fields_once(database: sqlite3.Connection) -> None:
    things(database, ["x"])
    database.execute("INSERT INTO things (id, x) VALUES (1, 'a')")
    database.execute("UPDATE things SET x = 'b'")
    (names, old), *_ = database.execute(
        "SELECT new, old FROM fql_main_outbox WHERE event = 'update'"
    ).fetchall()
    assert (names, old) == ('["id","x"]', "=")
    # A trigger of format 2 wrote them twice, and its rows may still wait.
    database.execute("UPDATE fql_main_outbox SET old = new WHERE old = '='")
    assert kept(database)[1][2:4] == ({"id": 1, "x": "b"}, {"id": 1, "x": "a"})


def test_install_notes_that_triggers_write_in_this_format(database: sqlite3.Connection) -> None:
    things(database, ["x"])
    database.execute("UPDATE fql_main_source SET format = 2")
    fields = [("id", "Int"), ("x", "String?")]
    assert install(database, plan(*ALL, entities=[entity("Thing", "things", fields)]), Names())
    found = database.execute("SELECT format FROM fql_main_source").fetchone()[0]
    assert found == FORMAT
