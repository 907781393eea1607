"""The look at capture every five seconds: one query tells that nothing has changed, and each change
that matters is seen by it. Reading the outbox goes by its index."""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg
from tests.outbox.plans import entity, plan
from tests.outbox.postgresql.conftest import Application

from fql.outbox.postgresql import reading
from fql.outbox.postgresql.capture.needs import tables_of
from fql.outbox.postgresql.catalog import fingerprint
from fql.outbox.postgresql.connection import Connection, connect
from fql.outbox.postgresql.installing import install
from fql.outbox.postgresql.names import Names
from fql.outbox.postgresql.status import compared
from fql.plan.model import Plan

MAIN = Names()
ALL = plan("Order.insert", "Order.update", "Order.delete", old=["status"])
CHANGES = [
    "ALTER TABLE orders DISABLE TRIGGER ALL", "ALTER TABLE orders ENABLE TRIGGER ALL",
    "ALTER TABLE orders ADD COLUMN more int", "ALTER TABLE orders ALTER COLUMN id TYPE bigint",
    "ALTER TABLE orders RENAME email TO mail", "ALTER TABLE orders DROP COLUMN more",
    'DROP TRIGGER "!fql_main.Order.update" ON orders', "ALTER TABLE orders RENAME TO orders2",
    "CREATE TABLE orders (LIKE orders2 INCLUDING ALL)",
    'ALTER FUNCTION fql_main."capture_Order"() SECURITY INVOKER',
    "ALTER FUNCTION fql_main.\"capture_Order\"() SET extra_float_digits = '0'",
    "ALTER TABLE fql_main.outbox ADD COLUMN more int", "DROP TABLE fql_main.source CASCADE",
    "CREATE FUNCTION a() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
    'CREATE TRIGGER " a" AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION a()',
    "DROP TABLE orders CASCADE",
]  # fmt: skip
QUIET = [
    "INSERT INTO orders (id, status) SELECT n, 's' FROM generate_series(1, 500) AS n",
    "UPDATE orders SET status = 't'", "VACUUM ANALYZE orders", "TRUNCATE orders",
    "VACUUM FULL fql_main.outbox", "REINDEX TABLE orders", "CREATE TABLE another (id int)",
]  # fmt: skip


def test_each_change_that_matters_changes_the_hash_and_no_work_does(
    app: Application, ours: Connection, captured: Callable[[Plan], None]
) -> None:
    captured(ALL)

    def known() -> str:
        return fingerprint(ours, tables_of(ALL), MAIN)

    before = known()
    for one in QUIET:
        app.execute(one.encode())
        assert known() == before, one
    for one in CHANGES:
        app.execute(one.encode())
        assert known() != before, one
        before = known()


def test_a_partition_that_comes_or_goes_changes_the_hash(
    app: Application, ours: Connection
) -> None:
    app.execute("DROP TABLE orders")
    app.execute("CREATE TABLE orders (id int, status text NOT NULL) PARTITION BY RANGE (id)")
    shop = plan("Order.delete", entities=[entity(fields=[("id", "Int"), ("status", "String")])])
    install(ours, shop, MAIN)
    before = fingerprint(ours, tables_of(shop), MAIN)
    app.execute("CREATE TABLE low PARTITION OF orders FOR VALUES FROM (0) TO (10)")
    assert fingerprint(ours, tables_of(shop), MAIN) != before


def test_a_look_costs_less_than_a_comparison(app: Application, ours: Connection) -> None:
    """Of forty tables; a look takes about a millisecond on a machine with nothing else to do."""
    entities = []
    for number in range(40):
        app.execute(f"CREATE TABLE t{number} (LIKE orders INCLUDING ALL)".encode())
        entities.append(entity(f"T{number}", f"public.t{number}"))
    shop = plan(*(f"{one.name}.insert" for one in entities), entities=entities)
    install(ours, shop, MAIN)

    def seconds(work: Callable[[], object]) -> float:
        took = []
        for _ in range(5):
            began = time.perf_counter()
            work()
            took.append(time.perf_counter() - began)
        return min(took)

    look = seconds(lambda: fingerprint(ours, tables_of(shop), MAIN))
    whole = seconds(lambda: compared(ours, shop, MAIN))
    assert look < whole / 4, (look, whole)


def test_reading_goes_by_the_index(app: Application, postgresql_url: str) -> None:
    """100,000 rows wait, and no statistics know of them."""
    with connect(postgresql_url) as ours:
        install(ours, ALL, MAIN)
    app.execute(
        "INSERT INTO fql_main.outbox (entity, event, new)"
        " SELECT 'Order', 'insert', '{}' FROM generate_series(1, 100000)"
    )
    before = scans(postgresql_url)
    with connect(postgresql_url) as reader:
        assert len(reading.rows_after(reader, MAIN, 50_000, 500, ())) == 500
        rows = reading.rows_after(reader, MAIN, 0, 500, ())
        reading.delete(reader, MAIN, [(row.id, row.seq) for row in rows])
        assert reading.lowest(reader, MAIN) == 501
        assert reading.has_news(reader, MAIN, 99_999)
        assert not reading.has_news(reader, MAIN, 100_000)
        reading.settled(reader, MAIN, reading.mark(reader, 1))
        reading.look(reader, MAIN)
    assert scans(postgresql_url) == before


def scans(url: str) -> int:
    """How often the outbox was read from end to end; a connection that ends tells of its reads."""
    query = "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'outbox'"
    found = None
    for _ in range(50):
        with psycopg.connect(url, autocommit=True) as connection:
            row = connection.execute(query).fetchone()
        time.sleep(0.02)
        if row == found:
            break
        found = row
    return 0 if found is None else int(found[0])
