"""What capture costs the application: processor time of its writer, against no triggers at all.

    python -m tests.benchmarks.sqlite.capture [--rows N] [--transaction N] [--columns N] [WHAT]

One table in WAL mode. User and system time of this process, which does nothing else; with and
without triggers in turns, so that whatever else the machine does falls on both. Shown are medians
of all rounds, and in brackets what the least of each come to, which is nearest to a quiet machine.
"A row" is a statement for each row, as applications write, `--transaction` of them in one; "at
once" is one statement over all rows, where SQLite itself does least. WHAT is the beginning of a
name, as `update`. Targets (docs/performance.md): 1.3 for rows that no observer wants, 1.5 for
upserts of unwatched columns, 2.5, 3.5, 6 for captured inserts, updates, deletes.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

from fql.outbox.sqlite.installing import install
from fql.outbox.sqlite.tables import Names
from fql.plan.model import Plan
from fqlc import compile_text

COLUMNS = (
    ("id", "INTEGER PRIMARY KEY", "Int @key"),
    ("email", "TEXT", "String"),
    ("status", "TEXT", "Status"),
    ("total", "NUMERIC", "Decimal"),
    ("paid", "BOOLEAN", "Int"),
    ("placed_at", "DATETIME", "DateTime"),
    ("note", "TEXT", "String?"),
    ("customer_id", "INT", "Int"),
    ("quantity", "INT", "Int"),
    ("weight", "REAL", "Float"),
)
SOURCE = 'enum Status {{ placed, paid, sent, lost }}\nentity Order from "orders" {{ {} }}\n{}'
OBSERVER = 'observer {} {{ on: {} {} webhook w_{} {{ url: "https://x.example/" }} }}'
Work = Callable[[sqlite3.Connection], object]


class Given(NamedTuple):
    """How to measure: rows of a table, rows a transaction, columns, rounds."""

    rows: int = 2000
    transaction: int = 1000
    columns: int = 10
    rounds: int = 15


def columns(count: int) -> list[tuple[str, str, str]]:
    """Columns as a shop has them, over and over."""
    found = list(COLUMNS[:count])
    for number in range(len(found), count):
        name, declared, type_ = COLUMNS[1 + number % (len(COLUMNS) - 1)]
        found.append((f"{name}_{number}", declared, type_))
    return found


def plan_of(count: int, *observers: tuple[str, str]) -> Plan:
    """A plan of observers, each a trigger and its condition."""
    fields = "\n".join(f"{name}: {type_}" for name, _, type_ in columns(count))
    written = [
        OBSERVER.format(f"o{number}", on, when and f"when: {when}", f"o{number}")
        for number, (on, when) in enumerate(observers)
    ]
    compiled = compile_text(SOURCE.format(fields, "\n".join(written)))
    assert compiled.plan is not None, compiled.diagnostics
    return Plan.model_validate_json(compiled.plan)


def plans(count: int) -> dict[str, Plan | None]:
    """What is watched, by the name of the column of figures; nothing in the first."""
    events = ("Order.insert", "Order.update", "Order.delete")
    changed = ("Order.update", "status.changed()")
    return {
        "plain": None,
        "unwanted": plan_of(
            count,
            ("Order.insert", "status == lost"),
            ("Order.update", "status.changed_to(lost)"),
            ("Order.delete", "status == lost"),
        ),
        "unwatched": plan_of(count, ("Order.update", "status.changed_to(paid)")),
        "captured": plan_of(count, *((event, "") for event in events), changed),
    }


def rows(given: Given) -> list[tuple[object, ...]]:
    """Orders as a shop has them."""
    made: list[tuple[object, ...]] = []
    for number in range(given.rows):
        values = (
            f"user{number}@example.com", "placed", f"{number % 1000}.25", number % 2,
            "2026-03-02 14:00:00", None if number % 3 else "leave it at the door", number % 97,
            number % 7, round(number % 100 * 0.37, 2),
        )  # fmt: skip
        more = (values[at % len(values)] for at in range(given.columns - 1))
        made.append((number, *more))
    return made


def each(sql: str, values: Iterable[tuple[object, ...]], size: int) -> Work:
    """A statement for each row, so many in a transaction."""
    kept = list(values)

    def work(connection: sqlite3.Connection) -> None:
        remaining = iter(kept)
        while some := list(islice(remaining, size)):
            connection.execute("BEGIN")
            connection.executemany(sql, some)
            connection.execute("COMMIT")

    return work


def once(sql: str) -> Work:
    """One statement over all rows."""
    return lambda connection: connection.execute(sql)


def works(given: Given) -> dict[str, tuple[Work, bool]]:
    """What a writer does, and whether to a table that is filled."""
    orders, size = rows(given), given.transaction
    keys = [(number,) for number in range(given.rows)]
    into = insert(given, "orders")
    upsert = " ON CONFLICT (id) DO UPDATE SET paid = excluded.paid + 1"
    copy = "INSERT INTO orders SELECT * FROM template"
    return {
        "insert a row": (each(into, orders, size), False),
        "insert at once": (once(copy), False),
        "update a row": (each("UPDATE orders SET status = 'sent' WHERE id = ?", keys, size), True),
        "update at once": (once("UPDATE orders SET status = 'sent'"), True),
        "upsert a row": (each(into + upsert, orders, size), True),
        "upsert at once": (once(f"{copy} WHERE true{upsert}"), True),
        "delete a row": (each("DELETE FROM orders WHERE id = ?", keys, size), True),
        "delete at once": (once("DELETE FROM orders WHERE id >= 0"), True),
    }


def insert(given: Given, table: str) -> str:
    """A statement that inserts a row."""
    return f"INSERT INTO {table} VALUES ({', '.join('?' * given.columns)})"


def seconds(work: Work, filled: bool, plan: Plan | None, given: Given) -> float:
    """Processor time of the work in a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "shop.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        declared = ", ".join(f"{name} {type_}" for name, type_, _ in columns(given.columns))
        for name in ("orders", "template"):
            connection.execute(f"CREATE TABLE {name} ({declared})")
        for name in ("template", *(["orders"] if filled else [])):
            connection.execute("BEGIN")
            connection.executemany(insert(given, name), rows(given))
            connection.execute("COMMIT")
        if plan is not None:
            install(connection, plan, Names())
        began = time.process_time()
        work(connection)
        took = time.process_time() - began
        connection.close()
    return took


def measured(
    work: Work, filled: bool, watched: Mapping[str, Plan | None], given: Given
) -> dict[str, tuple[float, float]]:
    """Median and least of each plan, in microseconds a row; plans take turns."""
    taken: dict[str, list[float]] = {name: [] for name in watched}
    for _ in range(given.rounds):
        for name, plan in watched.items():
            taken[name].append(seconds(work, filled, plan, given))
    a_row = 1e6 / given.rows
    return {name: (median(times) * a_row, min(times) * a_row) for name, times in taken.items()}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("work", nargs="?", default="")
    for name, default in Given()._asdict().items():
        parser.add_argument(f"--{name}", type=int, default=default)
    options = vars(parser.parse_known_args()[0])
    wanted = options.pop("work")
    given = Given(**options)
    watched = plans(given.columns)
    print(f"{'':16}{'plain, us':>13}" + "".join(f"{name:>15}" for name in list(watched)[1:]))
    for name, (work, filled) in works(given).items():
        if name.startswith(wanted):
            print(f"{name:16}{_line(measured(work, filled, watched, given))}", flush=True)


def _line(found: Mapping[str, tuple[float, float]]) -> str:
    middle, least = found["plain"]
    ratios = (f"{one / middle:8.2f} ({best / least:4.2f})" for one, best in found.values())
    return f"{middle:6.2f} ({least:4.2f})" + "".join(islice(ratios, 1, None))


if __name__ == "__main__":
    main()
