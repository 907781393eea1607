"""How often a transaction of an application without a busy timeout fails: `database is locked`.

    python -m tests.benchmarks.sqlite.one_writer [TRANSACTIONS] [--journal wal|delete] [--immediate]

One writer does BEGIN, SELECT, INSERT, UPDATE, COMMIT, as Django's `atomic()` and SQLAlchemy do, as
fast as it can: without capture, with triggers, and with triggers and `fqlc run`. The third number
must not be above the second.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from fql.testing import MockWebhookServer

SOURCE = """
entity Order from "orders" { id: Int @key status: String }
endpoint shop { url: "%s" concurrency: 64 }
observer placed { on: Order.insert webhook tell { endpoint: shop path: "/placed" body: { id } } }
observer paid {
  on: Order.update
  when: status.changed_to("paid")
  webhook tell { endpoint: shop path: "/paid" body: { id } }
}
"""
SETTINGS = """
[egress]
allow = ["127.0.0.1/32"]
[sources.shop]
kind = "sqlite"
database = "shop.db"
"""
CAPTURES = ("none", "triggers", "triggers and run")


class Counted(NamedTuple):
    """Transactions that were committed and that failed, the longest one, and rows left over."""

    committed: int
    failed: int
    seconds: float
    longest: float
    most_rows: int


def fqlc(folder: Path, *arguments: str) -> list[str]:
    """The command line of a command."""
    return [sys.executable, "-m", "fqlc", *arguments]


def prepare(folder: Path, url: str, journal: str, *, capture: bool) -> Path:
    """Project and database."""
    (folder / "shop.fql").write_text(SOURCE % url)
    (folder / "fql.toml").write_text(SETTINGS)
    path = folder / "shop.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA journal_mode = {journal}")
    connection.execute("CREATE TABLE orders(id INTEGER PRIMARY KEY, status TEXT)")
    connection.close()
    if capture:
        subprocess.run(fqlc(folder, "capture", "install", "shop.fql"), cwd=folder, check=True,
                       stderr=subprocess.DEVNULL)  # fmt: skip
    return path


def write(path: Path, transactions: int, *, immediate: bool) -> Counted:
    """One writer that waits for nobody."""
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    begin = "BEGIN IMMEDIATE" if immediate else "BEGIN"
    failed, longest, began, most = 0, 0.0, time.perf_counter(), 0
    for number in range(transactions):
        started = time.perf_counter()
        try:
            connection.execute(begin)
            connection.execute("SELECT max(id) FROM orders").fetchone()
            connection.execute("INSERT INTO orders VALUES(?, 'new')", (number,))
            connection.execute("UPDATE orders SET status = 'paid' WHERE id = ?", (number,))
            connection.execute("COMMIT")
        except sqlite3.OperationalError:
            failed += 1
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        longest = max(longest, time.perf_counter() - started)
        if number % 1000 == 0:
            most = max(most, rows(connection))
    seconds = time.perf_counter() - began
    connection.close()
    return Counted(transactions - failed, failed, seconds, longest, most)


def rows(connection: sqlite3.Connection) -> int:
    """Rows in the outbox, if there is one."""
    try:
        return int(connection.execute("SELECT count(*) FROM fql_main_outbox").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def measure(capture: str, transactions: int, journal: str, *, immediate: bool) -> Counted:
    """One row of the table."""
    with tempfile.TemporaryDirectory() as name, MockWebhookServer() as server:
        folder = Path(name)
        path = prepare(folder, server.url, journal, capture=capture != "none")
        if capture != "triggers and run":
            return write(path, transactions, immediate=immediate)
        with (folder / "run.log").open("wb") as log:
            running = subprocess.Popen(fqlc(folder, "run", "shop.fql"), cwd=folder, env=os.environ,
                                       stdout=log, stderr=log)  # fmt: skip
        try:
            while "ready" not in (folder / "run.log").read_text():
                time.sleep(0.05)
            return write(path, transactions, immediate=immediate)
        finally:
            running.terminate()
            running.wait()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("transactions", nargs="?", type=int, default=100_000)
    parser.add_argument("--journal", choices=["wal", "delete"], default="wal")
    parser.add_argument("--immediate", action="store_true")
    given = parser.parse_args()
    for capture in CAPTURES:
        found = measure(capture, given.transactions, given.journal, immediate=given.immediate)
        print(
            f"{capture:17} {found.committed:7,} committed, {found.failed:5,} failed, in"
            f" {found.seconds:.1f} s; longest {found.longest * 1000:.0f} ms, at most"
            f" {found.most_rows:,} rows in the outbox",
            flush=True,
        )


if __name__ == "__main__":
    main()
