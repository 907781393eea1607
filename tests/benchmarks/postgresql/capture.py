"""What capture costs the application's statement on PostgreSQL: the server's CPU for a row.

    python -m tests.benchmarks.postgresql.capture [ROWS] [--rounds N]

One statement for each row, 100 of them in a transaction, over one connection whose process alone is
looked at. A table without triggers and one with take turns. *Filtered*: updates that no observer
wants, by a column that none looks at; *same*: updates that change nothing; *captured*: every row is
written with all its old values.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import psutil
import psycopg

from tests.end_to_end.support import FQLC
from tests.servers import postgresql

COLUMNS = ("email", "note", "street", "city", "country", "phone", "carrier")
SOURCE = """
entity Order from "orders" {{ id: Int @key status: String total: Decimal {} }}
observer paid {{
  on: Order.update
  when: status.changed_to("paid")
  webhook tell {{ url: "https://x.example/" }}
}}
{}
"""
PLACED = """
observer placed { on: [Order.insert, Order.delete] webhook say { url: "https://x.example/" } }
"""
TABLE = f"""CREATE TABLE orders (id bigint PRIMARY KEY, status text, total numeric,
  {", ".join(f"{name} text" for name in COLUMNS)})"""
TEXTS = ", ".join("'some words'" for _ in COLUMNS)
STATEMENTS = {
    "insert": f"INSERT INTO orders VALUES (%(id)s, 'new', 10.00, {TEXTS})",
    "update, same": "UPDATE orders SET status = status WHERE id = %(id)s",
    "update, filtered": "UPDATE orders SET note = note || '.' WHERE id = %(id)s",
    "update, captured": "UPDATE orders SET status = 'paid' WHERE id = %(id)s",
    "delete": "DELETE FROM orders WHERE id = %(id)s",
}
SETTINGS = '[project]\nname = "bench"\n[sources.shop]\nkind = "postgresql"\nurl = "{}"\n'


def install(folder: Path, url: str) -> None:
    """The triggers of a plan that watches the table."""
    fields = " ".join(f"{name}: String" for name in COLUMNS)
    (folder / "shop.fql").write_text(SOURCE.format(fields, PLACED))
    (folder / "fql.toml").write_text(SETTINGS.format(url))
    command = [str(FQLC), "capture", "install", "shop.fql"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def spent(connection: psycopg.Connection, statement: str, rows: int) -> float:
    """Microseconds of the server's process for a row."""
    process = psutil.Process(connection.info.backend_pid)
    before = sum(process.cpu_times()[:2])
    for first in range(0, rows, 100):
        with connection.transaction():
            for number in range(first, first + 100):
                connection.execute(statement.encode(), {"id": number})
    return float(sum(process.cpu_times()[:2]) - before) / rows * 1e6


def main(arguments: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", type=int, nargs="?", default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args(arguments)
    found: dict[tuple[str, bool], list[float]] = defaultdict(list)
    with (
        tempfile.TemporaryDirectory() as name,
        postgresql.running({"fsync": "on", "shared_buffers": "128MB"}, on_disk=True) as server,
        server.database() as plain, server.database() as watched,
        psycopg.connect(plain, autocommit=True) as one,
        psycopg.connect(watched, autocommit=True) as two,
    ):  # fmt: skip
        for connection in (one, two):
            connection.prepare_threshold = 1
            connection.execute(TABLE.encode())
        install(Path(name), watched)
        for _ in range(given.rounds):
            for what, statement in STATEMENTS.items():
                found[what, False].append(spent(one, statement, given.rows))
                found[what, True].append(spent(two, statement, given.rows))
            two.execute("TRUNCATE fql_bench.outbox")
    print(f"load {os.getloadavg()[0]:.1f}; us of the server's CPU for a row, median (least)")
    print("                         plain         with capture      more")
    for what in STATEMENTS:
        before, after = sorted(found[what, False]), sorted(found[what, True])
        more = statistics.median(after) - statistics.median(before)
        cells = [f"{statistics.median(one):.0f} ({one[0]:.0f})" for one in (before, after)]
        print(f"{what:18}{cells[0]:>14}{cells[1]:>20}{more:>10.0f}")


if __name__ == "__main__":
    main(sys.argv[1:])
