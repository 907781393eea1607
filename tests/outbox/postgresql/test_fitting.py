"""A table of PostgreSQL compared with the entity over it, and its first rows: as on SQLite."""

from __future__ import annotations

import pytest
from tests.outbox.plans import entity, plan
from tests.outbox.postgresql.conftest import Application
from tests.outbox.test_fitting import plan_of
from tests.servers.databases import Databases

from fql.outbox.postgresql.connection import Connection, connect
from fql.outbox.postgresql.sampling import examined

ID = ("id", "Int")
COLUMNS = [
    ("text", "String", ["FQL504"]), ("text", "String?", []), ("text NOT NULL", "Int", ["FQL503"]),
    ("varchar(20)", "Boolean?", ["FQL503"]), ("char(2)", "String?", []),
    ("int NOT NULL", "String", ["FQL503"]), ("bigint NOT NULL", "Decimal", []),
    ("int NOT NULL", "Boolean", ["FQL503"]), ("int NOT NULL", "ID", []),
    ("int NOT NULL", "DateTime", ["FQL503"]), ("numeric NOT NULL", "Decimal", []),
    ("numeric NOT NULL", "String", ["FQL503"]), ("float8 NOT NULL", "Float", []),
    ("boolean NOT NULL", "Boolean", []), ("boolean NOT NULL", "Int", ["FQL503"]),
    ("uuid NOT NULL", "UUID", []), ("uuid NOT NULL", "Int", ["FQL503"]),
    ("timestamptz NOT NULL", "DateTime", []), ("timestamp NOT NULL", "DateTime", []),
    ("timestamptz NOT NULL", "Date", ["FQL503"]), ("date NOT NULL", "DateTime", ["FQL503"]),
    ("date NOT NULL", "Date", []), ("time NOT NULL", "String", []),
    ("time NOT NULL", "DateTime", ["FQL503"]), ("jsonb NOT NULL", "JSON", []),
    ("jsonb NOT NULL", "[Int]", []), ("json NOT NULL", "Status", []),
    ("text NOT NULL", "JSON", []), ("text NOT NULL", "[String]", ["FQL503"]),
    ("text[] NOT NULL", "[String]", []), ("int[] NOT NULL", "[String]", ["FQL503"]),
    ("text[] NOT NULL", "String", ["FQL503"]), ("bytea NOT NULL", "String", []),
    ("inet NOT NULL", "Decimal", ["FQL503"]), ("status NOT NULL", "Status", ["FQL505"]),
    ("status[] NOT NULL", "[String]", []), ("pair NOT NULL", "String", ["FQL503"]),
    ("pair NOT NULL", "JSON", []), ("short NOT NULL", "String", []), ("filled", "String", []),
]  # fmt: skip


def test_a_column_and_its_field(app: Application, ours: Connection) -> None:
    app.execute("CREATE TYPE status AS ENUM ('open', 'lost')")
    app.execute("CREATE TYPE pair AS (a int, b text)")
    app.execute("CREATE DOMAIN short AS varchar(3)")
    app.execute("CREATE DOMAIN filled AS text NOT NULL")
    for declared, type_text, codes in COLUMNS:
        app.execute("DROP TABLE IF EXISTS orders")
        app.execute(f"CREATE TABLE orders (id int PRIMARY KEY, x {declared})".encode())
        unfit, _ = examined(ours, plan_of([ID, ("x", type_text)]))
        found = [f"{one.code} {one.place}" for one in unfit]
        assert found == [f"{code} Order.x" for code in codes], (declared, type_text, unfit)


def test_names_that_are_not_there_are_told_with_the_nearest(
    app: Application, ours: Connection
) -> None:
    (column,), samples = examined(ours, plan_of([ID, ("stat", "String?")]))
    assert (column.code, column.hint, samples) == ("FQL502", "did you mean `status`?", [])
    app.execute("CREATE SCHEMA shop")
    app.execute("ALTER TABLE orders SET SCHEMA shop")
    made = plan("Order.insert", entities=[entity(table="shop.order")])
    (table,), samples = examined(ours, made)
    assert (table.code, table.hint, samples) == ("FQL501", "did you mean `shop.orders`?", [])


def test_a_key_and_the_case_of_names(app: Application, ours: Connection) -> None:
    app.execute('ALTER TABLE orders RENAME id TO "Id"')
    (column, key), _ = examined(ours, plan_of([ID]))
    assert (column.code, column.hint) == ("FQL502", "did you mean `Id`?")
    assert (key.code, key.place) == ("FQL507", "Order")
    app.execute("ALTER TABLE orders DROP CONSTRAINT orders_pkey, ADD COLUMN id int NOT NULL")
    assert [one.code for one in examined(ours, plan_of([ID]))[0]] == ["FQL507"]


def test_the_first_rows_are_read_as_capture_would_read_them(
    app: Application, ours: Connection
) -> None:
    app.execute("INSERT INTO orders (id, status, total) VALUES (1, 's', 1), (2, 's', 'NaN'),"
                " (3, 's', 1e2000), (4, 's', NULL)")  # fmt: skip
    made = plan("Order.insert")
    _, (sample,) = examined(ours, made)
    assert (sample.table, sample.rows, sample.unfit) == ("orders", 4, 2)
    assert sample.first.startswith("id = 2: new.total must be a decimal number")
    app.execute("INSERT INTO orders (id, status, email)"
                " SELECT n, 's', repeat('y', 9000000) FROM generate_series(5, 9) AS n")  # fmt: skip
    _, (sample,) = examined(ours, made)
    assert sample.rows == 6, "a sample is not longer than 16 MB and one row"


def test_a_table_that_may_not_be_read_or_is_locked_has_no_sample(
    app: Application, ours: Connection, postgresql_server: Databases, postgresql_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with postgresql_server.role() as engine, connect(engine.url(postgresql_url)) as connection:
        unfit, samples = examined(connection, plan_of([ID]))
        assert (unfit, samples) == ([], [])
    monkeypatch.setattr("fql.outbox.postgresql.sampling.PATIENCE", "100ms")
    with app.transaction():
        app.execute("LOCK TABLE orders")
        assert examined(ours, plan_of([ID])) == ([], [])
