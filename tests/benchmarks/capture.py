"""What capture costs the application: processor time of its writer, against no triggers at all.

    python -m tests.benchmarks.capture [ROWS]

One table of ten columns in WAL mode, one transaction for each kind of statement, best of several
rounds. "A row" is a statement for each row, as applications write; "at once" is one statement over
all rows, where SQLite itself does least. Targets (docs/performance.md): 1.3 for rows that no
observer wants, 1.5 for upserts of unwatched columns, 2.5, 3.5, 6 for captured inserts, updates,
deletes.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from fql.outbox.installing import install
from fql.outbox.tables import Names
from fql.plan.model import Plan
from fqlc import compile_text

ROUNDS = 7
TABLE = """CREATE TABLE orders (
  id INTEGER PRIMARY KEY, email TEXT, status TEXT, total NUMERIC, paid BOOLEAN, placed_at DATETIME,
  note TEXT, customer_id INT, quantity INT, weight REAL)"""
SOURCE = """
enum Status {{ placed, paid, sent, lost }}
entity Order from "orders" {{
  id: Int @key  email: String  status: Status  total: Decimal  paid: Boolean  placed_at: DateTime
  note: String?  customer_id: Int  quantity: Int  weight: Float
}}
{observers}
"""
OBSERVER = 'observer {name} {{ on: {on} {when} webhook w_{name} {{ url: "https://x.example/" }} }}'
EVENTS = ("Order.insert", "Order.update", "Order.delete")
INSERT = "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
COPY = "INSERT INTO orders SELECT * FROM template"
Work = Callable[[sqlite3.Connection], object]


def plan_of(*observers: tuple[str, str]) -> Plan:
    """A plan of observers, each a trigger and its condition."""
    written = [
        OBSERVER.format(name=f"o{number}", on=on, when=when and f"when: {when}")
        for number, (on, when) in enumerate(observers)
    ]
    compiled = compile_text(SOURCE.format(observers="\n".join(written)))
    assert compiled.plan is not None, compiled.diagnostics
    return Plan.model_validate_json(compiled.plan)


EVERYTHING = plan_of(*((event, "") for event in EVENTS), ("Order.update", "status.changed()"))
UNWANTED = plan_of(
    ("Order.insert", "status == lost"),
    ("Order.update", "status.changed_to(lost)"),
    ("Order.delete", "status == lost"),
)
UNWATCHED = plan_of(("Order.update", "status.changed_to(paid)"))


def rows(count: int) -> list[tuple[object, ...]]:
    """Orders as a shop has them."""
    return [
        (
            number, f"user{number}@example.com", "placed", f"{number % 1000}.25", number % 2,
            "2026-03-02 14:00:00", None if number % 3 else "leave it at the door", number % 97,
            number % 7, round(number % 100 * 0.37, 2),
        )
        for number in range(count)
    ]  # fmt: skip


def each(sql: str, values: Iterable[tuple[object, ...]]) -> Work:
    """A statement for each row."""
    kept = list(values)
    return lambda connection: connection.executemany(sql, kept)


def once(sql: str) -> Work:
    """One statement over all rows."""
    return lambda connection: connection.execute(sql)


def works(count: int) -> dict[str, tuple[Work, bool]]:
    """What a writer does, and whether to a table that is filled."""
    orders = rows(count)
    keys = [(number,) for number in range(count)]
    upsert = f"{INSERT} ON CONFLICT (id) DO UPDATE SET quantity = excluded.quantity + 1"
    return {
        "insert a row": (each(INSERT, orders), False),
        "insert at once": (once(COPY), False),
        "update a row": (each("UPDATE orders SET status = 'sent' WHERE id = ?", keys), True),
        "update at once": (once("UPDATE orders SET status = 'sent'"), True),
        "upsert a row": (each(upsert, orders), True),
        "upsert at once": (once(f"{COPY} WHERE true {upsert.removeprefix(INSERT)}"), True),
        "delete a row": (each("DELETE FROM orders WHERE id = ?", keys), True),
        "delete at once": (once("DELETE FROM orders WHERE id >= 0"), True),
    }


def seconds(work: Work, filled: bool, plan: Plan | None, count: int) -> float:
    """Processor time of one transaction in a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "shop.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(TABLE)
        connection.execute(TABLE.replace("orders", "template"))
        for name in ("template", *(["orders"] if filled else [])):
            connection.execute("BEGIN")
            connection.executemany(INSERT.replace("orders", name), rows(count))
            connection.execute("COMMIT")
        if plan is not None:
            install(connection, plan, Names())
        began = time.process_time()
        connection.execute("BEGIN")
        work(connection)
        connection.execute("COMMIT")
        took = time.process_time() - began
        connection.close()
    return took


def main() -> None:
    count = int(sys.argv[1]) if sys.argv[1:] and sys.argv[1].isdecimal() else 20_000
    plans = {"unwanted": UNWANTED, "unwatched": UNWATCHED, "captured": EVERYTHING}
    print(f"{'':16}{'plain, us':>10}" + "".join(f"{name:>11}" for name in plans))
    for name, (work, filled) in works(count).items():
        best = {key: float("inf") for key in ("", *plans)}
        for _ in range(ROUNDS):
            for key in best:
                best[key] = min(best[key], seconds(work, filled, plans.get(key), count))
        ratios = "".join(f"{best[key] / best['']:11.2f}" for key in plans)
        print(f"{name:16}{best[''] / count * 1e6:10.2f}{ratios}")


if __name__ == "__main__":
    main()
