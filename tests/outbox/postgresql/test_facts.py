"""What was found out on real servers and decides how rows are captured in PostgreSQL: a test for
each, by its number (decision 0100)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from tests.outbox.plans import entity, plan
from tests.outbox.postgresql.conftest import Application, told

from fql.events.row_key import bounded
from fql.outbox.postgresql.connection import Connection
from fql.outbox.postgresql.installing import install
from fql.outbox.postgresql.names import Names
from fql.outbox.postgresql.status import status
from fql.plan.model import Plan
from fqlc import compile_text

ALL = plan("Order.insert", "Order.update", "Order.delete", old=["status"])
MAIN = Names()


def plan_of(when: str, on: str = "update") -> Plan:
    """One observer with a condition."""
    compiled = compile_text(
        'entity Order from "orders" { id: Int @key  email: String?  status: String'
        "  total: Decimal?  paid: Boolean?  at: DateTime? }"
        f' observer o {{ on: Order.{on}  when: {when}  webhook w {{ url: "https://x.example/" }} }}'
    )
    assert compiled.plan is not None, compiled.diagnostics
    return Plan.model_validate_json(compiled.plan)


def triggers(app: Application, table: str = "orders") -> list[str]:
    rows = app.execute(
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = %s::regclass", (table,)
    )
    return sorted(name for (name,) in rows)


def test_3_the_application_may_change_its_columns(
    app: Application, captured: Callable[[Plan], None]
) -> None:
    """No column is named in a trigger: a session that has fired it, and others, go on."""
    captured(plan_of("status.changed()"))
    app.execute("INSERT INTO orders (id, status) VALUES (1, 'a')")
    app.execute("UPDATE orders SET status = 'b'")
    before = triggers(app)
    app.execute("ALTER TABLE orders ALTER COLUMN status TYPE varchar(20)")
    app.execute("UPDATE orders SET status = 'c'")
    app.execute("ALTER TABLE orders DROP COLUMN email CASCADE")
    app.execute("UPDATE orders SET status = 'd'")
    assert triggers(app) == before
    new = [(event, row["status"]) for event, _, row, problem in told(app) if not problem]
    assert new == [("update", "b"), ("update", "c"), ("update", "d")]


def test_3_what_a_before_trigger_changes_is_seen(
    app: Application, captured: Callable[[Plan], None]
) -> None:
    captured(plan_of("status.changed()"))
    app.execute(
        """CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN NEW.status := 'stamped'; RETURN NEW; END $$"""
    )
    app.execute(
        "CREATE TRIGGER stamp BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION stamp()"
    )
    app.execute("INSERT INTO orders (id, status) VALUES (1, 'a')")
    app.execute("UPDATE orders SET email = 'x'")
    assert [row["status"] for _, _, row, _ in told(app)] == ["stamped"]


def test_3_rows_without_an_equality_are_compared(
    app: Application, captured: Callable[[Plan], None]
) -> None:
    """`IS DISTINCT FROM` would fail the application's UPDATE: json and point have no `=`."""
    app.execute("ALTER TABLE orders ADD COLUMN doc json, ADD COLUMN place point")
    captured(plan_of("status.changed()"))
    app.execute("""INSERT INTO orders VALUES (1, 'e', 'a', 1, true, now(), '{"a":1}', '(1,2)')""")
    app.execute("UPDATE orders SET status = status")
    app.execute("UPDATE orders SET total = 2")
    assert told(app) == []
    app.execute("UPDATE orders SET status = 'b'")
    assert [event for event, *_ in told(app)] == ["update"]


@pytest.mark.parametrize(
    ("when", "on", "statements", "expected"),
    [
        ("status.changed_to(\"paid\")", "update", ["status = 'paid'", "status = 'x'"], 1),
        ("(total ?? 0) > 5", "insert", ["5", "6", "'NaN'", "NULL"], 2),
        ("status == \"paid\" && (total ?? 0) > 1", "insert", ["2"], 0),
        ("at != null", "insert", ["1"], 0),
    ],
)  # fmt: skip
def test_3_what_no_observer_matches_is_not_written(
    app: Application, captured: Callable[[Plan], None], when: str, on: str,
    statements: list[str], expected: int,
) -> None:  # fmt: skip
    """A value that no field holds is written all the same, for a dead letter."""
    captured(plan_of(when, on))
    for number, one in enumerate(statements):
        if on == "insert":
            app.execute(f"INSERT INTO orders (id, status, total) VALUES ({number}, 'a', {one})")
        else:
            app.execute(f"INSERT INTO orders (id, status) VALUES ({number}, 'new')")
            app.execute(f"UPDATE orders SET {one} WHERE id = {number}")
    assert len(told(app)) == expected


def test_4_ours_fires_before_a_trigger_that_updates_the_row_again(
    app: Application, ours: Connection, captured: Callable[[Plan], None]
) -> None:
    app.execute(
        """CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN UPDATE orders SET status = 'second' WHERE id = NEW.id; RETURN NULL; END $$"""
    )
    make = "CREATE TRIGGER {} AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION again()"
    app.execute(make.format("a_first").encode())
    captured(ALL)
    app.execute("INSERT INTO orders (id, status) VALUES (1, 'first')")
    found = [(event, new["status"]) for event, _, new, _ in told(app)]
    assert found == [("insert", "first"), ("update", "second")]
    assert status(ours, ALL, MAIN).younger == ()
    app.execute(make.format('" before"').encode())
    assert status(ours, ALL, MAIN).younger == (" before",)


def test_5_no_value_fails_the_statement(app: Application, captured: Callable[[Plan], None]) -> None:
    app.execute("ALTER TABLE orders ADD COLUMN doc json")
    captured(ALL)
    app.execute(r"""INSERT INTO orders (id, status, doc) VALUES (1, 'a', '{"x": "\u0000"}')""")
    app.execute("INSERT INTO orders (id, status, email) VALUES (2, 'a', repeat('y', 70000000))")
    app.execute("UPDATE orders SET status = 'b' WHERE id = 2")
    app.execute("DELETE FROM orders")
    rows = app.execute(
        "SELECT event, new IS NULL AND old IS NULL, problem, row_key FROM fql_main.outbox"
        " ORDER BY seq"
    ).fetchall()
    assert [(event, empty, key) for event, empty, _, key in rows] == [
        ("insert", False, "1"), ("insert", True, "2"), ("update", True, "2"),
        ("delete", False, "1"), ("delete", True, "2"),
    ]  # fmt: skip
    assert "longer than 64000000 bytes" in rows[1][2]


def test_5_a_long_key_is_bounded_as_the_runtime_bounds_it(
    app: Application, captured: Callable[[Plan], None]
) -> None:
    app.execute("DROP TABLE orders")
    app.execute("CREATE TABLE orders (id text, status text NOT NULL)")
    captured(plan("Order.insert", entities=[entity(fields=[("id", "ID"), ("status", "String")])]))
    keys = ["", "a" * 500, "\u00e9\U0001f600" * 260, "x" * 1_000_000]
    for key in keys:
        app.execute("INSERT INTO orders VALUES (%s, 's')", (key,))
    found = app.execute("SELECT row_key FROM fql_main.outbox ORDER BY seq").fetchall()
    assert [key for (key,) in found] == [bounded(key) for key in keys]
    assert max(len(key) for (key,) in found) == 500


SETTINGS = (
    "extra_float_digits = -15", "IntervalStyle = sql_standard", "bytea_output = escape",
    "DateStyle = 'German'", "TimeZone = 'Asia/Tokyo'", "quote_all_identifiers = on",
    "standard_conforming_strings = off", "search_path = nowhere",
)  # fmt: skip


def test_6_settings_of_the_session_change_no_value(
    app: Application, captured: Callable[[Plan], None]
) -> None:
    app.execute(
        "ALTER TABLE orders ADD COLUMN f float8, ADD COLUMN i interval, ADD COLUMN b bytea,"
        " ADD COLUMN r daterange, ADD COLUMN t timestamptz, ADD COLUMN c regclass"
    )
    fields = [("id", "Int"), ("status", "String"), *((n, "String?") for n in "fibrtc")]
    captured(plan("Order.insert", entities=[entity(fields=fields)]))
    insert = r"""INSERT INTO public.orders (id, status, f, i, b, r, t, c) VALUES (1, 'a\b',
      0.30000000000000004, '1 day 2 hours', decode('00ff', 'hex'),
      '[2026-03-02,2026-03-05)', '2026-03-02 14:00Z', 'public.orders')"""
    app.execute(insert.encode())
    (plain,) = told(app)
    app.execute("DELETE FROM orders")
    for one in SETTINGS:
        app.execute(f"SET {one}".encode())
    app.execute(insert.replace(r"a\b", r"a\\b").encode())
    (changed,) = told(app)
    assert changed == plain
    assert plain[2]["f"] == 0.30000000000000004
    assert (plain[2]["i"], plain[2]["b"]) == ("1 day 02:00:00", "\\x00ff")


def test_7_truncate_is_told_by_each_partition(app: Application, ours: Connection) -> None:
    app.execute("DROP TABLE orders")
    app.execute("CREATE TABLE orders (id int, status text NOT NULL) PARTITION BY RANGE (id)")
    app.execute("CREATE TABLE low PARTITION OF orders FOR VALUES FROM (0) TO (10)")
    app.execute("CREATE TABLE high (status text NOT NULL, gone int, id int)")
    app.execute("ALTER TABLE high DROP COLUMN gone")
    app.execute("ALTER TABLE orders ATTACH PARTITION high FOR VALUES FROM (10) TO (20)")
    shop = plan(
        "Order.insert", "Order.update", "Order.delete", old=["status"],
        entities=[entity(fields=[("id", "Int"), ("status", "String")])],
    )  # fmt: skip
    assert install(ours, shop, MAIN)[0].in_step
    app.execute("INSERT INTO orders VALUES (1, 'a'), (11, 'b')")
    assert [new for _, _, new, _ in told(app)] == [
        {"id": 1, "status": "a"}, {"id": 11, "status": "b"},
    ]  # fmt: skip
    app.execute("UPDATE orders SET id = 12, status = 'c' WHERE id = 1")
    assert [(e, (new or old)["id"]) for e, old, new, _ in told(app)] == [
        ("delete", 1), ("insert", 12),
    ]  # fmt: skip
    app.execute("TRUNCATE low")
    app.execute("TRUNCATE orders")
    problems = [(event, problem.rpartition(" ")[2]) for event, _, _, problem in told(app)]
    assert sorted(problems) == [
        ("delete", "public.high"), ("delete", "public.low"), ("delete", "public.low"),
    ]  # fmt: skip
    app.execute("CREATE TABLE more PARTITION OF orders FOR VALUES FROM (20) TO (30)")
    app.execute("INSERT INTO orders VALUES (21, 'x')")
    assert [event for event, *_ in told(app)] == ["insert"], "row triggers come along"
    assert status(ours, shop, MAIN).named("missing") == ("!fql_main.Order.truncate",)
    assert install(ours, shop, MAIN)[0].in_step


def test_7_the_role_of_a_replica_tells_nothing_and_copy_tells_all(
    app: Application, captured: Callable[[Plan], None]
) -> None:
    """A subscriber would send everything twice."""
    captured(ALL)
    with app.cursor() as cursor, cursor.copy("COPY orders (id, status) FROM STDIN") as copy:
        copy.write_row((1, "a"))
        copy.write_row((2, "b"))
    assert [new["id"] for _, _, new, _ in told(app)] == [1, 2]
    app.execute("SET session_replication_role = replica")
    app.execute("INSERT INTO orders (id, status) VALUES (3, 'c')")
    assert told(app) == []


def test_8_many_rows_of_one_statement_are_one_event_each(
    app: Application, captured: Callable[[Plan], None]
) -> None:
    """Transition tables are not used: writes to a partition would pass them unseen."""
    captured(ALL)
    app.execute("INSERT INTO orders (id, status) SELECT n, 'a' FROM generate_series(1, 50) AS n")
    app.execute("INSERT INTO orders (id, status) VALUES (1, 'b') ON CONFLICT (id) DO UPDATE SET"
                " status = excluded.status")  # fmt: skip
    found: list[tuple[Any, ...]] = told(app)
    assert [new["id"] for _, _, new, _ in found[:50]] == list(range(1, 51))
    assert found[50:] == [
        ("update", {"status": "a"}, {**found[0][2], "status": "b"}, None)
    ]  # fmt: skip


def test_two_projects_on_one_table_do_not_meet(app: Application, ours: Connection) -> None:
    """Nor do a project `a` with an entity `b_Order` and one called `a_b`."""
    first, second = Names("a"), Names("a_b")
    named = plan("b_Order.insert", entities=[entity("b_Order")])
    assert install(ours, named, first)[0].in_step
    assert install(ours, ALL, second)[0].in_step
    app.execute("INSERT INTO orders (id, status, total) VALUES (1, 'x', 1.50)")
    for names in (first, second):
        (row,) = app.execute(f"SELECT new FROM {names.outbox}".encode()).fetchall()
        assert Decimal(str(row[0]["total"])) == Decimal("1.5")
    assert status(ours, named, first).others == {"a_b": 1}


def test_a_sequence_that_was_set_back_fails_no_statement(
    app: Application, captured: Callable[[Plan], None]
) -> None:
    captured(ALL)
    app.execute("INSERT INTO orders (id, status) VALUES (1, 'x')")
    app.execute("SELECT setval('fql_main.outbox_seq_seq', 1, false)")
    app.execute("INSERT INTO orders (id, status) VALUES (2, 'x')")
    assert sorted(new["id"] for _, _, new, _ in told(app)) == [1, 2]


def test_deletes_pass_a_publication_of_all_tables(
    app: Application, captured: Callable[[Plan], None]
) -> None:
    captured(ALL)
    app.execute("CREATE PUBLICATION everything FOR ALL TABLES")
    app.execute("INSERT INTO orders (id, status) VALUES (1, 'x')")
    try:
        assert len(told(app)) == 1
    except psycopg.Error as error:  # pragma: no cover - the failure that this test is about
        pytest.fail(str(error))
