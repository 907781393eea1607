"""The shop of the demo: its tables, its `.fql`, and the clients that change its rows.

python -m fql.cli.demo.shop DATABASE FIRST COUNT     one client: COUNT orders from id FIRST on
"""

from __future__ import annotations

import random
import sqlite3
import sys
from importlib import resources
from pathlib import Path

TABLES = """
PRAGMA journal_mode = WAL;
CREATE TABLE orders (
  id INTEGER PRIMARY KEY,
  customer TEXT NOT NULL,
  country TEXT NOT NULL,
  status TEXT NOT NULL,
  total NUMERIC NOT NULL,
  gift BOOLEAN NOT NULL DEFAULT 0
);
"""

WRITTEN_URL = "http://127.0.0.1:9080"
"""What `demo_files/shop.fql` says; the receiver of a demo takes a free port instead."""

INSERT = (
    "INSERT INTO orders (id, customer, country, status, total, gift)"
    " VALUES (?, ?, ?, 'pending', ?, ?)"
)
REPLACE = INSERT.replace("INSERT", "REPLACE").replace("pending", "shipped")
UPDATE = "UPDATE orders SET status = ? WHERE id = ?"

COUNTRIES = ("US", "CA", "DE", "FR")


def write_shop(folder: Path, url: str) -> None:
    """The project's files and an empty database."""
    files = resources.files("fql.cli") / "demo_files"
    source = (files / "shop.fql.txt").read_text("utf-8").replace(WRITTEN_URL, url)
    (folder / "shop.fql").write_text(source, "utf-8")
    (folder / "fql.toml").write_text((files / "fql.toml").read_text("utf-8"), "utf-8")
    connection = sqlite3.connect(folder / "shop.db")
    connection.executescript(TABLES)
    connection.close()


def expected_paths(database: Path) -> set[str]:
    """What the receiver must have got, read from the rows themselves and not through fql."""
    connection = sqlite3.connect(database)
    rows = connection.execute(
        "SELECT id, country FROM orders WHERE status = 'shipped' AND total > 100"
    ).fetchall()
    connection.close()
    paths = {f"/{action}/{id_}" for id_, _ in rows for action in ("stock", "books")}
    return paths | {f"/crm/{id_}" for id_, country in rows if country in {"US", "CA"}}


def change_rows(database: str, first: int, count: int) -> None:
    """One client: places, approves and ships orders; each change is a transaction of its own.

    Some orders are rolled back, one in ten is never shipped, and some are put in by REPLACE.
    """
    chance = random.Random(first)  # noqa: S311  (a story, no secret)
    connection = sqlite3.connect(database, timeout=30, isolation_level=None)
    connection.execute("PRAGMA synchronous = NORMAL")
    for id_ in range(first, first + count):
        _one_order(connection, chance, id_)
    connection.close()


def _one_order(connection: sqlite3.Connection, chance: random.Random, id_: int) -> None:
    total = chance.randint(1_000, 50_000) / 100
    row = (id_, f"customer {id_}", chance.choice(COUNTRIES), total, chance.random() < 0.2)
    if chance.random() < 0.05:
        connection.execute("BEGIN")
        connection.execute(INSERT, row)
        connection.execute(UPDATE, ("shipped", id_))
        connection.execute("ROLLBACK")
    connection.execute(INSERT, row)
    connection.execute(UPDATE, ("approved", id_))
    if chance.random() < 0.1:
        return
    if chance.random() < 0.1:
        connection.execute(REPLACE, row)
    else:
        connection.execute(UPDATE, ("shipped", id_))


if __name__ == "__main__":
    change_rows(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
